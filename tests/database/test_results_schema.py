"""Schema spoilers of a database that an earlier version wrote into."""

from importlib import resources
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from ingestion_core.database.prepare import migrate
from ingestion_core.racing.kinds import SessionType
from ingestion_core.results import schema
from ingestion_core.results.sessions import RoundSession
from ingestion_core.results.sets import read_latest

SESSION, OTHER = UUID(int=1), UUID(int=2)


def test_what_was_written_by_result_is_remembered_by_session(database: str) -> None:
    """Which rows are ours, what is kept of each, and every line."""
    results = sorted(uuid4() for _ in range(3))
    kept = {"Points": 4.5, "LapsLed": 0}
    lines = {"car": ["1", "44"], "position": [2, 1], "status": [0, 0]}
    with psycopg.connect(database, autocommit=True) as db:
        migrate(db)
        _first_version(db)
        for result, session, what in (
            (results[1], SESSION, {}),
            (results[0], SESSION, kept),
            (results[2], OTHER, {}),
        ):
            db.execute(
                "INSERT INTO spoilers.written (result, session, kept) VALUES (%s, %s, %s)",
                (result, session, Jsonb(what)),
            )
        db.execute(
            "INSERT INTO spoilers.classifications (source, session, facet, observed_at, digest,"
            " lines) VALUES ('openf1', %s, 'classification', now(), 'd', %s)",
            (SESSION, Jsonb(lines)),
        )
        schema.prepare(db)
        found = db.execute(
            "SELECT session, results, kept, fastest FROM spoilers.written ORDER BY session"
        ).fetchall()
        assert found == [
            (SESSION, results[:2], {str(results[0]): kept}, False),
            (OTHER, results[2:], {}, False),
        ]
        session = RoundSession(str(SESSION), str(SESSION), SessionType.RACE, ())
        (latest,) = read_latest(db, [session]).values()
        assert [(line.car, line.position) for line in latest.lines] == [("1", 2), ("44", 1)]


def _first_version(db: psycopg.Connection) -> None:
    """As the first migration left it."""
    files = resources.files(schema.SPOILERS.package)
    db.execute("CREATE SCHEMA spoilers")
    db.execute(
        "CREATE TABLE spoilers.migrations"
        " (name text PRIMARY KEY, run_at timestamptz NOT NULL DEFAULT now())"
    )
    name = "0001_spoilers.sql"
    db.execute((files / name).read_bytes())
    db.execute("INSERT INTO spoilers.migrations (name) VALUES (%s)", (name,))
