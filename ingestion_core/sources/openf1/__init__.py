"""OpenF1 (openf1.org): Formula One since 2023. Facts for every oddity stand at its handling."""

SOURCE = "openf1"
SERIES = "formula-1"
#: Its first season; the years before belong to the archive.
FIRST_YEAR = 2023
