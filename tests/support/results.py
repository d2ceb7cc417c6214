"""Results under test: the app that opted in, a short season, and who got which row."""

from typing import Any

from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from local.replay.rows import KEYS
from local.replay.server import ReplayServer
from tests.support.apps import app_with
from tests.support.drain import drain
from tests.support.product import rows

BAHRAIN, QUALIFYING, RACE = 1229, 9468, 9472
SPA, SPA_RACE = 1242, 9574

#: What the calendar, the championship and the race engineers would tell as well.
SPOILING = ("session_result", "starting_grid", "position", "championship", "intervals", "laps")

_RESULTS = """
SELECT s."OpenF1SessionKey", x."CarNumber", d."Slug", to_jsonb(x), x.xmin::text
FROM "Results" x
JOIN "Sessions" s ON s."Id" = x."SessionId"
JOIN "Entrants" e ON e."Id" = x."EntrantId" AND e."RoundId" = s."RoundId"
JOIN "Drivers" d ON d."Id" = e."DriverId"
"""

Found = dict[tuple[int, str], dict[str, Any]]


def opted(database: str, azurite: str, replay: ReplayServer, **settings: object) -> App:
    """The app with results opted into."""
    chosen = {"openf1_base_url": replay.url, "results_enabled": True}
    return app_with(database, azurite, **(chosen | settings))


def only(replay: ReplayServer, *meetings: int) -> None:
    """Serve these meetings alone: quick to read again and again."""
    for name in KEYS:
        kept = [row for row in replay.rows.of(name) if row["meeting_key"] in meetings]
        replay.rows.replace(name, kept)


def load(app: App, year: int = 2024) -> dict[str, Any]:
    """Backfill a year with its results to its end."""
    run = backfill.backfill(app, [year], {"years": year}, include_results=True)
    drain(app)
    return backfill.show_run(app, run)


def reload(app: App, meeting: int) -> dict[str, Any]:
    """Read a meeting again, with its results; the item that loaded them."""
    run = backfill.meeting(app, meeting, include_results=True)
    drain(app)
    items = backfill.show_run(app, run)["items"]
    found: dict[str, Any] = next(item for item in items if item["task"] == "load_results")
    return found


def results(database: str) -> Found:
    """Every result by session key and car: its columns, `driver` (slug) and `xmin`."""
    found = rows(database, _RESULTS)
    by_car = {
        (session, car): {**columns, "driver": driver, "xmin": xmin}
        for session, car, driver, columns, xmin in found
    }
    assert len(by_car) == len(found) == rows(database, 'SELECT count(*) FROM "Results"')[0][0]
    return by_car


def change(replay: ReplayServer, car: int, session: int = RACE, **fields: object) -> None:
    """Change a car's result upstream."""
    where = {"session_key": session, "driver_number": car}
    assert replay.rows.change("session_result", where, fields) == 1


def rewritten(before: Found, after: Found) -> set[tuple[int, str]]:
    """The rows of both that were written to in between, even if with the same values."""
    return {
        key for key in before.keys() & after.keys() if before[key]["xmin"] != after[key]["xmin"]
    }


def quarantined(database: str) -> list[tuple[Any, ...]]:
    """Session, facet, row and reason of what was set apart."""
    return rows(
        database,
        "SELECT session, facet, row_key, reason FROM spoilers.quarantine ORDER BY 1, 2, 3, 4",
    )


def history(database: str, session: int, facet: str = "classification") -> list[dict[str, Any]]:
    """A session's sets, the oldest first."""
    return [
        row[0]
        for row in rows(
            database,
            'SELECT to_jsonb(c) FROM spoilers.classifications c JOIN "Sessions" s'
            ' ON s."Id" = c.session WHERE s."OpenF1SessionKey" = %s AND c.facet = %s'
            " ORDER BY c.classification",
            session,
            facet,
        )
    ]


def spoiling_requests(replay: ReplayServer) -> list[str]:
    """The paths asked for that could tell a result."""
    return [one.path for one in replay.requests if any(word in one.path for word in SPOILING)]
