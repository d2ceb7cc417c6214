"""Saved pages of The Third Turn in a real database: series, seasons, races, tracks and people."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ingestion_core.racing.kinds import Role
from ingestion_core.sources.thethirdturn import race
from tests.support import product
from tests.support.weekends import Db
from tests.support.wiki_catalog import (
    READ,
    circuit_page,
    contexts,
    driver_page,
    index_page,
    race_page,
    rows,
    saved,
    season_page,
    series_page,
    write,
    write_archive,
)

CUP, CUP_1949 = "NASCAR_Cup_Series_Central", "1949_NASCAR_Strictly_Stock_Central"
NAME = "NASCAR Cup Series"
BADGER = "Custom_Windows_Plus_Badger_Mod_Tour_presented_by_Gandrud_Chevrolet"
SLUG = "custom-windows-plus-badger-mod-tour-presented-by-gandrud-chevrolet"


@pytest.fixture
def pages(recordings: Path) -> dict[str, bytes]:
    """Every saved page by its key."""
    return saved(recordings)


def one(db: Db, table: str, slug: str) -> dict[str, Any]:
    """The row of that address."""
    (found,) = [row for row in rows(db, table) if row["Slug"] == slug]
    return found


def everything(db: Db) -> dict[str, object]:
    """All racing tables, and the names of series."""
    aliases = db.execute('SELECT to_jsonb(a) FROM "SeriesAliases" a ORDER BY "Id"').fetchall()
    return {**product.dump(db.info.dsn), "SeriesAliases": aliases}


def aliases_of(db: Db, slug: str) -> list[tuple[object, ...]]:
    """A series' names over time."""
    return db.execute(
        'SELECT a."AliasName", a."ValidFrom"::text, a."ValidUntil"::text, a."Source"'
        ' FROM "SeriesAliases" a JOIN "Series" s ON s."Id" = a."SeriesId"'
        ' WHERE s."Slug" = %s ORDER BY a."ValidFrom"',
        (slug,),
    ).fetchall()


SEVEN_NAMES = [
    ("NASCAR Strictly Stock", "1949-01-01", "1949-12-31", "thethirdturn"),
    ("NASCAR Grand National", "1950-01-01", "1970-12-31", "thethirdturn"),
    ("NASCAR Winston Cup Series", "1971-01-01", "2003-12-31", "thethirdturn"),
    ("NASCAR Nextel Cup Series", "2004-01-01", "2007-12-31", "thethirdturn"),
    ("NASCAR Sprint Cup Series", "2008-01-01", "2016-12-31", "thethirdturn"),
    ("Monster Energy NASCAR Cup Series", "2017-01-01", "2019-12-31", "thethirdturn"),
    ("NASCAR Cup Series", "2020-01-01", None, "thethirdturn"),
]


def test_a_series_is_written_with_its_first_season(db: Db, pages: dict[str, bytes]) -> None:
    """With its body and its seven names; until then 2,450 series are claims."""
    assert write(db, index_page(pages["Series_Database:Index"])).rows == 0
    assert write(db, series_page(pages[CUP])).rows == 0
    assert rows(db, "Series") == []
    assert db.execute("SELECT count(*) FROM ingest.claims WHERE kind = 'series'").fetchone() == (
        2450,
    )
    written = write(db, season_page(pages[CUP_1949], CUP, NAME))
    assert (written.rounds, written.sessions, written.entrants) == (8, 8, 0)
    (series,) = rows(db, "Series")
    assert (series["Name"], series["Slug"], series["GoverningBody"]) == (
        *(NAME, "nascar-cup-series"),
        "National Association for Stock Car Auto Racing (NASCAR)",
    )
    assert aliases_of(db, "nascar-cup-series") == SEVEN_NAMES
    before = everything(db)
    for told in (
        index_page(pages["Series_Database:Index"]),
        series_page(pages[CUP]),
        season_page(pages[CUP_1949], CUP, NAME),
    ):
        assert write(db, told).rows == 0
    assert everything(db) == before


def test_the_pages_of_a_series_may_come_in_any_order(db: Db, pages: dict[str, bytes]) -> None:
    """A season before its series, and that before the index."""
    write(db, season_page(pages[CUP_1949], CUP, NAME))
    assert rows(db, "Series")[0]["GoverningBody"] is None
    assert write(db, series_page(pages[CUP])).rows == 7
    assert aliases_of(db, "nascar-cup-series") == SEVEN_NAMES
    assert write(db, index_page(pages["Series_Database:Index"])).rows == 1
    (series,) = rows(db, "Series")
    assert (series["Name"], series["GoverningBody"][-8:]) == (NAME, "(NASCAR)")


def test_1949_and_its_first_race(db: Db, pages: dict[str, bytes]) -> None:
    """Eight rounds with days and circuits; 33 entrants, of whom nothing tells who was first."""
    write(db, season_page(pages[CUP_1949], CUP, NAME))
    rounds = sorted(rows(db, "Rounds"), key=lambda row: row["RoundNumber"])
    assert [row["RoundNumber"] for row in rounds] == list(range(1, 9))
    assert rounds[0]["Slug"] == "1949-nascar-cup-series-01"
    assert (rounds[-1]["Name"], rounds[-1]["DateStart"]) == ("Wilkes 200", "1949-10-16")
    assert len(rows(db, "Circuits")) == 8
    charlotte = one(db, "Circuits", "charlotte-speedway")
    assert (charlotte["Location"], charlotte["Country"]) == ("Charlotte", "United States")
    context = contexts(pages[CUP_1949], CUP, NAME)[0]
    weekend = race_page(pages["NASCAR_Strictly_Stock:1949-01"], context)
    written = write(db, weekend)
    assert (written.rounds, written.sessions, written.entrants) == (1, 1, 33)
    assert one(db, "Teams", "oldsmobile-cars")["Name"] == "Oldsmobile"
    (session,) = [row for row in rows(db, "Sessions") if row["RoundId"] == rounds[0]["Id"]]
    assert session["StartTimeUtc"].startswith("1949-06-19T00:00:00")
    day_only = db.execute("SELECT count(*) FROM ingest.day_only_sessions").fetchone()
    assert day_only == (8,)
    for statement in (
        'SELECT "Id"::text FROM "Entrants" ORDER BY ctid',
        "SELECT driver::text FROM ingest.entries ORDER BY ctid",
        'SELECT "Id"::text FROM "Drivers" ORDER BY ctid',
    ):
        stored = [id_ for (id_,) in db.execute(statement)]  # type: ignore[arg-type]  # a literal
        assert len(stored) == 33
        assert stored == sorted(stored), "uuids of names: no order of any page"
    assert write(db, weekend).rows == 0


def test_the_badger_tours_seasons_and_races(db: Db, pages: dict[str, bytes]) -> None:
    """Two seasons, fourteen races of three series' pages: entrants as the pages count them."""
    listed = []
    for year in (2012, 2013):
        body = pages[f"{year}_{BADGER}_Central"]
        assert write(db, season_page(body, f"{BADGER}_Central", "Badger")).rounds == 7
        listed += contexts(body, f"{BADGER}_Central", "Badger")
    # The series' page calls itself without "Central".
    write(db, series_page(pages[BADGER]))
    told = [race_page(pages[each.race or ""], each) for each in listed]
    for weekend in told:
        page = race.read(pages[weekend.origin.key])
        assert write(db, weekend).entrants == len(page.entries or ())
    assert len(rows(db, "Entrants")) == 481
    assert {row["Role"] for row in rows(db, "Entrants")} == {Role.REGULAR}, "nobody has a seat"
    (series,) = rows(db, "Series")
    assert (series["Slug"], series["Name"]) == (SLUG, BADGER.replace("_", " "))
    numbers = [(row["Slug"][:4], row["RoundNumber"]) for row in rows(db, "Rounds")]
    assert sorted(numbers) == [(str(year), no) for year in (2012, 2013) for no in range(1, 8)]
    assert one(db, "Rounds", f"2012-{SLUG}-03")["Name"] == "Race 3"
    before = everything(db)
    later = [
        replace(each, origin=replace(each.origin, observed_at=READ + timedelta(days=1)))
        for each in told
    ]
    assert sum(write(db, weekend).rows for weekend in later) == 0
    body = pages[f"2012_{BADGER}_Central"]
    assert write(db, season_page(body, f"{BADGER}_Central", "Badger")).rows == 0
    assert everything(db) == before


def test_monzas_page_adds_to_the_archives_monza(
    db: Db, pages: dict[str, bytes], recordings: Path
) -> None:
    """Length, type, status and year; the hand-checked place stays."""
    write_archive(db, recordings, 1950)
    before = one(db, "Circuits", "autodromo-nazionale-di-monza")
    assert before["LengthMeters"] is None
    assert write(db, circuit_page(pages["Autodromo_Nazionale_di_Monza"])).rows == 1
    after = one(db, "Circuits", "autodromo-nazionale-di-monza")
    assert after == before | {
        "LengthMeters": 5794,
        "TrackType": "Road Course",
        "TrackStatus": "Still In Operation",
        "OpenedYear": 1922,
    }
    assert (after["Latitude"], after["Longitude"]) == (45.618, 9.281)
    assert write(db, circuit_page(pages["Autodromo_Nazionale_di_Monza"])).rows == 0
    assert write_archive(db, recordings, 1950).rows == 0


def test_alonsos_page_adds_to_the_archives_alonso(
    db: Db, pages: dict[str, bytes], recordings: Path
) -> None:
    """A name and a day of birth are one person; no second row."""
    write_archive(db, recordings, 2001)
    before = one(db, "Drivers", "fernando-alonso")
    drivers = len(rows(db, "Drivers"))
    assert write(db, driver_page(pages["Fernando_Alonso"])).rows == 1
    after = one(db, "Drivers", "fernando-alonso")
    assert after == before | {"Nickname": "Teflonso", "PlaceOfBirth": "Oviedo, Spain"}
    assert len(rows(db, "Drivers")) == drivers
    assert write(db, driver_page(pages["Fernando_Alonso"])).rows == 0


def test_pages_of_tracks_and_people_alone_make_nobody(db: Db, pages: dict[str, bytes]) -> None:
    """What they say is kept for whoever needs it."""
    write(db, circuit_page(pages["Autodromo_Nazionale_di_Monza"]))
    write(db, driver_page(pages["Fernando_Alonso"]))
    assert not any(everything(db).values())
    kept = db.execute("SELECT kind, target FROM ingest.claims ORDER BY kind").fetchall()
    assert kept == [("circuit", None), ("driver", None)]
