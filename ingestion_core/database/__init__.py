"""Connections, and the migrations of our own schemas. The product's tables are never migrated."""
