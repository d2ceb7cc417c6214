"""Sources: one package each, which knows its wire format and nothing of the database."""
