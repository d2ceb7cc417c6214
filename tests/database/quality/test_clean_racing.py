"""``clean-racing``: what nobody's content hangs on goes and comes back; what users wrote stays.

Nothing that fails here prints a result: of them only counts and whether they are equal are looked
at.
"""

import io
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import Connection, sql

from ingestion_core.catalog import bookkeeping, writer
from ingestion_core.cli.main import main
from ingestion_core.quality import clean
from ingestion_core.tasks import check_results, discover, verify
from ingestion_core.tasks.app import App
from ingestion_core.tasks.clean_racing import clean_racing
from ingestion_core.work.items import Wanted, enqueue
from local.replay.server import ReplayServer
from tests.support import overlap, product, users
from tests.support.commands import set_only
from tests.support.drain import drain
from tests.support.results import BAHRAIN, RACE, load, only, opted
from tests.support.work import at_once

JEDDAH, MELBOURNE = 1230, 1231
DELETING = ("quality/clean.py", "quality/forgetting.py", "results/clean.py")
_RESULTS = 'SELECT to_jsonb(x)::text FROM "Results" x ORDER BY x."Id"'


@pytest.fixture
def app(database: str, azurite: str, replay: ReplayServer) -> Iterator[App]:
    """The first three races of 2024 with their results."""
    only(replay, BAHRAIN, JEDDAH, MELBOURNE)
    made = opted(database, azurite, replay)
    load(made)
    yield made
    made.close()


def session(database: str, key: int) -> str:
    """The id of a session by its key."""
    [(id_,)] = product.rows(
        database, 'SELECT "Id"::text FROM "Sessions" WHERE "OpenF1SessionKey" = %s', key
    )
    return str(id_)


def logged_and_listed(database: str) -> tuple[str, str]:
    """The ids of Bahrain's race and of Jeddah's second practice."""
    [(id_,)] = product.rows(
        database,
        """SELECT s."Id"::text FROM "Sessions" s JOIN "Rounds" r ON r."Id" = s."RoundId"
           WHERE r."OpenF1MeetingKey" = %s AND s."Type" = 1""",
        JEDDAH,
    )
    return session(database, RACE), str(id_)


def everything(database: str) -> dict[str, Any]:
    """Every racing row, results and aliases among them."""
    return {
        **product.dump(database),
        "Results": [row for (row,) in product.rows(database, _RESULTS)],
        "TeamAliases": product.rows(
            database, 'SELECT to_jsonb(x)::text FROM "TeamAliases" x ORDER BY "Id"'
        ),
    }


def same(one: dict[str, Any], other: dict[str, Any]) -> dict[str, bool]:
    """Per table whether both hold the same; never what."""
    return {table: one[table] == other[table] for table in one}


def all_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether all tables do."""
    return not [table for table, alike in same(one, other).items() if not alike]


def counts(found: dict[str, Any]) -> dict[str, int]:
    """How many rows each table has."""
    return {table: len(rows) for table, rows in found.items()}


# what users wrote


def test_every_row_of_users_stays_with_its_session_round_and_circuit(
    app: App, database: str
) -> None:
    """Byte for byte, the rows above it unchanged; all that nobody's content hangs on is gone."""
    logged, listed = logged_and_listed(database)
    users.fill(database, logged, listed)
    mine, before = users.kept(database), everything(database)
    done = clean_racing(app)
    assert users.kept(database) == mine
    after = everything(database)
    for table, rows in after.items():
        assert not [row for row in rows if row not in before[table]], table
    assert {row["Id"] for row in after["Sessions"]} == {logged, listed}
    kept = {row["Id"]: row for row in after["Rounds"]}
    assert set(kept) == {row["RoundId"] for row in after["Sessions"]}
    assert {row["OpenF1MeetingKey"] for row in kept.values()} == {BAHRAIN, JEDDAH}
    assert {row["Id"] for row in after["Circuits"]} == {row["CircuitId"] for row in kept.values()}
    assert (len(after["Seasons"]), len(after["Series"])) == (1, 1)
    entered = [row for row in before["Entrants"] if row["RoundId"] in kept]
    assert after["Entrants"] == entered
    assert {row["Id"] for row in after["Drivers"]} == {row["DriverId"] for row in entered}
    assert {row["Id"] for row in after["Teams"]} == {row["TeamId"] for row in entered}
    of_race = product.rows(database, 'SELECT count(*), count(DISTINCT "SessionId") FROM "Results"')
    assert of_race == [(40, 2)], "results of both sessions stay, all others go"
    assert done.because["session"] == {"Logs": 1, "ListItems": 1}
    assert done.gone["session"] == len(before["Sessions"]) - 2
    assert done.kept["session"] == 2


def test_a_backfill_afterwards_makes_the_same_rows_everywhere(app: App, database: str) -> None:
    """Ids, addresses, results and all; a second one changes nothing."""
    users.fill(database, *logged_and_listed(database))
    mine, before = users.kept(database), everything(database)
    clean_racing(app)
    assert counts(everything(database)) != counts(before)
    run = load(app)
    assert run["state"] == "done"
    assert all_same(everything(database), before), same(everything(database), before)
    assert users.kept(database) == mine
    again = load(app)
    assert sum(one["counts"].get("rows", 0) for one in again["items"]) == 0


def test_without_users_nothing_is_left_and_all_of_it_comes_back(app: App, database: str) -> None:
    """Every table is empty; nothing is remembered but what keys mean."""
    before = everything(database)
    clean_racing(app)
    assert not any(everything(database).values())
    left = product.rows(database, "SELECT count(*) FROM ingest.entries")
    assert left == [(0,)]
    said = "SELECT count(*) FROM ingest.claims WHERE fields - '{Season,Apart}'::text[] <> '{}'"
    assert product.rows(database, said) == [(0,)]
    assert product.rows(database, "SELECT count(*) FROM ingest.fetches") == [(0,)]
    for table in ("classifications", "written", "quarantine"):
        assert not product.texts(database, "spoilers")[table], table
    load(app)
    assert all_same(everything(database), before), same(everything(database), before)


def test_the_timer_finds_that_nothing_was_ever_read(app: App, database: str) -> None:
    """Discovery is due at once, and every meeting of the season with it."""
    clean_racing(app)
    due = "SELECT next_discovery_at <= now() FROM ingest.sources WHERE source = 'openf1'"
    assert product.rows(database, due) == [(True,)]
    with app.transaction() as db:
        scope = discover.Scope(which="due", lane=0)
        enqueue(db, [discover.wanted_year(2024, scope)])
    app.release_all()
    drain(app)
    assert {row["OpenF1MeetingKey"] for row in product.dump(database)["Rounds"]} >= {
        *(BAHRAIN, JEDDAH, MELBOURNE)
    }


def test_a_series_that_a_user_calls_theirs_stays(app: App, database: str) -> None:
    """Though no foreign key says so: the column is called as one would be."""
    product.rows(
        database,
        """INSERT INTO "AspNetUsers" ("Id", "PrimarySeriesId", "CreatedAt")
           SELECT gen_random_uuid(), "Id", now() FROM "Series" RETURNING 1""",
    )
    done = clean_racing(app)
    found = everything(database)
    assert [row["Slug"] for row in found["Series"]] == ["formula-1"]
    assert not any(rows for table, rows in found.items() if table != "Series")
    assert done.because == {"series": {"AspNetUsers": 1}}


def test_a_table_that_the_product_adds_later_keeps_what_it_refers_to(
    app: App, database: str
) -> None:
    """By its foreign key alone, whatever the key does on a delete."""
    with psycopg.connect(database) as db:
        db.execute(
            'CREATE TABLE "Favourites" ("Whom" uuid REFERENCES "Drivers" ("Id") ON DELETE CASCADE)'
        )
        db.execute(
            """INSERT INTO "Favourites" SELECT "Id" FROM "Drivers" WHERE "Slug" = 'lando-norris'"""
        )
    done = clean_racing(app)
    found = everything(database)
    assert [row["Slug"] for row in found["Drivers"]] == ["lando-norris"]
    assert product.rows(database, 'SELECT count(*) FROM "Favourites"') == [(1,)]
    assert done.because == {"driver": {"Favourites": 1}}


def test_a_result_that_somebody_refers_to_keeps_all_above_it(app: App, database: str) -> None:
    """Transitively: its session, and its round with all who entered it."""
    with psycopg.connect(database) as db:
        db.execute('CREATE TABLE "Bets" ("On" uuid REFERENCES "Results" ("Id") ON DELETE CASCADE)')
        db.execute(
            """INSERT INTO "Bets" SELECT x."Id" FROM "Results" x
               JOIN "Sessions" s ON s."Id" = x."SessionId" WHERE s."OpenF1SessionKey" = %s
               ORDER BY x."Id" LIMIT 1""",
            (RACE,),
        )
    clean_racing(app)
    found = everything(database)
    assert product.rows(database, 'SELECT count(*) FROM "Bets"') == [(1,)]
    assert [row["OpenF1SessionKey"] for row in found["Sessions"]] == [RACE]
    assert {table: len(found[table]) for table in ("Results", "Rounds", "Entrants")} == {
        "Results": 1,
        "Rounds": 1,
        "Entrants": 20,
    }


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
        cleaning = threading.Thread(target=clean_racing, args=(app,))
        cleaning.start()
        waits = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        with psycopg.connect(database, autocommit=True) as watcher:
            while cleaning.is_alive() and watcher.execute(waits).fetchone() == (0,):
                pass
        assert cleaning.is_alive(), "nothing was waited for"
        user.commit()
        cleaning.join(60)
    assert not cleaning.is_alive()
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
        cleaning = threading.Thread(target=clean_racing, args=(app,))
        cleaning.start()
        waits = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        with psycopg.connect(database, autocommit=True) as watcher:
            while cleaning.is_alive() and watcher.execute(waits).fetchone() == (0,):
                pass
        assert cleaning.is_alive(), "nothing was waited for"
        assert len(product.dump(database)["Rounds"]) == 3
        writing.rollback()
        cleaning.join(60)
    assert not cleaning.is_alive()
    assert product.dump(database)["Rounds"] == []


def test_two_recorded_seasons_of_two_sources_come_back(
    database: str, azurite: str, replay: ReplayServer
) -> None:
    """With a logged race in each; whichever source wrote a row first, it has its id and address."""
    overlap.fill(database)
    races = product.rows(
        database,
        """SELECT DISTINCT ON (y."Year") s."Id"::text FROM "Sessions" s
           JOIN "Rounds" r ON r."Id" = s."RoundId" JOIN "Seasons" y ON y."Id" = r."SeasonId"
           WHERE s."Type" = 6 ORDER BY y."Year", s."Id" """,
    )
    users.fill(database, *(id_ for (id_,) in races))
    mine, before = users.kept(database), everything(database)
    app = opted(database, azurite, replay)
    clean_racing(app)
    app.close()
    assert len(product.dump(database)["Rounds"]) == 2
    overlap.fill(database)
    assert all_same(everything(database), before), same(everything(database), before)
    assert users.kept(database) == mine


# what people did, and what no backfill could bring back


def test_what_an_administrator_changed_or_filled_stays(app: App, database: str) -> None:
    """A changed name, once a sync has met it; a logo, which no source gives."""
    with psycopg.connect(database) as db:
        db.execute("""UPDATE "Drivers" SET "FirstName" = 'L.' WHERE "Slug" = 'lando-norris'""")
        db.execute(
            """UPDATE "Teams" SET "LogoUrl" = 'https://logo.test' WHERE "Slug" = 'ferrari'"""
        )
    load(app)
    before = everything(database)
    clean_racing(app)
    after = everything(database)
    assert [row["FirstName"] for row in after["Drivers"]] == ["L."]
    assert [row["LogoUrl"] for row in after["Teams"]] == ["https://logo.test"]
    load(app)
    assert all_same(everything(database), before), same(everything(database), before)


def test_rows_that_were_there_before_come_back_under_their_ids(
    database: str, azurite: str, replay: ReplayServer
) -> None:
    """Another program's ids are remembered by the source's keys."""
    only(replay, BAHRAIN)
    theirs = UUID(int=77)
    with psycopg.connect(database) as db:
        db.execute(
            """INSERT INTO "Drivers" ("Id", "FirstName", "LastName", "Slug")
               VALUES (%s, 'Lando', 'Norris', 'lando-norris')""",
            (theirs,),
        )
    app = opted(database, azurite, replay)
    load(app)
    before = everything(database)
    clean_racing(app)
    assert everything(database)["Drivers"] == []
    load(app)
    found = {row["Slug"]: row["Id"] for row in everything(database)["Drivers"]}
    assert found["lando-norris"] == str(theirs)
    assert all_same(everything(database), before), same(everything(database), before)
    app.close()


# parts of it


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


# all or nothing


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


def test_no_statement_truncates_or_relies_on_a_cascade() -> None:
    """Neither word occurs in any text of the modules that take out."""
    root = Path(__file__).parents[3] / "ingestion_core"
    for name in DELETING:
        assert "DELETE FROM" in (root / name).read_text(), name
    for name in ("quality/keeping.py", "database/references.py", *DELETING):
        text = (root / name).read_text()
        assert not re.search("truncate|cascade", text, re.IGNORECASE), name


# the command


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
    chosen = {"DATABASE_URL": database, "AzureWebJobsStorage": azurite, "RESULTS_ENABLED": "true"}
    with set_only(monkeypatch, chosen):
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
