"""The Third Turn: a wiki of race results, read page by page. One module per kind of page.

Each is pure: the bytes of a page in, a typed page out, or ``PageUnusable``. Results are read by
``race_results`` alone; nothing else here looks at who won, in which order or with how many points.
"""

SOURCE = "thethirdturn"
