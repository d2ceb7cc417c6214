"""Log records to standard error, one line each."""

import logging
import sys
from collections.abc import Mapping
from typing import Final

_LEVELS: Final[Mapping[str, int]] = {
    "TRACE": logging.DEBUG,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "INFORMATION": logging.INFO,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "CRITICAL": logging.CRITICAL,
    "NONE": logging.CRITICAL + 1,
}

# They log every request, urllib3 even the connections it gives up during an outage.
_CHATTY: Final[Mapping[str, int]] = {
    "azure": logging.WARNING,
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "urllib3": logging.ERROR,
    "uvicorn": logging.WARNING,
}


class _OneLine(logging.Formatter):
    """Tracebacks and texts of several lines are folded, so that a line is a record."""

    def format(self, record: logging.LogRecord) -> str:
        return " | ".join(part for part in super().format(record).splitlines() if part.strip())


def chosen_level(default_level: str, environment: Mapping[str, str]) -> int:
    """LOG_LEVEL in any spelling, or host.json's default level without it; logging's number."""
    return _LEVELS.get((environment.get("LOG_LEVEL") or default_level).upper(), logging.INFO)


def configure_logging(default_level: str, environment: Mapping[str, str]) -> None:
    """Root logger to standard error at the chosen level, the chatty ones no lower than theirs."""
    level = chosen_level(default_level, environment)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, least in _CHATTY.items():
        logging.getLogger(name).setLevel(max(level, least))
