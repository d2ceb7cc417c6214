"""The status page: its template, style and script, and the words that it is filled with.

A room of the doors: what a state looks like is no business of whoever finds it out.
"""
