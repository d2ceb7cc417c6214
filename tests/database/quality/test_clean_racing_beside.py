"""``clean-racing`` beside whoever else is at work: waited for, all or nothing, or only tried."""

from contextlib import closing
from typing import Any

import psycopg
import pytest
from psycopg import Connection

from ingestion_core.catalog import bookkeeping, writer
from ingestion_core.quality import clean
from ingestion_core.tasks import check_results, verify
from ingestion_core.tasks.app import App
from ingestion_core.tasks.clean_racing import clean_racing
from ingestion_core.work.items import Wanted, enqueue
from local.replay.server import ReplayServer
from tests.support import product, users
from tests.support.cleaning import all_same, everything, logged_and_listed, same, session
from tests.support.results import BAHRAIN, RACE, load, opted
from tests.support.waiting import waiting
from tests.support.work import at_once


def test_a_log_that_is_being_written_at_that_moment_is_waited_for(app: App, database: str) -> None:
    """Its session is held by the log's foreign key: it is there when the log is."""
    logged = session(database, RACE)
    with psycopg.connect(database) as user:
        user.execute(
            'INSERT INTO "AspNetUsers" ("Id", "CreatedAt") VALUES (gen_random_uuid(), now())'
        )
        user.execute(
            'INSERT INTO "Logs" ("Id", "UserId", "SessionId", "Liked", "LoggedAt", "IsAttended")'
            ' SELECT gen_random_uuid(), "Id", %s, true, now(), false FROM "AspNetUsers"',
            (logged,),
        )
        with waiting(database, clean_racing, app):
            user.commit()
    assert product.rows(database, 'SELECT "SessionId"::text FROM "Logs"') == [(logged,)]
    assert [row["Id"] for row in product.dump(database)["Sessions"]] == [logged]


def test_beside_a_backfill_that_is_under_way_nothing_breaks(
    app: App, database: str, azurite: str, replay: ReplayServer
) -> None:
    """Whichever comes first, what must hold does; and one more backfill brings all of it back."""
    users.fill(database, *logged_and_listed(database))
    mine, before = users.kept(database), everything(database)
    other = opted(database, azurite, replay)
    at_once(lambda: load(other), lambda: clean_racing(app))
    other.close()
    _, violations = verify.verify(app, 2024, 2024)
    assert [one.name for one in violations] == []
    assert [one.name for one in check_results.verify(app)] == []
    load(app)
    assert all_same(everything(database), before), same(everything(database), before)
    assert users.kept(database) == mine


@pytest.mark.parametrize("taken", ["season", "identity"])
def test_whoever_writes_is_waited_for(app: App, database: str, taken: str) -> None:
    """A season's meetings, or what seasons share: nothing goes before they are done."""
    with psycopg.connect(database) as writing:
        if taken == "season":
            writer.lock_season(writing, "formula-1", 2024)
        else:
            bookkeeping.lock_identity(writing)
        with waiting(database, clean_racing, app):
            assert len(product.dump(database)["Rounds"]) == 3
            writing.rollback()
    assert product.dump(database)["Rounds"] == []


def test_a_dry_run_counts_the_same_and_keeps_nothing(app: App, database: str) -> None:
    """Not even in our own tables."""
    users.fill(database, *logged_and_listed(database))
    ours = {schema: product.texts(database, schema) for schema in ("public", "ingest", "spoilers")}
    with closing(App(app.settings, keeps=False)) as rehearsing:
        would = clean_racing(rehearsing)
    assert all(product.texts(database, schema) == texts for schema, texts in ours.items()), (
        "something changed"
    )
    assert clean_racing(app) == would


def test_killed_in_the_middle_nothing_happened(
    app: App, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends the connection once sessions are gone: one transaction."""
    ours = {schema: product.texts(database, schema) for schema in ("public", "ingest", "spoilers")}

    def killed(db: Connection[Any], gone: Any) -> None:
        assert db.execute('SELECT count(*) FROM "Sessions"').fetchone() == (0,)
        db.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(clean.forgetting, "claims", killed)
    with pytest.raises(psycopg.OperationalError):
        clean_racing(app)
    assert all(product.texts(database, schema) == texts for schema, texts in ours.items()), (
        "something changed"
    )


def test_work_that_waits_is_cancelled(app: App, database: str) -> None:
    """Else it would bring back, at some moment, what was taken out; of a year, that year's."""
    wanted = [
        Wanted("openf1", "sync_meeting", str(BAHRAIN), 2),
        Wanted("openf1", "discover_year", "2023", 1),
        Wanted("ergast", "import_season", "2024", 0),
    ]
    with app.transaction() as db:
        enqueue(db, wanted)
    assert clean_racing(app, year=2024).cancelled == 2
    left = "SELECT key FROM ingest.items WHERE state = 'waiting'"
    assert product.rows(database, left) == [("2023",)]
    assert clean_racing(app).cancelled == 1
