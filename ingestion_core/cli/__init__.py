"""The command line: ``python -m ingestion_core``."""
