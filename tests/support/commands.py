"""The settings of a command that runs in the test's own process."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ingestion_core.settings import names, settings


@contextmanager
def set_only(monkeypatch: pytest.MonkeyPatch, chosen: dict[str, str]) -> Iterator[None]:
    """These settings and no other; read anew, and forgotten in the end."""
    for name in names():
        monkeypatch.delenv(name, raising=False)
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    settings.cache_clear()
