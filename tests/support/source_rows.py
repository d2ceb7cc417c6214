"""A source's row as its gate keeps it: looked at, and its time let pass."""

from typing import Any

import pytest

from ingestion_core.errors import SourceClosed
from ingestion_core.tasks.app import App
from ingestion_core.work.gate import Gate
from tests.support.work import Row, pass_time, row, seconds_until

SOURCE = "openf1"


class Sleeper:
    """Sleeping as the tables see it: no time passes but theirs."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        pass_time(self.app, seconds)


def state(app: App) -> Row:
    return row(app, "SELECT * FROM ingest.sources WHERE source = %s", SOURCE)


def closed(app: App, gate: Gate) -> tuple[Any, ...]:
    """Why the gate is closed, and for how many seconds."""
    with pytest.raises(SourceClosed) as refused:
        gate.enter()
    return refused.value.why, seconds_until(app, refused.value.until)
