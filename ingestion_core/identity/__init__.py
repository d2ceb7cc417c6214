"""Who is who: hand-checked tables, folded names, ids, and pure matching."""
