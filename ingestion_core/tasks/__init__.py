"""Tasks: what the functions do, each a short story told in terms of sources, catalog and work."""
