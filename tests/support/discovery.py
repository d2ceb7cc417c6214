"""A season of five meetings around today, what a tick of the timer asks for, and its items."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ingestion_core.tasks import discover
from ingestion_core.tasks.app import App
from local.replay.sample import load_sample
from local.replay.server import ReplayServer
from tests.support.drain import deliver, letters
from tests.support.work import execute, rows

SAMPLE = load_sample()
#: Five meetings of the sample; their entries are real, their dates are the test's.
OLD, LAST, NOW, NEXT, FAR = (str(row["meeting_key"]) for row in SAMPLE.of("meetings")[1:6])
#: In days from now: when each begins. None of their sessions is live.
WHEN = {OLD: -40.0, LAST: -8.0, NOW: -1.0, NEXT: 9.0, FAR: 60.0}


def serve(replay: ReplayServer, when: Mapping[str, float], year: int | None = None) -> None:
    """Serve these meetings: practice on the first day, the race two days later."""
    now = datetime.now(UTC)
    tables: dict[str, list[dict[str, Any]]] = {"meetings": [], "sessions": [], "drivers": []}
    for key, days in when.items():
        start = now + timedelta(days=days)
        common = {"year": year or now.year, "gmt_offset": "00:00:00"}
        (listed,) = (one for one in SAMPLE.of("meetings") if str(one["meeting_key"]) == key)
        end = start + timedelta(days=2, hours=2)
        tables["meetings"].append({**listed, **common, **times(start, end)})
        sessions = [one for one in SAMPLE.of("sessions") if str(one["meeting_key"]) == key]
        for one, begins in ((sessions[0], start), (sessions[-1], start + timedelta(days=2))):
            tables["sessions"].append(
                {**one, **common, **times(begins, begins + timedelta(hours=2))}
            )
            tables["drivers"] += [
                driver
                for driver in SAMPLE.of("drivers")
                if driver["session_key"] == one["session_key"]
            ]
    for name, found in tables.items():
        replay.rows.replace(name, found)


def times(start: datetime, end: datetime) -> dict[str, str]:
    return {
        "date_start": start.isoformat(timespec="seconds"),
        "date_end": end.isoformat(timespec="seconds"),
    }


def tick(app: App) -> set[str]:
    """A tick that looks, and the years it asks for; the meetings that became items."""
    execute(app, "UPDATE ingest.sources SET next_discovery_at = 'epoch'")
    discover.tick(app)
    for task, message in letters(app):
        if task == discover.TASK:
            deliver(app, task, message)
    return open_meetings(app)


def open_meetings(app: App) -> set[str]:
    return {
        one["key"]
        for one in rows(
            app,
            "SELECT key FROM ingest.items"
            " WHERE task = 'sync_meeting' AND state IN ('waiting', 'sent')",
        )
    }
