"""Names that mean something to somebody else: stored as they are, or set apart, and no more."""

from contextlib import closing

from local.replay.server import ReplayServer
from tests.faults.conftest import Fresh
from tests.faults.seasons import UNLIMITED, app_on, finish, short
from tests.support.product import dump, rows

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
