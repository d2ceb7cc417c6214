"""The product's tables as its API's migrations leave them, for a database that has none."""
