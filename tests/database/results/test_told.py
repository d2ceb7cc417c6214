"""What is told of results, and what is not: orders, errors, revisions, the command."""

import os
import re
import subprocess
import sys
import traceback

import psycopg
import pytest

from ingestion_core.results.errors import ResultsDatabaseError
from ingestion_core.tasks import backfill, load_results
from ingestion_core.tasks.app import App
from local.replay.server import ReplayServer
from tests.support.drain import drain
from tests.support.product import dump, rows
from tests.support.results import BAHRAIN, RACE, Found, change, load, reload, results


def test_entrants_stand_in_an_order_that_says_nothing(
    app: App, replay: ReplayServer, database: str
) -> None:
    """Neither ids nor the order of insertion follow the order of the answers."""
    load(app)
    first = dump(database)["Entrants"]
    stand = rows(database, 'SELECT "Id" FROM "Entrants" ORDER BY ctid')
    assert stand == sorted(stand)
    stand = rows(database, 'SELECT "Id" FROM "Results" ORDER BY ctid')
    assert stand == sorted(stand)
    replay.rows.replace("drivers", [*reversed(replay.rows.of("drivers"))])
    replay.rows.replace("session_result", [*reversed(replay.rows.of("session_result"))])
    with psycopg.connect(database) as db:
        db.execute(
            'TRUNCATE "Series", "Seasons", "Circuits", "Teams", "Drivers", "Rounds", "Sessions",'
            ' "Entrants", "Results", ingest.claims, ingest.entries, ingest.fetches,'
            " spoilers.classifications, spoilers.written CASCADE"
        )
    load(app)
    assert [one["Id"] for one in dump(database)["Entrants"]] == [one["Id"] for one in first]
    stand = rows(database, 'SELECT "Id" FROM "Entrants" ORDER BY ctid')
    assert stand == sorted(stand)


@pytest.mark.parametrize(
    "constraint",
    [
        'CHECK ("Points" <> 77)',
        # Refused only when the transaction commits.
        "TRIGGER",
    ],
)
def test_an_error_of_the_database_tells_state_and_constraint_and_nothing_else(
    app: App, replay: ReplayServer, database: str, loaded: Found, constraint: str
) -> None:
    """PostgreSQL prints the failing row: not in the error, its context, cause or traceback."""
    with psycopg.connect(database) as db:
        if constraint == "TRIGGER":
            db.execute(
                """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'no %', NEW USING ERRCODE = 'check_violation',
                    CONSTRAINT = 'no_canary'; END $$"""
            )
            db.execute(
                'CREATE CONSTRAINT TRIGGER no_canary AFTER UPDATE ON "Results"'
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        else:
            db.execute(f'ALTER TABLE "Results" ADD CONSTRAINT no_canary {constraint}'.encode())
    change(replay, 1, points=77, gap_to_leader=98765.4321)
    backfill.meeting(app, BAHRAIN, include_results=True)
    with pytest.raises(ResultsDatabaseError) as raised:
        drain(app)
    error = raised.value
    assert str(error) == "sqlstate 23514, constraint no_canary"
    assert (error.__context__, error.__cause__) == (None, None)
    assert error.__traceback__ is not None
    # From the first frame that is not this test's own: it knows the values itself.
    below = error.with_traceback(error.__traceback__.tb_next)
    told = "".join(traceback.TracebackException.from_exception(below, capture_locals=True).format())
    assert "ResultsDatabaseError" in told
    for value in ("98765", "77.0", "Failing row", "max-verstappen"):
        # On its own: a clock among the locals may say 15177.02.
        assert not re.search(rf"(?<!\d){re.escape(value)}", told), value
    assert results(database) == loaded


def test_revisions_tell_which_and_when_and_never_what(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """A session revised twice, and one that was not."""
    assert load_results.list_revisions(app, 2024) == []
    change(replay, 1, points=77, gap_to_leader=98765.4321)
    reload(app, BAHRAIN)
    (found,) = load_results.list_revisions(app, 2024)
    assert (found["session"], found["facet"], found["sets"]) == (RACE, "classification", 2)
    assert found["first_at"] < found["last_revised_at"]
    assert set(found) == {
        *("source", "round", "type", "session", "facet", "sets", "first_at", "last_revised_at")
    }
    assert load_results.list_revisions(app, 2023) == []


def test_the_command_shows_a_session_to_those_who_want_to_see(
    app: App, database: str, azurite: str, loaded: Found
) -> None:
    """By its id or its OpenF1 key, in the order of the classification; exit 1 without any."""

    def shown(session: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ingestion_core", "results", "show", "--spoilers", session],
            env={
                "PATH": os.environ["PATH"],
                "DATABASE_URL": database,
                "AzureWebJobsStorage": azurite,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    for name in (str(RACE), loaded[RACE, "1"]["SessionId"]):
        done = shown(name)
        assert (done.returncode, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert len(lines) == 20
        assert lines[0].split()[:3] == ["1", "1", "Max"]
    none = shown("1")
    assert (none.returncode, none.stdout) == (1, "")
    assert "no results are stored" in none.stderr
