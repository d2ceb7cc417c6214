"""2023 and 2024 as both sources know them: whose word stands in which column.

What is right is read from the recordings: the archive's tables and OpenF1's answers.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.support import recorded
from tests.support.overlap import fill
from tests.support.product import rows

NULL = r"\N"
YEARS = (2023, 2024)
TABLES = {"race": "results", "sprint": "sprint_results", "qualifying": "qualifying"}
ONLY_THE_ARCHIVES = {
    ("2023 Belgian Grand Prix", "qualifying"): 20,
    ("2023 Singapore Grand Prix", "race"): 1,
    ("2023 Azerbaijan Grand Prix", "sprint"): 1,
    ("2024 Dutch Grand Prix", "qualifying"): 1,
}

_ROWS = """
SELECT d."Slug", to_jsonb(x), e.key, o.key, k.key
FROM "Results" x
JOIN "Entrants" t ON t."Id" = x."EntrantId"
JOIN "Drivers" d ON d."Id" = t."DriverId"
JOIN ingest.claims o ON o.source = 'openf1' AND o.kind = 'session' AND o.target = x."SessionId"
LEFT JOIN ingest.claims e
    ON e.source = 'ergast' AND e.kind = 'session' AND e.target = x."SessionId"
LEFT JOIN ingest.claims k
    ON k.source = 'ergast' AND k.kind = 'driver' AND k.target = d."Id"
"""


@dataclass(frozen=True, repr=False)
class Loaded:
    """Both sources in one database; its rows by session and car, and by the archive's own keys."""

    database: str
    by_car: dict[tuple[str, str], dict[str, Any]]
    by_drive: dict[tuple[str, str], dict[str, Any]]


def look(database: str) -> Loaded:
    """Every row, by what the sources call it."""
    by_car: dict[tuple[str, str], dict[str, Any]] = {}
    by_drive: dict[tuple[str, str], dict[str, Any]] = {}
    found = rows(database, _ROWS)
    for slug, columns, archive_session, session, driver in found:
        row = {**columns, "driver": slug}
        by_car[session, columns["CarNumber"]] = row
        if archive_session and driver:
            by_drive[archive_session, driver] = row
    assert len(by_car) == len(found) == rows(database, 'SELECT count(*) FROM "Results"')[0][0]
    return Loaded(database, by_car, by_drive)


@pytest.fixture(scope="module")
def both(postgres: Postgres, template: str) -> Iterator[Loaded]:
    """The archive over OpenF1; that the order decides nothing is shown elsewhere."""
    with cloned(postgres, template) as database:
        fill(database)
        yield look(database)


def openf1(folder: Path, name: str) -> list[dict[str, Any]]:
    """A collection of both years, as it was recorded."""
    return [
        row
        for year in YEARS
        for row in json.loads((folder / "openf1" / str(year) / f"{name}.json").read_text())
    ]


def archived(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    """The archive's rows of both years, by its keys of session and driver."""
    years = {row["raceId"]: row["year"] for row in recorded.rows(folder, "races")}
    refs = {row["driverId"]: row["driverRef"] for row in recorded.rows(folder, "drivers")}
    return {
        (f"{row['raceId']}/{kind}", refs[row["driverId"]]): row
        for kind, table in TABLES.items()
        for row in recorded.rows(folder, table)
        if int(years[row["raceId"]]) in YEARS
    }


def test_the_rows_are_those_of_both(both: Loaded, recordings: Path) -> None:
    """2,557 that only OpenF1 has, practice and sprint qualifying, and all of the archive's."""
    theirs = archived(recordings)
    assert both.by_drive.keys() >= theirs.keys()
    assert len(both.by_car) == len(theirs) + 2557


def test_rows_that_only_the_archive_has_are_there(both: Loaded, recordings: Path) -> None:
    """Spa's qualifying of 2023 and three men."""
    known = {
        (str(row["session_key"]), str(row["driver_number"]))
        for row in openf1(recordings, "session_result")
    }
    names = {
        row["raceId"]: f"{row['year']} {row['name']}" for row in recorded.rows(recordings, "races")
    }
    keys = {id(row): key for key, row in both.by_car.items()}
    found: dict[tuple[str, str], int] = {}
    for (session, _), row in both.by_drive.items():
        if keys[id(row)] not in known:
            race, kind = session.split("/")
            found[names[race], kind] = found.get((names[race], kind), 0) + 1
    assert found == ONLY_THE_ARCHIVES


def test_places_and_laps_are_openf1s(both: Loaded, recordings: Path) -> None:
    """Where it has a row, whatever the archive says."""
    wrong = []
    for row in openf1(recordings, "session_result"):
        key = str(row["session_key"]), str(row["driver_number"])
        said = both.by_car[key]
        if (said["Position"], said["Laps"]) != (row["position"], row["number_of_laps"]):
            wrong.append(key)
    assert wrong == []


def test_points_are_the_archives(both: Loaded, recordings: Path) -> None:
    """Ten of OpenF1's are wrong upstream."""
    theirs = {
        (str(row["session_key"]), str(row["driver_number"])): row.get("points")
        for row in openf1(recordings, "session_result")
    }
    keys = {id(row): key for key, row in both.by_car.items()}
    wrong, corrected = [], 0
    for key, row in archived(recordings).items():
        if "points" in row:
            said = both.by_drive[key]
            wrong += [key] * (said["Points"] != float(row["points"]))
            other = theirs.get(keys[id(said)])
            corrected += other is not None and other != float(row["points"])
    assert (wrong, corrected) == ([], 10)


def test_the_grid_is_the_archives_or_else_openf1s(both: Loaded, recordings: Path) -> None:
    """Who started from the pit lane has none there: some thirty have OpenF1's."""
    wrong, lent = [], 0
    for key, row in archived(recordings).items():
        if "grid" in row:
            said = both.by_drive[key]["GridPosition"]
            wrong += [key] * (row["grid"] != "0" and said != int(row["grid"]))
            lent += row["grid"] == "0" and said is not None
    assert wrong == []
    assert 25 <= lent <= 40


def test_the_fastest_lap_is_the_archives(both: Loaded, recordings: Path) -> None:
    """Of one man in a race, its number, rank, time and speed; nobody's in any other session."""
    theirs = {key: row for key, row in archived(recordings).items() if "rank" in row}
    wrong = []
    for key, row in theirs.items():
        said = both.by_drive[key]
        right = (
            said["FastestLap"] == (row["rank"] == "1"),
            str(said["FastestLapNumber"] or NULL) == row["fastestLap"],
            str(said["FastestLapRank"] or 0) == row["rank"].replace(NULL, "0"),
            (said["FastestLapTime"] or NULL) == row["fastestLapTime"],
            (said["FastestLapSpeed"] or NULL) == row["fastestLapSpeed"],
        )
        wrong += [key] * (not all(right))
    assert wrong == []
    fastest = sum(row["FastestLap"] for row in both.by_car.values())
    assert fastest == sum(row["rank"] == "1" for row in theirs.values()) > 40


def test_who_retired_has_the_archives_cause(both: Loaded, recordings: Path) -> None:
    """OpenF1 tells that, and how many laps; never why."""
    causes = {row["statusId"]: row["status"] for row in recorded.rows(recordings, "status")}
    wrong, told = [], 0
    for key, row in archived(recordings).items():
        said = both.by_drive[key]
        if "statusId" in row and said["Status"] == 1:
            told += 1
            wrong += [key] * (said["StatusDetail"] != causes[row["statusId"]])
    assert wrong == []
    assert told > 90


def test_times_that_are_impossible_in_both_are_in_none(both: Loaded, recordings: Path) -> None:
    """Spa 2024: the places are there, the times are not."""
    found = [row for (session, _), row in both.by_car.items() if session == "9574"]
    assert len(found) == 20
    assert {(row["Time"], row["TimeMilliseconds"]) for row in found} == {(None, None)}
    assert sum(row["Position"] is not None for row in found) > 15
