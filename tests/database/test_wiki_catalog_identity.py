"""Who is who between The Third Turn and the others, in a real database; and taking it out again."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import pytest

from ingestion_core.catalog import merges, removal, why
from ingestion_core.catalog.merges import Key
from ingestion_core.racing.kinds import Role
from ingestion_core.racing.types import Weekend
from tests.support import product, weekends, wiki_pages
from tests.support.weekends import Db, Person, prepared
from tests.support.wiki_catalog import (
    NOW,
    circuit_page,
    contexts,
    driver_page,
    index_page,
    race_page,
    season_page,
    series_page,
    write,
)
from tests.support.wiki_pages import Race, Row, link, listed

F1 = "FIA_World_Championship_for_Drivers_Central"
SPRINTS = "FIA_Formula_One_Sprint_Qualifying_Race_Central"
MONZA = "Autodromo_Nazionale_di_Monza"
ITALY = date(1950, 9, 3)
FARINA = Person("Nino Farina", "Alfa Romeo", key="farina", car="10", born=date(1906, 10, 30))
FANGIO = Person("Juan Fangio", "Alfa Romeo", key="fangio", car="18", born=date(1911, 6, 24))
WRITTEN_BY_OTHERS = ("Series", "Seasons", "Rounds", "Sessions", "Circuits")


@pytest.fixture
def db(database: str) -> Iterator[Db]:
    """An empty product with our schema."""
    with prepared(database) as connection:
        yield connection


def rows(db: Db, table: str) -> list[dict[str, Any]]:
    """A table's rows, as they are."""
    return product.dump(db.info.dsn)[table]


def slugs(db: Db, table: str) -> set[str]:
    """A table's addresses."""
    return {row["Slug"] for row in rows(db, table)}


def asked(db: Db) -> set[tuple[str, str]]:
    """The questions that wait for a person: of whom, and who it may be."""
    return set(
        db.execute('SELECT "IncomingName", "CandidateEntityName" FROM "PendingMatches"').fetchall()
    )


def raced(
    drivers: Sequence[str],
    *,
    of: str = "Lantern_Cup_Central",
    day: str = "6 May 1962",
    circuit: str = "Fenmoor_Speedway",
    number: str = "1",
    make: str = "",
    year: int = 1962,
) -> Weekend:
    """A race with these drivers, as markup; of a season with no other."""
    title = f"{of.removesuffix('_Central')}:{year}-01"
    body = wiki_pages.season(
        f"{year}_{of}",
        races=[listed(number, title, day, circuit, "Fenmoor, NC", "Ada_Ferris")],
        of=of,
    )
    (context,) = contexts(body, of, of.replace("_", " "))
    page = Race(rows=[Row(fin="1", driver=each, make=make) for each in drivers]).body()
    return race_page(page, context)


def grand_prix(drivers: Sequence[str], **changed: Any) -> Weekend:
    """The Italian Grand Prix of 1950 as the wiki has it, with these drivers."""
    chosen = {"of": F1, "day": "3 September 1950", "circuit": MONZA, "number": "7", "year": 1950}
    return raced(drivers, **(chosen | changed))


def archives_italy() -> Weekend:
    """The same as the archive has it."""
    return weekends.weekend("ergast", "836", [FARINA, FANGIO], ITALY, "monza", "Italian Grand Prix")


def test_formula_ones_pages_join_the_archives_rounds_and_people(db: Db) -> None:
    """By circuit and day; nothing of the round changes, and nobody is there twice."""
    write(db, archives_italy())
    before = product.dump(db.info.dsn)
    men = [link("Nino_Farina"), link("Juan_Fangio_(ARG)", "Juan Fangio")]
    told = grand_prix(men, make="Alfa Romeo")
    written = write(db, told)
    assert (written.rounds, written.entrants, written.rows) == (1, 2, 0)
    assert product.dump(db.info.dsn) == before
    assert write(db, told).rows == 0
    # A third man is somebody new, for whom the archive's round is the one.
    assert write(db, grand_prix([link("Nino_Farina"), link("Ada_Ferris")])).quarantined == 0
    after = product.dump(db.info.dsn)
    assert {table: after[table] for table in WRITTEN_BY_OTHERS} == {
        table: before[table] for table in WRITTEN_BY_OTHERS
    }
    assert slugs(db, "Drivers") == {"nino-farina", "juan-fangio", "ada-ferris"}


def test_a_make_in_formula_one_is_the_constructor_and_elsewhere_is_not(db: Db) -> None:
    """Toyota's cars of a stock car race are not its Formula One team."""
    write(db, archives_italy())
    write(db, grand_prix([link("Ada_Ferris")], make="Alfa Romeo"))
    write(db, raced([link("Bo_Marsh")], make="1961 Alfa Romeo"))
    assert slugs(db, "Teams") == {"alfa-romeo", "alfa-romeo-cars"}
    assert not asked(db)


def test_a_grand_prix_that_nobody_else_has_is_kept_and_makes_nothing(db: Db) -> None:
    """Neither at another circuit, nor on another day, nor without the season."""
    alone = [grand_prix([link("Nino_Farina")])]
    assert [write(db, one).quarantined for one in alone] == [1]
    assert not any(product.dump(db.info.dsn).values())
    write(db, archives_italy())
    before = product.dump(db.info.dsn)
    for stray in (
        grand_prix([link("Nino_Farina")], circuit="Fenmoor_Speedway"),
        grand_prix([link("Nino_Farina")], day="8 September 1950"),
        grand_prix([link("Nino_Farina")], year=1951, day="3 September 1951"),
    ):
        written = write(db, stray)
        assert (written.rounds, written.rows, written.quarantined) == (0, 0, 1)
    assert product.dump(db.info.dsn) == before
    kept = db.execute("SELECT DISTINCT reason FROM ingest.quarantine").fetchall()
    assert kept == [("no-round-to-join",)]


def test_a_round_that_no_source_gives_is_not_joined(db: Db) -> None:
    """What stands in the product alone is the product's."""
    write(db, archives_italy())
    db.execute("DELETE FROM ingest.claims WHERE kind = 'round' AND source = 'ergast'")
    before = product.dump(db.info.dsn)
    assert write(db, grand_prix([link("Nino_Farina")])).quarantined == 1
    assert product.dump(db.info.dsn) == before


def test_a_season_page_of_formula_one_makes_no_second_series_and_renumbers_nothing(db: Db) -> None:
    """What it lists is joined where it is there."""
    write(db, archives_italy())
    before = product.dump(db.info.dsn)
    races = [
        listed(
            "1", "1950_British_Grand_Prix", "13 May 1950", "Silverstone", "Silverstone, UK", "X"
        ),
        listed("99", "1950_Grand_Prix_of_Italy", "3 September 1950", MONZA, "Monza, Italy", "X"),
    ]
    body = wiki_pages.season("1950_" + F1, races=races, of=F1)
    written = write(db, season_page(body, F1, "FIA World Championship for Drivers"))
    assert (written.rounds, written.quarantined, written.rows) == (1, 1, 0)
    assert product.dump(db.info.dsn) == before


def test_a_sprint_of_the_wikis_is_its_rounds_sprint(db: Db) -> None:
    """The race has joined already: two weekends of the wiki are one round."""
    write(db, archives_italy())
    write(db, grand_prix([link("Nino_Farina")]))
    sprint = grand_prix([link("Nino_Farina")], of=SPRINTS, day="2 September 1950", number="1")
    assert write(db, sprint).rounds == 1
    assert len(rows(db, "Rounds")) == 1
    assert sorted(row["Type"] for row in rows(db, "Sessions")) == [3, 5, 6]


def test_homonyms_stay_apart_in_any_order(db: Db) -> None:
    """By title, by series, and from another source's namesake, of whom a person is asked."""
    write(db, archives_italy())
    write(db, raced([link("Nino_Farina_(AR)", "Nino Farina"), link("Nino_Farina"), "Juan Fangio"]))
    write(db, raced(["Juan Fangio"], of="Wick_Cup_Central", circuit="Wick_Park"))
    assert slugs(db, "Drivers") == {
        *("nino-farina", "nino-farina-ar", "nino-farina-2"),
        *("juan-fangio", "juan-fangio-lantern-cup", "juan-fangio-wick-cup"),
    }
    assert ("Nino Farina", "Nino Farina") in asked(db)
    assert ("Juan Fangio", "Juan Fangio") in asked(db)


def test_a_namesake_who_came_first_is_nobody_elses(db: Db) -> None:
    """The archive's own man is made beside the wiki's, and a person is asked."""
    write(db, raced([link("Nino_Farina")]))
    write(db, archives_italy())
    assert slugs(db, "Drivers") == {"nino-farina", "nino-farina-2", "juan-fangio"}
    assert asked(db) == {("Nino Farina", "Nino Farina")}


def test_whoever_was_made_apart_is_known_in_formula_one_all_the_same(db: Db) -> None:
    """No second man in the archive's round; what is his elsewhere waits for a person's word."""
    write(db, archives_italy())
    write(db, raced([link("Nino_Farina")]))
    before = product.dump(db.info.dsn)
    told = grand_prix([link("Nino_Farina")], make="Alfa Romeo")
    assert [write(db, told).rows for _ in range(2)] == [0, 0]
    assert product.dump(db.info.dsn) == before
    write(db, raced([link("Nino_Farina")], of="Wick_Cup_Central", circuit="Wick_Park"))
    raced_by = {row["DriverId"] for row in rows(db, "Entrants")}
    assert len(raced_by) == 3, "two of the archive's, and one of both cups"


def test_a_persons_word_makes_one_of_both(db: Db) -> None:
    """Who was known in Formula One all the same is one man in every series then."""
    write(db, archives_italy())
    write(db, raced([link("Nino_Farina")]))
    write(db, grand_prix([link("Nino_Farina")], make="Alfa Romeo"))
    (farina,) = [row["Id"] for row in rows(db, "Drivers") if row["Slug"] == "nino-farina"]
    with db.transaction():
        merges.decide(db, Key("driver", "thethirdturn", "Nino_Farina"), farina, "me", NOW)
    assert slugs(db, "Drivers") == {"nino-farina", "juan-fangio"}
    assert len([row for row in rows(db, "Entrants") if row["DriverId"] == farina]) == 2
    assert write(db, raced([link("Nino_Farina")])).rows == 0


def test_one_page_in_two_series_is_one_person(db: Db) -> None:
    """A key is decided once."""
    write(db, raced([link("Ada_Ferris")]))
    write(db, raced([link("Ada_Ferris")], of="Wick_Cup_Central", circuit="Wick_Park"))
    assert slugs(db, "Drivers") == {"ada-ferris"}
    assert len(rows(db, "Entrants")) == 2


def test_a_day_of_birth_tells_a_namesake(db: Db) -> None:
    """With the name it is the same person, whether their page is read before or after they race."""
    fangio = wiki_pages.driver("Juan_Fangio", "Juan Fangio", ['"El Chueco"', "(June 24, 1911 - )"])
    assert write(db, driver_page(fangio)).rows == 0
    write(db, archives_italy())
    farina = wiki_pages.driver("Nino_Farina", "Nino Farina", ["(October 30, 1906 - )", "Turin"])
    assert write(db, driver_page(farina)).rows == 1
    write(db, raced([link("Nino_Farina"), link("Juan_Fangio")]))
    assert slugs(db, "Drivers") == {"nino-farina", "juan-fangio"}
    assert {row["Slug"]: row["Nickname"] for row in rows(db, "Drivers")} == {
        "nino-farina": None,
        "juan-fangio": "El Chueco",
    }


def test_another_day_of_birth_is_another_person(db: Db) -> None:
    """Nothing of the page is the namesake's."""
    write(db, archives_italy())
    before = product.dump(db.info.dsn)
    page = wiki_pages.driver("Juan_Fangio", "Juan Fangio", ['"Junior"', "(June 25, 1911 - )"])
    assert write(db, driver_page(page)).rows == 0
    assert product.dump(db.info.dsn) == before


def test_pages_of_tracks_and_people_fill_the_rows_that_races_made(db: Db) -> None:
    """Every column that the product has for what they say."""
    write(db, raced([link("Ada_Ferris_(AR)", "Ada Ferris")]))
    assert write(db, driver_page(wiki_pages.driver())).rows == 1
    assert write(db, circuit_page(wiki_pages.circuit())).rows == 1
    (ada,), (fenmoor,) = rows(db, "Drivers"), rows(db, "Circuits")
    assert (ada["FirstName"], ada["LastName"], ada["Slug"]) == ("Ada", "Ferris", "ada-ferris-ar")
    assert (ada["Nickname"], ada["PlaceOfBirth"], ada["DateOfBirth"]) == (
        *("Spark", "Fenmoor, NC", "1931-05-06"),
    )
    assert (fenmoor["Latitude"], fenmoor["Longitude"]) == (35.25, -80.5)
    assert (fenmoor["LengthMeters"], fenmoor["OpenedYear"]) == (805, 1922)
    assert (fenmoor["TrackType"], fenmoor["TrackStatus"]) == ("Dirt Oval", "Closed")


def test_a_pages_own_word_stands_before_what_others_say_of_it(db: Db) -> None:
    """Of a track its own page's, of a series its own page's: whichever was read last."""
    deluxe = series_page(wiki_pages.series(name="Lantern Cup Deluxe"))
    fens = circuit_page(wiki_pages.circuit(located="Dirt Oval located in Upper Fens, Scotland"))
    listing = index_page(
        wiki_pages.index({"Fen Racing Series - Cups": [link("Lantern_Cup_Central")]})
    )
    told = [raced([link("Ada_Ferris")]), deluxe, fens, listing, raced([link("Ada_Ferris")])]
    for one in told:
        write(db, one)
    (series,), (circuit,) = rows(db, "Series"), rows(db, "Circuits")
    assert (series["Name"], series["GoverningBody"]) == ("Lantern Cup Deluxe", "Fen Racing")
    assert (circuit["Location"], circuit["Country"]) == ("Upper Fens", "Scotland")
    assert [write(db, one).rows for one in told] == [0] * 5
    nowhere = circuit_page(wiki_pages.circuit(located="Dirt Oval"))
    assert write(db, nowhere).rows == 0, "silence takes nothing away"


def test_a_series_that_the_product_has_is_joined(db: Db) -> None:
    """By its address or one of its other names; a former name of the wiki's is no such name."""
    db.execute(
        'INSERT INTO "Series" ("Id", "Name", "Slug") VALUES (gen_random_uuid(), %s, %s),'
        " (gen_random_uuid(), %s, %s)",
        ("The Lantern Cup", "lantern-cup", "Wick Trophy", "wick"),
    )
    db.execute(
        'INSERT INTO "SeriesAliases" ("Id", "SeriesId", "AliasName", "AliasSlug")'
        """ SELECT gen_random_uuid(), "Id", 'Wick Cup', 'wick-cup' FROM "Series"
            WHERE "Slug" = 'wick'"""
    )
    write(db, raced([link("Ada_Ferris")]))
    write(db, raced([link("Ada_Ferris")], of="Wick_Cup_Central", circuit="Wick_Park"))
    named = series_page(wiki_pages.series("Lantern_Cup_Central", names="Candle Cup (1961-1970)"))
    assert write(db, named).rows == 1
    assert slugs(db, "Series") == {"lantern-cup", "wick"}
    write(db, raced([link("Ada_Ferris")], of="Candle_Cup_Central", circuit="Wick_Park"))
    assert slugs(db, "Series") == {"lantern-cup", "wick", "candle-cup"}
    assert len({row["SeriesId"] for row in rows(db, "Seasons")}) == 3


def test_what_an_administrator_made_of_a_series_stays(db: Db) -> None:
    """Its name, and each of its former names, changed or removed."""
    page = wiki_pages.series(
        names="Candle Cup (1961-1970); Wick Cup (1971-1980); Lantern Cup (1981-)"
    )
    write(db, series_page(page))
    write(db, raced([link("Ada_Ferris")]))
    db.execute("""UPDATE "Series" SET "Name" = 'Lanterns'""")
    db.execute(
        """UPDATE "SeriesAliases" SET "ValidUntil" = NULL WHERE "AliasSlug" = 'candle-cup'"""
    )
    db.execute("""DELETE FROM "SeriesAliases" WHERE "AliasSlug" = 'wick-cup'""")
    later = wiki_pages.series(
        names="Candle Cup (1961-1969); Wick Cup (1970-1980); Lantern Cup (1981-2001)",
        name="Lantern Cup",
    )
    listing = wiki_pages.index({"Fen Racing (FR) Series - Cups": [link("Lantern_Cup_Central")]})
    assert write(db, series_page(later)).rows == 1
    assert write(db, index_page(listing)).rows == 1
    (series,) = rows(db, "Series")
    assert (series["Name"], series["GoverningBody"]) == ("Lanterns", "Fen Racing (FR)")
    found = db.execute(
        'SELECT "AliasSlug", "ValidUntil"::text FROM "SeriesAliases" ORDER BY 1'
    ).fetchall()
    assert found == [("candle-cup", None), ("lantern-cup", "2001-12-31")]
    traced = why.trace(db, "series", "lantern-cup", NOW)
    given = {column.name: column.given_by for column in traced.columns}
    assert (given["Name"], given["GoverningBody"]) == ("product", "thethirdturn")
    assert traced.due == {}


def test_what_has_no_number_is_no_numbered_round(db: Db) -> None:
    """Nor a test: whoever races there races."""
    write(db, raced([link("Bo_Marsh")], day="1 May 1962"))
    write(db, raced([link("Ada_Ferris")], number="NC"))
    assert {row["RoundNumber"]: row["Slug"] for row in rows(db, "Rounds")} == {
        1: "1962-lantern-cup-01",
        0: "1962-lantern-cup-nc",
    }
    assert {row["Role"] for row in rows(db, "Entrants")} == {Role.REGULAR}


def test_the_source_is_taken_out_whole(db: Db) -> None:
    """Series, names and all; what it added to others' rows is as if it had never been."""
    write(db, archives_italy())
    before = product.dump(db.info.dsn)
    monza = wiki_pages.circuit(
        MONZA, located="3.6 mi./5.794 km.  Road Course located in Monza, Italy"
    )
    names = "FIA World Championship for Drivers (1950-1980)"
    listing = wiki_pages.index({"Paris Club (PC) Series - Cars": [link(F1)]})
    for told in (
        index_page(listing),
        series_page(wiki_pages.series(F1, names=names)),
        grand_prix([link("Nino_Farina"), link("Ada_Ferris")]),
        circuit_page(monza),
        raced([link("Ada_Ferris"), "Bo Marsh"]),
        series_page(wiki_pages.series(names="Candle Cup (1961-1970)")),
    ):
        write(db, told)
    assert product.dump(db.info.dsn) != before
    with db.transaction():
        seasons = removal.lock(db, "thethirdturn")
        removed = removal.remove(db, "thethirdturn", seasons, NOW)
    assert product.dump(db.info.dsn) == before
    assert db.execute('SELECT count(*) FROM "SeriesAliases"').fetchone() == (0,)
    assert (removed.gone["series"], removed.gone["season"], removed.gone["round"]) == (1, 1, 1)
    left = db.execute(
        "SELECT DISTINCT source, kind FROM ingest.claims WHERE kind LIKE 'series%%'"
    ).fetchall()
    assert left == []


def test_what_a_user_logged_stays_with_its_series(db: Db) -> None:
    """A session with a log keeps all above it."""
    write(db, raced([link("Ada_Ferris")]))
    db.execute('INSERT INTO "AspNetUsers" ("Id", "CreatedAt") VALUES (gen_random_uuid(), now())')
    db.execute(
        'INSERT INTO "Logs" ("Id", "UserId", "SessionId", "Liked", "LoggedAt", "IsAttended")'
        ' SELECT gen_random_uuid(), u."Id", s."Id", true, now(), false'
        ' FROM "AspNetUsers" u, "Sessions" s'
    )
    with db.transaction():
        removed = removal.remove(db, "thethirdturn", removal.lock(db, "thethirdturn"), NOW)
    assert slugs(db, "Series") == {"lantern-cup"}
    assert (removed.kept["series"], removed.kept["session"]) == (1, 1)
    assert len(rows(db, "Sessions")) == 1


def test_sessions_without_an_hour_are_listed(db: Db) -> None:
    """The wiki's, but not one whose hour another source knows."""
    write(db, archives_italy())
    write(db, grand_prix([link("Nino_Farina")]))
    write(db, raced([link("Ada_Ferris")]))
    day_only = [id_ for (id_,) in db.execute("SELECT session::text FROM ingest.day_only_sessions")]
    (alone,) = [
        row["Id"] for row in rows(db, "Sessions") if row["StartTimeUtc"].startswith("1962-05-06")
    ]
    assert day_only == [alone]
