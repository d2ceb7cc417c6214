"""A source is taken out: what only it gave goes, what others gave is as if it had never been."""

from dataclasses import replace
from datetime import date, timedelta

import psycopg
import pytest

from ingestion_core.catalog import removal
from ingestion_core.racing.types import SeriesProfile, Weekend
from ingestion_core.work import items
from tests.support import product
from tests.support.waiting import waiting
from tests.support.weekends import NOW, Db, Person, between_the_locks, weekend, write

MAY = date(2023, 5, 28)
MAX = Person("Max Verstappen", "Red Bull", key="max_verstappen", car="1", born=date(1997, 9, 30))
LANCE = Person("Lance Stroll", "Aston Martin", key="stroll", car="18", born=date(1998, 10, 29))


def remove(db: Db, source: str) -> removal.Removed:
    """Take a source out, in a transaction."""
    with db.transaction():
        return removal.remove(db, source, removal.lock(db, source), NOW)


def series_of_its_own(one: Weekend) -> Weekend:
    """The same, of a series that its source speaks of, and that goes with it."""
    return replace(one, series_profile=SeriesProfile("Formula_One", "Formula 1", "formula-1"))


def without_keys(*people: Person) -> list[Person]:
    """The same people, as a source that knows them by name alone has them."""
    return [replace(one, key=None, born=None) for one in people]


def test_what_others_gave_is_as_if_it_had_never_been(db: Db) -> None:
    """Down to dates of birth that only the archive knew; the archive's own season goes whole."""
    write(db, weekend("openf1", "1210", without_keys(MAX), MAY, "22"))
    before = product.dump(db.info.dsn)
    write(db, weekend("ergast", "1100", [MAX, LANCE], MAY))
    write(db, weekend("ergast", "900", [LANCE], MAY - timedelta(weeks=52)))
    both = product.dump(db.info.dsn)
    [his] = [row for row in both["Drivers"] if row["Slug"] == "max-verstappen"]
    assert his["DateOfBirth"] == "1997-09-30"
    assert len(both["Seasons"]) == 2
    removed = remove(db, "ergast")
    assert product.dump(db.info.dsn) == before
    assert (removed.seasons, removed.gone["round"], removed.gone["driver"]) == (2, 1, 1)
    assert not any(removed.kept.values())


def test_the_source_that_came_first_can_go_as_well(db: Db) -> None:
    """What is left is the other's word, under the ids that everything had."""
    write(db, weekend("ergast", "1100", [MAX, LANCE], MAY))
    alone = product.dump(db.info.dsn)
    write(db, weekend("openf1", "1210", without_keys(MAX), MAY, "22"))
    assert product.dump(db.info.dsn) != alone
    remove(db, "openf1")
    assert product.dump(db.info.dsn) == alone


def test_what_the_product_had_before_stays_as_it_was(db: Db) -> None:
    """A row that was found, not made: its own values come back."""
    db.execute(
        'INSERT INTO "Drivers" ("Id", "FirstName", "LastName", "Slug", "Nationality", "Nickname")'
        " VALUES (gen_random_uuid(), 'MAX', 'Verstappen', 'max-verstappen', 'Flemish', 'Mad')"
    )
    before = product.dump(db.info.dsn)["Drivers"]
    write(db, weekend("ergast", "1100", [MAX, LANCE], MAY))
    after = {row["Slug"]: row for row in product.dump(db.info.dsn)["Drivers"]}
    assert after["max-verstappen"]["FirstName"] == "Max"
    removed = remove(db, "ergast")
    assert product.dump(db.info.dsn)["Drivers"] == before
    assert removed.kept["driver"] == 1


def test_a_session_that_a_user_logged_stays_with_all_above_it(db: Db) -> None:
    """User content is sacred; the other session of that weekend goes."""
    write(db, weekend("ergast", "1100", [MAX], MAY))
    db.execute('INSERT INTO "AspNetUsers" ("Id", "CreatedAt") VALUES (gen_random_uuid(), now())')
    db.execute(
        'INSERT INTO "Logs" ("Id", "UserId", "SessionId", "Liked", "LoggedAt", "IsAttended")'
        ' SELECT gen_random_uuid(), u."Id", s."Id", true, now(), false'
        ' FROM "AspNetUsers" u, "Sessions" s WHERE s."Type" = 6'
    )
    removed = remove(db, "ergast")
    found = product.dump(db.info.dsn)
    assert [row["Type"] for row in found["Sessions"]] == [6]
    assert (len(found["Rounds"]), len(found["Circuits"]), len(found["Seasons"])) == (1, 1, 1)
    assert (found["Entrants"], found["Drivers"], found["Teams"]) == ([], [], [])
    assert (removed.kept["session"], removed.kept["round"], removed.kept["circuit"]) == (1, 1, 1)
    assert product.rows(db.info.dsn, 'SELECT count(*) FROM "Logs"') == [(1,)]


def test_a_series_that_a_user_calls_theirs_stays(db: Db) -> None:
    """No foreign key says so: the column is called as one would be."""
    write(db, series_of_its_own(weekend("ergast", "1100", [MAX], MAY)))
    db.execute(
        'INSERT INTO "AspNetUsers" ("Id", "PrimarySeriesId", "CreatedAt")'
        ' SELECT gen_random_uuid(), "Id", now() FROM "Series"'
    )
    remove(db, "ergast")
    found = product.dump(db.info.dsn)
    assert (len(found["Series"]), found["Rounds"], found["Seasons"]) == (1, [], [])


def test_a_log_that_is_being_written_at_that_moment_is_waited_for(db: Db, database: str) -> None:
    """Its session is held by the log's foreign key: it is there when the log is."""
    write(db, weekend("ergast", "1100", [MAX], MAY))
    with psycopg.connect(database) as user:
        user.execute(
            'INSERT INTO "AspNetUsers" ("Id", "CreatedAt") VALUES (gen_random_uuid(), now())'
        )
        user.execute(
            'INSERT INTO "Logs" ("Id", "UserId", "SessionId", "Liked", "LoggedAt", "IsAttended")'
            ' SELECT gen_random_uuid(), u."Id", s."Id", true, now(), false'
            ' FROM "AspNetUsers" u, "Sessions" s WHERE s."Type" = 6'
        )
        with waiting(database, remove, db, "ergast"):
            user.commit()
    assert product.rows(database, 'SELECT count(*) FROM "Logs"') == [(1,)]
    assert [row["Type"] for row in product.dump(database)["Sessions"]] == [6]


def test_a_season_that_comes_in_between_goes_as_well(
    db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else half of it would stay: locks are always taken in one order."""
    write(db, weekend("ergast", "1100", [MAX], MAY))
    left = between_the_locks(monkeypatch, db, weekend("ergast", "900", [LANCE], date(2022, 5, 29)))
    assert remove(db, "ergast").seasons == 2
    assert left == []
    assert not any(product.dump(db.info.dsn)[table] for table in ("Rounds", "Entrants", "Drivers"))


def test_what_a_key_means_is_no_word_of_its_source(db: Db) -> None:
    """Of a source that only remembers so, nothing keeps a row whose last source is taken out."""
    write(db, weekend("openf1", "1210", without_keys(MAX), MAY, "22"))
    write(db, weekend("ergast", "1100", [MAX], MAY))
    found = product.dump(db.info.dsn)
    with db.transaction():
        removal.lock(db, "openf1")
        ids = [row["Id"] for table in product.RACING for row in found[table]]
        db.execute(
            "UPDATE ingest.claims SET fields = fields - (SELECT array_agg(k) FROM"
            " jsonb_object_keys(fields) k WHERE k <> 'Season') WHERE source = 'openf1'"
            " AND target = ANY(%s::uuid[])",
            (ids,),
        )
        db.execute("DELETE FROM ingest.entries WHERE source = 'openf1'")
    removed = remove(db, "ergast")
    left = product.dump(db.info.dsn)
    assert (left["Drivers"], left["Sessions"], left["Rounds"]) == ([], [], [])
    assert not any(removed.kept.values())


def test_what_was_to_be_asked_and_what_nobody_answered_goes_with_it(db: Db) -> None:
    """Open work is cancelled, another source's is not; questions on its people are gone."""
    write(db, weekend("openf1", "1210", without_keys(MAX), MAY, "22"))
    write(db, weekend("ergast", "1100", [replace(MAX, name="Max Verstapen", key="max")], MAY))
    asked = 'SELECT count(*) FROM "PendingMatches" WHERE "Source" = \'ergast\''
    assert product.rows(db.info.dsn, asked) == [(1,)]
    with db.transaction():
        items.enqueue(
            db,
            [
                items.Wanted("ergast", "import_season", "2023", 0),
                items.Wanted("openf1", "discover_year", "2023", 1),
            ],
        )
        items.abandon(db, "ergast")
    left = "SELECT source, state FROM ingest.items ORDER BY source"
    assert product.rows(db.info.dsn, left) == [("ergast", "cancelled"), ("openf1", "waiting")]
    remove(db, "ergast")
    assert product.rows(db.info.dsn, asked) == [(0,)]
