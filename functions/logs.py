"""Logging, as far as it is ours: the host configures the rest."""

import logging


def quieten() -> None:
    """httpx and the Azure SDK log every request at INFO: thousands of lines a backfill."""
    for name in ("httpx", "httpcore", "azure.core", "azure.storage", "azure.identity"):
        logging.getLogger(name).setLevel(logging.WARNING)
