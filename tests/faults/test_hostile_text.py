"""Names that mean something to somebody else: stored as they are, or set apart, and no more."""

import json
from collections.abc import Sequence
from contextlib import closing

import pytest
from starlette.responses import Response

from ingestion_core.tasks import backfill, discover
from ingestion_core.tasks.prepared import prepare
from local.replay import answers
from local.replay.rows import Row
from local.replay.server import ReplayServer
from tests.faults.conftest import Fresh
from tests.faults.seasons import UNLIMITED, YEAR, app_on, finish, short
from tests.support import canaries
from tests.support.drain import deliver, letters
from tests.support.product import dump, rows
from tests.support.work import enqueue, item, send

STORED = [
    'O\'Brien"; DROP TABLE "Drivers"; --',
    "100%s %(name)s {} {0.__class__}",
    "=HYPERLINK(1,2)",
    "Ünïcode 🏁 名前",
    "<script>alert(1)</script>",
    "a\\'b\\\\",
]
#: Turned from right to left, endless, and with what no text of the database takes.
SET_APART = ["\u202eedisni\u202c", "x" * 10_000, "Nul\x00Nul"]

_SCHEMA = (
    "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns"
    " WHERE table_schema IN ('public', 'ingest') ORDER BY 1, 2, 3"
)
_REFUSED = (
    "SELECT DISTINCT substring(row_key FROM 'driver_number=(\\d+)')::int, reason"
    " FROM ingest.quarantine ORDER BY 1"
)


def test_hostile_names_are_stored_verbatim_or_set_apart(fresh: Fresh, azurite: str) -> None:
    """Drivers' last names; the sessions, the other drivers and the schema are as ever."""
    with fresh() as database, ReplayServer(limits=UNLIMITED) as replay:
        short(replay)
        schema = rows(database, _SCHEMA)
        numbers = sorted({one["driver_number"] for one in replay.rows.of("drivers")})
        cars = dict(zip([*SET_APART, *STORED], numbers, strict=False))
        for name, car in cars.items():
            said = {"first_name": "A", "last_name": name, "full_name": f"A {name}"}
            assert replay.rows.change("drivers", {"driver_number": car}, said)
        with closing(app_on(database, azurite, replay)) as app:
            finish(app)
        assert rows(database, _SCHEMA) == schema
        found = dump(database)
        names = [one["LastName"] for one in found["Drivers"]]
        assert set(STORED) <= set(names)
        assert len(names) == len(numbers) - len(SET_APART)
        assert rows(database, _REFUSED) == [
            (car, "unreadable: full_name, last_name")
            for car in sorted(cars[name] for name in SET_APART)
        ]
        assert len(found["Sessions"]) == 13
        assert rows(database, "SELECT DISTINCT state FROM ingest.items") == [("done",)]


Said = list[tuple[str, dict[str, int], str, str]]
LONE = "Lone \ud800 surrogate"
#: One row each, of another car, session, meeting: what it is, which row, the field, what is in it.
HALF: Said = [
    ("drivers", {"driver_number": 4}, "last_name", LONE),
    ("drivers", {"driver_number": 10}, "team_name", LONE),
    ("drivers", {"driver_number": 11}, "headshot_url", f"https://example.org/{LONE[5]}.png"),
    ("drivers", {"driver_number": 14}, "name_acronym", LONE[5:6]),
    ("drivers", {"driver_number": 16}, "country_code", LONE[5:6]),
    ("sessions", {"session_key": 9463}, "session_name", LONE),
    ("sessions", {"session_key": 9464}, "circuit_short_name", LONE),
    ("meetings", {"meeting_key": 1230}, "meeting_name", LONE),
    ("session_result", {"session_key": 9472, "driver_number": 20}, "gap_to_leader", LONE),
]
#: A date and a zone that no calendar reaches when the one is moved by the other.
FAR: Said = [
    ("meetings", {"meeting_key": 1230}, "date_start", "9999-12-31T23:59:59-14:00"),
    ("sessions", {"session_key": 9463}, "date_start", "0001-01-01T00:00:00+14:00"),
    ("sessions", {"session_key": 9464}, "date_end", "9999-12-31T23:59:59-14:00"),
    ("sessions", {"session_key": 9466}, "date_start", "1949-12-31T23:59:59+00:00"),
    ("sessions", {"session_key": 9467}, "gmt_offset", "99:00:00"),
]
FACETS = {"session_result": "classification"}
#: Of the two meetings that are left.
SESSIONS = {9462, 9463, 9464, 9465, 9466, 9467, 9468, 9472}
_APART = """
SELECT resource, substring(row_key FROM '\\d+$')::int, reason FROM ingest.quarantine
WHERE reason LIKE 'unreadable%'
UNION SELECT facet, substring(row_key FROM '\\d+$')::int, reason FROM spoilers.quarantine
WHERE reason LIKE 'unreadable%'
"""


def spoiled(monkeypatch: pytest.MonkeyPatch, said: Said) -> None:
    """Let rows of the answers say this: in ASCII, as whoever escapes all else writes a half
    character, and past the replay's own look at its rows."""

    def answered(found: Sequence[Row]) -> Response:
        if not found:
            return answers.nothing_found()
        changed = [dict(one) for one in found]
        for resource, where, field, text in said:
            for one in changed:
                if resource == kind(one) and where.items() <= one.items():
                    one[field] = text
        return Response(json.dumps(changed), media_type="application/json")

    monkeypatch.setattr(answers, "rows_found", answered)


def kind(row: Row) -> str:
    """Which collection a row is of."""
    for name, field in (
        ("session_result", "dnf"),
        ("drivers", "broadcast_name"),
        ("starting_grid", "lap_duration"),
        ("sessions", "session_key"),
    ):
        if field in row:
            return name
    return "meetings"


@pytest.mark.parametrize("said", [HALF, FAR], ids=["half a character", "beyond all years"])
def test_what_no_column_takes_is_set_apart_with_its_field_and_costs_no_neighbour(
    said: Said,
    database: str,
    azurite: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Half a character, a year beyond all of them: each row by name, whatever it is a row of."""
    with ReplayServer(limits=UNLIMITED) as replay:
        short(replay)
        spoiled(monkeypatch, said)
        with closing(app_on(database, azurite, replay)) as app:
            prepare(app)
            schema = rows(database, _SCHEMA)
            listed = backfill.backfill(app, [YEAR], {"years": YEAR}, include_results=True)
            finish(app)
            assert backfill.show_run(app, listed)["state"] == "done"
    assert rows(database, _SCHEMA) == schema
    assert set(rows(database, _APART)) == {
        *(
            (FACETS.get(resource, resource), [*where.values()][-1], f"unreadable: {field}")
            for resource, where, field, _ in said
        ),
        # That of every fault's season.
        ("classification", 997, "unreadable: gap_to_leader, position"),
    }
    found = dump(database)
    lost = {where["session_key"] for resource, where, _, _ in said if resource == "sessions"}
    assert {one["OpenF1SessionKey"] for one in found["Sessions"]} == SESSIONS - lost
    cars = 20 - sum(resource == "drivers" for resource, _, _, _ in said)
    assert (len(found["Drivers"]), len(found["Entrants"])) == (cars, 2 * cars)
    assert canaries.in_tables(database) == {}


@pytest.mark.parametrize("year", [9999, 1949, 0])
def test_a_year_beyond_all_of_them_is_empty_and_no_season(
    year: int, fresh: Fresh, azurite: str, replay: ReplayServer
) -> None:
    """Of an item; of a message that names another item, the key is not believed."""
    with fresh() as database, closing(app_on(database, azurite, replay)) as app:
        before = dump(database)
        [number] = enqueue(app, discover.wanted_year(year, discover.Scope()))
        deliver(app, discover.TASK, send(app, number))
        ended = item(app, number)
        assert (ended["state"], ended["outcome"]) == ("done", "empty")
        assert dump(database) == before
        task, message = letters(app)[0]
        deliver(app, task, message.model_copy(update={"key": str(year)}))
        ended = item(app, message.item)
        assert (ended["state"], ended["key"]) == ("done", message.key)
        assert [one["Year"] for one in dump(database)["Seasons"]] == [YEAR]
