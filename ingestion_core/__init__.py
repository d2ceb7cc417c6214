"""Parc Fermé ingestion: what happened on track, from its sources into the product's database.

Works without Azure Functions; ``functions/`` are the doors that call ``ingestion_core.tasks``.
"""
