"""``clean-racing``: what nobody's content hangs on goes and comes back; what users wrote stays.

Nothing that fails here prints a result: of them only counts and whether they are equal are looked
at.
"""

import re
from pathlib import Path
from uuid import UUID

import psycopg

from ingestion_core.tasks import discover
from ingestion_core.tasks.app import App
from ingestion_core.tasks.clean_racing import clean_racing
from ingestion_core.work.items import enqueue
from local.replay.server import ReplayServer
from tests.support import overlap, product, users
from tests.support.cleaning import (
    JEDDAH,
    MELBOURNE,
    all_same,
    counts,
    everything,
    logged_and_listed,
    same,
)
from tests.support.drain import drain
from tests.support.results import BAHRAIN, RACE, load, only, opted

DELETING = ("quality/clean.py", "quality/forgetting.py", "results/clean.py")


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


def test_no_statement_truncates_or_relies_on_a_cascade() -> None:
    """Neither word occurs in any text of the modules that take out."""
    root = Path(__file__).parents[3] / "ingestion_core"
    for name in DELETING:
        assert "DELETE FROM" in (root / name).read_text(), name
    for name in ("quality/keeping.py", "database/references.py", *DELETING):
        text = (root / name).read_text()
        assert not re.search("truncate|cascade", text, re.IGNORECASE), name
