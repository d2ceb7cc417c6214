"""Recorded seasons that both sources know: written without any queue, which is quick; and counted
in the recordings themselves, by car, without any of the code under test."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import meetings, writer
from ingestion_core.database.prepare import migrate
from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.types import Origin, Season
from ingestion_core.results import schema
from ingestion_core.results import writer as results
from ingestion_core.sources import ergast, openf1
from ingestion_core.sources.ergast.archive import opened
from ingestion_core.sources.ergast.library import Library, read_library
from ingestion_core.sources.ergast.results import classifications
from ingestion_core.sources.ergast.results import read_results as read_archive
from ingestion_core.sources.ergast.season import season
from ingestion_core.sources.openf1.client import Reply
from ingestion_core.sources.openf1.read import briefs, read_calendar, read_weekend
from ingestion_core.sources.openf1.results import read_grids, read_results
from tests.conftest import recorded_folder

Db = Connection[TupleRow]

YEARS = ("2023", "2024")
#: A session of OpenF1's to the archive's columns of its start, and its table of results.
KINDS = {
    "Race": ("", "results"),
    "Sprint": ("sprint_", "sprint_results"),
    "Qualifying": ("quali_", "qualifying"),
    "Practice 1": ("fp1_", None),
    "Practice 2": ("fp2_", None),
    "Practice 3": ("fp3_", None),
    "Sprint Shootout": ("fp2_", None),
    "Sprint Qualifying": ("fp2_", None),
}
TYPES = {"Race": "RACE", "Sprint": "SPRINT", "Qualifying": "QUALIFYING"}

#: When OpenF1 was asked, and when everything is written.
ASKED = datetime(2025, 5, 1, tzinfo=UTC)
NOW = datetime(2025, 6, 1, tzinfo=UTC)


def fill(conninfo: str) -> None:
    """Both sources' years with their results, OpenF1's first."""
    with opened(str(recorded_folder() / "ergast")) as found:
        library, with_results = read_library(found), read_archive(found)
    with psycopg.connect(conninfo, autocommit=True) as db:
        migrate(db)
        schema.prepare(db)
        for year in YEARS:
            openf1_season(db, year)
        for year in YEARS:
            archive_season(db, season(library, int(year)), with_results)


def openf1_season(db: Db, year: str) -> None:
    """A recorded year of OpenF1's, with its results."""
    listed, sessions, drivers = (
        collection(year, name) for name in ("meetings", "sessions", "drivers")
    )
    answer = _reply("meetings", year, listed)
    calendar, _ = read_calendar(answer, int(year))
    brief = briefs(answer)
    weekends = tuple(
        read_weekend(
            brief[one.key],
            one.slug,
            *(
                _reply(name, one.key, [row for row in rows if str(row["meeting_key"]) == one.key])
                for name, rows in (("sessions", sessions), ("drivers", drivers))
            ),
        )
        for one in calendar.rounds
    )
    origin = Origin(openf1.SOURCE, "sessions", year, ASKED)
    with db.transaction():
        writer.lock_season(db, calendar.series, calendar.year)
        writer.write_calendar(db, calendar)
        writer.write_season(db, Season(origin, calendar.series, calendar.year, weekends, ()), NOW)
    types: dict[str, SessionType] = {
        session.key: session.type for one in weekends for session in one.sessions
    }
    sets, bad = read_results(
        _reply("session_result", year, collection(year, "session_result")), types
    )
    grids, bad_grids = read_grids(
        _reply("starting_grid", year, collection(year, "starting_grid")), types
    )
    with db.transaction():
        rounds = meetings.stored_rounds(db, openf1.SOURCE, openf1.SERIES, int(year))
        results.write(db, rounds, [*sets, *grids], [*bad, *bad_grids], source=openf1.SOURCE)


def archive_season(db: Db, whole: Season, library: Library) -> None:
    """A season of the archive's, with its results from the library that has them."""
    with db.transaction():
        writer.lock_season(db, whole.series, whole.year)
        writer.write_season(db, whole, NOW)
    sets, bad = classifications(library, whole.year)
    with db.transaction():
        rounds = meetings.stored_rounds(db, ergast.SOURCE, whole.series, whole.year)
        results.write(db, rounds, sets, bad, source=ergast.SOURCE)


def _reply(endpoint: str, key: object, rows: list[dict[str, Any]]) -> Reply:
    return Reply(
        endpoint=endpoint,
        key=str(key),
        status=200,
        observed_at=ASKED,
        digest="recorded",
        rows=tuple(rows),
    )


@cache
def archive(table: str) -> list[dict[str, str | None]]:
    """The rows of one of the archive's tables, nulls as None."""
    with (recorded_folder() / "ergast" / f"{table}.csv").open(encoding="utf-8") as file:
        return [
            {name: None if value == "\\N" else value for name, value in row.items()}
            for row in csv.DictReader(file)
        ]


def collection(year: str, name: str) -> list[dict[str, Any]]:
    """The rows of one of OpenF1's collections."""
    place: Path = recorded_folder() / "openf1" / year / f"{name}.json"
    rows: list[dict[str, Any]] = json.loads(place.read_text())
    return rows


def recorded() -> Iterator[tuple[dict[str, Any], dict[str, str | None], str, str]]:
    """OpenF1's sessions with the archive's races, by the round's name; round and session."""
    for year in YEARS:
        rounds = {one["name"]: one for one in archive("races") if one["year"] == year}
        meetings = {one["meeting_key"]: one["meeting_name"] for one in collection(year, "meetings")}
        for session in collection(year, "sessions"):
            race = rounds.get(meetings[session["meeting_key"]])
            if race is not None and session["session_name"] in KINDS:
                yield session, race, f"{year} {race['name']}", session["session_name"]


def lines(year: str) -> dict[int, dict[str, dict[str, Any]]]:
    """OpenF1's results of a year by session and car."""
    found: dict[int, dict[str, dict[str, Any]]] = {}
    for row in collection(year, "session_result"):
        found.setdefault(row["session_key"], {})[str(row["driver_number"])] = row
    return found


def differing(field: str) -> Counter[tuple[str, str]]:
    """Rows of both in which points or positions differ, or rows missing, by round and session."""
    counted: Counter[tuple[str, str]] = Counter()
    theirs = {year: lines(year) for year in YEARS}
    for session, race, round_, name in recorded():
        table = KINDS[name][1]
        if table is None:
            continue
        mine = theirs[round_[:4]].get(session["session_key"], {})
        for row in archive(table):
            if row["raceId"] != race["raceId"]:
                continue
            other = mine.get(row["number"] or "")
            if field == "row":
                counted[round_, TYPES[name]] += other is None
            elif other is not None and (field == "position" or other.get(field) is not None):
                before = row.get(field)
                said = None if before is None else float(before)
                counted[round_, TYPES[name]] += said != other.get(field)
    return +counted
