"""A command that runs in the test's own process: its settings, and what it prints."""

import contextlib
import io
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ingestion_core.cli.main import main
from ingestion_core.settings import names, settings
from local.replay.server import ReplayServer


def on(
    database: str, azurite: str, replay: ReplayServer | None = None, **others: str
) -> dict[str, str]:
    """The settings of a command on these; of a replay it may ask as fast as it likes."""
    asked = {"OPENF1_BASE_URL": replay.url, "OPENF1_REQUESTS_PER_MINUTE": "6000"} if replay else {}
    return {"DATABASE_URL": database, "AzureWebJobsStorage": azurite, **asked, **others}


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


def told(*arguments: str) -> tuple[int, str, str]:
    """Exit code and what a command prints, which is kept from the test's own output."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(arguments)
        except SystemExit as left:
            code = int(left.code or 0)
    return code, out.getvalue(), err.getvalue()
