"""``clean-racing`` of a season, or of results alone; and the command that asks for it."""

import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from ingestion_core.catalog import writer
from ingestion_core.cli.main import main
from ingestion_core.database import connection
from ingestion_core.tasks.app import App
from ingestion_core.tasks.clean_racing import clean_racing
from local.replay.server import ReplayServer
from tests.support import product, users
from tests.support.cleaning import (
    all_same,
    counts,
    everything,
    logged_and_listed,
    same,
)
from tests.support.commands import on, set_only
from tests.support.results import load


def test_one_season_goes_and_the_others_stay(app: App, database: str, replay: ReplayServer) -> None:
    """With those only it names; of another year nothing is touched, not even a version of a row."""
    before = everything(database)
    other = "2019"
    with psycopg.connect(database) as db:
        [(series,)] = db.execute('SELECT "Id" FROM "Series"').fetchall()
        [(driver, team)] = db.execute(
            'SELECT "DriverId", "TeamId" FROM "Entrants" ORDER BY "Id" LIMIT 1'
        ).fetchall()
        [(circuit,)] = db.execute('SELECT "Id" FROM "Circuits" ORDER BY "Id" LIMIT 1').fetchall()
        db.execute('INSERT INTO "Seasons" VALUES (%s, %s, %s)', (UUID(int=1), series, int(other)))
        db.execute(
            """INSERT INTO "Rounds" ("Id", "SeasonId", "CircuitId", "Name", "Slug", "RoundNumber",
                   "DateStart", "DateEnd")
               VALUES (%s, %s, %s, 'Other', '2019-other', 1, '2019-05-01', '2019-05-03')""",
            (UUID(int=2), UUID(int=1), circuit),
        )
        db.execute(
            'INSERT INTO "Sessions" VALUES (%s, %s, 6, now(), 2, NULL)', (UUID(int=3), UUID(int=2))
        )
        db.execute(
            'INSERT INTO "Entrants" VALUES (%s, %s, %s, %s, 0)',
            (UUID(int=4), UUID(int=2), driver, team),
        )
        db.execute(
            """INSERT INTO "Drivers" ("Id", "FirstName", "LastName", "Slug")
               VALUES (%s, 'No', 'Body', 'no-body')""",
            (UUID(int=5),),
        )
    clean_racing(app, year=2024)
    found = everything(database)
    left = counts(found)
    for table in ("Series", "Seasons", "Circuits", "Teams", "Rounds", "Sessions", "Entrants"):
        assert left[table] == 1, table
    assert (left["Drivers"], left["Results"]) == (2, 0)
    assert {row["Slug"] for row in found["Drivers"]} >= {"no-body"}
    with psycopg.connect(database) as db:
        for table, id_ in (("Sessions", 3), ("Rounds", 2), ("Seasons", 1), ("Drivers", 5)):
            statement = sql.SQL('DELETE FROM {} WHERE "Id" = %s').format(sql.Identifier(table))
            if table == "Sessions":
                db.execute('DELETE FROM "Entrants"')
            db.execute(statement, (UUID(int=id_),))
    load(app)
    assert all_same(everything(database), before), same(everything(database), before)


def test_a_year_without_anything_changes_nothing(app: App, database: str) -> None:
    """Nor do the years around it."""
    before = everything(database)
    done = clean_racing(app, year=1999)
    assert not any(done.gone.values())
    assert all_same(everything(database), before)


def test_results_alone_can_go_even_those_of_logged_sessions(app: App, database: str) -> None:
    """Everything else stays as it is; loading them again brings back the same rows."""
    users.fill(database, *logged_and_listed(database))
    mine, before = users.kept(database), everything(database)
    done = clean_racing(app, results_only=True)
    found = everything(database)
    assert done.gone == {"result": len(before["Results"])}
    assert found["Results"] == []
    assert all_same({**found, "Results": before["Results"]}, before)
    assert users.kept(database) == mine
    sets = "SELECT count(*) FROM spoilers.classifications"
    assert product.rows(database, sets) == [(0,)]
    load(app)
    assert all_same(everything(database), before), same(everything(database), before)


_SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_sleep(60); RETURN OLD; END $$;
CREATE TRIGGER slow BEFORE DELETE ON "Rounds" FOR EACH ROW EXECUTE FUNCTION slow()
"""


def told(*arguments: str) -> int:
    """A command's exit code, misuse among them."""
    try:
        return main(["clean-racing", *arguments])
    except SystemExit as left:
        return int(left.code or 0)


@pytest.fixture
def environment(
    monkeypatch: pytest.MonkeyPatch, database: str, azurite: str, app: App
) -> Iterator[pytest.MonkeyPatch]:
    """The command line's settings, on the filled database."""
    with set_only(monkeypatch, on(database, azurite, RESULTS_ENABLED="true")):
        yield monkeypatch


@pytest.mark.usefixtures("environment")
def test_where_nobody_can_be_asked_it_refuses(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal and without --yes: misuse, and nothing is done."""
    assert told() == 2
    assert "--yes" in capsys.readouterr().err
    assert len(product.dump(database)["Rounds"]) == 3


def test_it_shows_what_it_would_do_and_asks(
    environment: pytest.MonkeyPatch, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No is no; yes takes out what was shown."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    environment.setattr(sys, "stdin", Terminal("n\n"))
    assert told() == 1
    shown = capsys.readouterr()
    assert re.search(r"rounds +would be gone +3, kept +0", shown.out)
    assert "take this out? [y/N]" in shown.err
    assert len(product.dump(database)["Rounds"]) == 3
    environment.setattr(sys, "stdin", Terminal("y\n"))
    assert told() == 0
    assert re.search(r"rounds +gone +3, kept +0", capsys.readouterr().out)
    assert product.dump(database)["Rounds"] == []


@pytest.mark.usefixtures("environment")
def test_it_tells_machines_as_well(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One object, in counts alone."""
    assert told("--dry-run", "--json", "--year", "2024") == 0
    found = capsys.readouterr().out
    assert '"dry_run": true' in found
    assert '"round": 3' in found
    assert told("--yes", "--results-only", "--json") == 0
    assert '"kept": {"result": 0}' in capsys.readouterr().out
    assert told("--year", "20") == told("--json") == 2


Trouble = Callable[[pytest.MonkeyPatch, str], AbstractContextManager[None]]


@contextmanager
def somebody_else_writes(environment: pytest.MonkeyPatch, database: str) -> Iterator[None]:
    """A season's meetings, for longer than anybody waits."""
    environment.setattr(connection, "WAIT", 1.0)
    with psycopg.connect(database) as writing:
        writer.lock_season(writing, "formula-1", 2024)
        yield


@contextmanager
def busy(environment: pytest.MonkeyPatch, database: str) -> Iterator[None]:
    """Whatever keeps the server at a statement."""
    environment.setenv("DATABASE_TIMEOUT_SECONDS", "1")
    with psycopg.connect(database) as db:
        db.execute(_SLOW)
    yield


@contextmanager
def only_reading(environment: pytest.MonkeyPatch, database: str) -> Iterator[None]:
    """As a database is for a moment when it moves to another machine."""
    with psycopg.connect(database, autocommit=True) as db:
        name = sql.Identifier(db.info.dbname)
        db.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
    yield


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (
            somebody_else_writes,
            "somebody else is writing what this needs: try again in a moment\n",
        ),
        (busy, "a statement took longer than DATABASE_TIMEOUT_SECONDS allows\n"),
        (only_reading, "the database takes no changes for now\n"),
    ],
)
def test_a_database_that_is_there_and_does_not_do_it_says_why(
    trouble: Trouble,
    said: str,
    environment: pytest.MonkeyPatch,
    database: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Not that it does not answer; and all is as it was."""
    with trouble(environment, database):
        assert told("--yes") == 1
    assert capsys.readouterr().err == said
    assert len(product.dump(database)["Rounds"]) == 3
