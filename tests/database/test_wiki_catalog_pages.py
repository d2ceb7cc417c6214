"""What The Third Turn's pages say of series, tracks and people; and taking it out again."""

from ingestion_core.catalog import removal, why
from ingestion_core.racing.kinds import Role
from tests.support import product, wiki_pages
from tests.support.weekends import Db
from tests.support.wiki_catalog import (
    NOW,
    circuit_page,
    driver_page,
    index_page,
    rows,
    series_page,
    slugs,
    write,
)
from tests.support.wiki_pages import link
from tests.support.wiki_races import F1, MONZA, archives_italy, grand_prix, raced


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
