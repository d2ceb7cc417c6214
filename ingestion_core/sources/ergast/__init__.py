"""The Ergast archive: Formula One from 1950 on, one CSV per table or a MySQL dump.

Ergast itself ended with 2024; others publish newer sets in the same shape.
"""

SOURCE = "ergast"
SERIES = "formula-1"
FIRST_YEAR = 1950
