"""The whole archive's results in an empty database, held against the recorded tables."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ingestion_core.catalog import writer as catalog
from ingestion_core.catalog.meetings import stored_rounds
from ingestion_core.results import writer
from ingestion_core.sources.ergast import SERIES, SOURCE
from ingestion_core.sources.ergast.archive import opened
from ingestion_core.sources.ergast.library import Library
from ingestion_core.sources.ergast.results import classifications, read_results
from local.stack.postgres import Postgres
from tests.conftest import cloned, recorded_folder
from tests.support import recorded
from tests.support.product import rows, written
from tests.support.whole_archive import WholeArchive

NULL = r"\N"
TABLES = {"race": "results", "sprint": "sprint_results", "qualifying": "qualifying"}
TYPES = {"qualifying": 3, "sprint": 5, "race": 6}
#: What the letters of positionText mean: the product's numbers of a status.
STATUSES = {"R": 1, "D": 3, "E": 3, "F": 2, "W": 2, "N": 4}

#: Race and driver, by their ids in the archive.
Drive = tuple[str, str]

_ROWS = """
SELECT c.key, d.key, to_jsonb(x)
FROM "Results" x
JOIN ingest.claims c ON c.source = 'ergast' AND c.kind = 'session' AND c.target = x."SessionId"
JOIN "Entrants" e ON e."Id" = x."EntrantId"
JOIN ingest.claims d ON d.source = 'ergast' AND d.kind = 'driver' AND d.target = e."DriverId"
"""


@dataclass(repr=False)
class Archive:
    """The archive, stored; and what storing its results came to, twice."""

    database: str
    folder: Path
    first: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)
    wal: int = 0
    found: dict[str, dict[Drive, dict[str, Any]]] = field(default_factory=dict)

    def recorded(self, kind: str) -> dict[Drive, list[dict[str, str]]]:
        """The recorded rows of a kind of session; several where somebody drove several cars."""
        return drives_of(self.folder, TABLES[kind])

    def race(self, year: int, name: str) -> str:
        """The id of a race."""
        (found,) = [
            row["raceId"]
            for row in recorded.rows(self.folder, "races")
            if (row["year"], row["name"]) == (str(year), name)
        ]
        return found

    def driver(self, ref: str) -> str:
        """The id of a driver."""
        (found,) = [
            row["driverId"]
            for row in recorded.rows(self.folder, "drivers")
            if row["driverRef"] == ref
        ]
        return found


@cache
def drives_of(folder: Path, table: str) -> dict[Drive, list[dict[str, str]]]:
    """The recorded rows of a table by race and driver."""
    drives: dict[Drive, list[dict[str, str]]] = defaultdict(list)
    for row in recorded.rows(folder, table):
        drives[row["raceId"], row["driverId"]].append(row)
    return drives


def write_results(db: psycopg.Connection, library: Library) -> Counter[str]:
    """Each season's results in a transaction of its own; all counts."""
    counts: Counter[str] = Counter()
    for year in sorted(library.races):
        sets, unreadable = classifications(library, year)
        with db.transaction():
            catalog.lock_season(db, SERIES, year)
            rounds = stored_rounds(db, SOURCE, SERIES, year)
            done = writer.write(db, rounds, sets, unreadable, source=SOURCE)
        for name in ("results", "rows", "revised", "refused", "quarantined", "folded"):
            counts[name] += getattr(done, name)
    return counts


def wal(db: psycopg.Connection) -> int:
    """Bytes of write-ahead log so far."""
    row = db.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone()
    return int(row[0]) if row else 0


@pytest.fixture(scope="module")
def archive(postgres: Postgres, whole_archive: WholeArchive) -> Iterator[Archive]:
    """Stored once; its results a second time, without any queue."""
    folder = recorded_folder()
    with cloned(postgres, whole_archive.name) as database:
        made = Archive(database, folder, first=whole_archive.counts("load_season_results"))
        with opened(str(folder / "ergast")) as files:
            results = read_results(files)
        with psycopg.connect(database, autocommit=True) as db:
            mark = wal(db)
            made.again = write_results(db, results)
            made.wal = wal(db) - mark
            db.execute("ANALYZE")  # for the tests' own questions
        refs = {row["driverRef"]: row["driverId"] for row in recorded.rows(folder, "drivers")}
        made.found = {kind: {} for kind in TABLES}
        for key, driver, columns in rows(database, _ROWS):
            race, kind = key.split("/")
            made.found[kind][race, refs[driver]] = columns
        yield made


def test_every_recorded_row_is_stored_but_for_the_drives_that_are_folded(archive: Archive) -> None:
    """91 of them: the counts of facts, by kind of session, in the product's own table."""
    stored = rows(
        archive.database,
        'SELECT s."Type", count(*)::int FROM "Results" x'
        ' JOIN "Sessions" s ON s."Id" = x."SessionId" GROUP BY 1 ORDER BY 1',
    )
    assert stored == [(3, 10494), (5, 360), (6, 26668)]
    # What is set apart are the impossible times of Spa 2024, the set as a whole.
    counted = {"results": 37522, "rows": 37522, "revised": 1637, "folded": 91, "quarantined": 1}
    assert {name: archive.first[name] for name in counted} == counted
    assert {kind: len(its) for kind, its in archive.found.items()} == {
        kind: len(archive.recorded(kind)) for kind in TABLES
    }
    kept = rows(archive.database, "SELECT session, row_key, reason FROM spoilers.quarantine")
    spa = archive.race(2024, "Belgian Grand Prix")
    assert kept == [(f"{spa}/race", "", "impossible-times")]


def test_writing_it_again_changes_no_row_and_logs_next_to_nothing(archive: Archive) -> None:
    """By our count, the server's counters, and the write-ahead log."""
    assert {name: archive.again[name] for name in ("rows", "revised", "folded")} == {
        "rows": 0,
        "revised": 0,
        "folded": 91,
    }
    assert archive.again["results"] == 37522
    # A clone's counters begin anew.
    assert written(archive.database)["Results"][:3] == (0, 0, 0)
    assert archive.wal < 100_000


def test_a_race_is_stored_as_it_was_recorded(archive: Archive) -> None:
    """Every column of everybody with a single drive; the archive's texts to the letter."""
    statuses = {row["statusId"]: row["status"] for row in recorded.rows(archive.folder, "status")}
    wrong = []
    spa = archive.race(2024, "Belgian Grand Prix")
    for kind in ("race", "sprint"):
        for key, drives in archive.recorded(kind).items():
            if len(drives) == 1:
                wanted = _result(drives[0], statuses)
                wanted |= {"TimeMilliseconds": None} if key[0] == spa else {}
                wrong += [key] * (wanted != _said(archive.found[kind][key]))
    assert wrong == []


def _null(text: str | None) -> str | None:
    return None if text in (None, NULL) else text


def _whole(text: str | None) -> int | None:
    return None if _null(text) is None else int(text or 0)


def _result(row: dict[str, str], statuses: dict[str, str]) -> dict[str, Any]:
    """What the product should say of a recorded row; a sprint's has no rank and no speed."""
    text, detail = row["positionText"], statuses[row["statusId"]]
    return {
        "Position": _whole(row["position"]) if text.isdecimal() else None,
        "Status": 0 if text.isdecimal() else STATUSES[text],
        "Points": float(row["points"]),
        "GridPosition": int(row["grid"]) or None,
        "Laps": int(row["laps"]),
        "TimeMilliseconds": _whole(row["milliseconds"]),
        "FastestLap": row.get("rank") == "1",
        "FastestLapNumber": _whole(row["fastestLap"]),
        "FastestLapRank": _whole(row.get("rank")) or None,
        "FastestLapTime": _null(row["fastestLapTime"]),
        "FastestLapSpeed": _null(row.get("fastestLapSpeed")),
        "StatusDetail": None if detail == "Finished" else detail,
        "CarNumber": _null(row["number"]),
        "Q": (None, None, None),
        "LapsLed": None,
    }


def _said(columns: dict[str, Any]) -> dict[str, Any]:
    keys = {"Id", "SessionId", "EntrantId", "Time"}
    q = tuple(columns[f"Q{number}Time"] for number in (1, 2, 3))
    segments = {"Q1Time", "Q2Time", "Q3Time"}
    return {name: columns[name] for name in columns.keys() - keys - segments} | {"Q": q}


def test_a_qualifying_is_stored_as_it_was_recorded(archive: Archive) -> None:
    """Places and three times, to the letter."""
    wrong = []
    for key, (row,) in archive.recorded("qualifying").items():
        said = archive.found["qualifying"][key]
        right = (
            said["Position"] == int(row["position"]),
            said["Status"] == 0,
            [said[f"Q{one}Time"] for one in (1, 2, 3)]
            == [_null(row[f"q{one}"]) or None for one in (1, 2, 3)],
            said["CarNumber"] == _null(row["number"]),
            (said["Points"], said["Time"], said["GridPosition"], said["Laps"]) == (None,) * 4,
        )
        wrong += [key] * (not all(right))
    assert wrong == []


def test_the_time_of_a_race_is_its_milliseconds(archive: Archive) -> None:
    """Whole times, never the gap that the archive's text has."""
    stored = rows(
        archive.database,
        """SELECT count(*)::int, count(*) FILTER (
               WHERE extract(epoch FROM "Time") * 1000 = "TimeMilliseconds")::int
           FROM "Results" WHERE "Time" IS NOT NULL OR "TimeMilliseconds" IS NOT NULL""",
    )
    spa = archive.race(2024, "Belgian Grand Prix")
    timed = sum(
        any(_null(row["milliseconds"]) for row in drives)
        for kind in ("race", "sprint")
        for (race, _), drives in archive.recorded(kind).items()
        if race != spa
    )
    assert stored == [(timed, timed)]


def test_of_several_drives_the_best_counts_and_the_others_are_told(archive: Archive) -> None:
    """85 men: the lowest place, the points of all drives, every other car and its laps."""
    shared = {key: its for key, its in archive.recorded("race").items() if len(its) > 1}
    assert (len(shared), sum(len(its) - 1 for its in shared.values())) == (85, 91)
    wrong = []
    for key, drives in shared.items():
        said = archive.found["race"][key]
        places = [int(row["position"]) for row in drives if _null(row["position"])]
        best = [row for row in drives if row["number"] == said["CarNumber"]]
        told = [
            f"car {row['number']}: " in said["StatusDetail"] for row in drives if row not in best
        ]
        laps = [f"{row['laps']} lap" in said["StatusDetail"] for row in drives if row not in best]
        right = (
            said["Position"] == min(places, default=None),
            said["Points"] == round(sum(float(row["points"]) for row in drives), 2),
            [said["Laps"]] == [int(row["laps"]) for row in best],
            bool(places) or said["Laps"] == max(int(row["laps"]) for row in drives),
            len(told) == len(drives) - 1,
            all(told),
            all(laps),
        )
        wrong += [key] * (not all(right))
    assert wrong == []


def test_fangios_argentina_of_1956_is_a_win(archive: Archive) -> None:
    """His own car failed; he won in another's."""
    key = archive.race(1956, "Argentine Grand Prix"), archive.driver("fangio")
    drives = archive.recorded("race")[key]
    said = archive.found["race"][key]
    right = (
        len(drives) == 2,
        (said["Position"], said["Status"]) == (1, 0),
        said["Points"] == sum(float(row["points"]) for row in drives) > 0,
        "also drove car 30" in said["StatusDetail"],
    )
    assert all(right)


def test_a_number_in_the_text_of_a_place_is_no_place(archive: Archive) -> None:
    """Melbourne 2005: two were classified there without a position."""
    race = archive.race(2005, "Australian Grand Prix")
    odd = [
        key
        for key, (row, *_) in archive.recorded("race").items()
        if row["positionText"].isdecimal() and row["position"] == NULL
    ]
    assert len([key for key in odd if key[0] == race]) == 2
    said = [archive.found["race"][key] for key in odd]
    assert {(one["Position"], one["Status"]) for one in said} == {(None, 0)}


def test_no_points_are_0_and_never_nothing(archive: Archive) -> None:
    """As often as the archive says so."""
    for kind in ("race", "sprint"):
        points = [
            sum(float(row["points"]) for row in drives)
            for drives in archive.recorded(kind).values()
        ]
        said = [one["Points"] for one in archive.found[kind].values()]
        assert (said.count(None), said.count(0)) == (0, points.count(0))


def test_a_race_has_at_most_one_fastest_lap(archive: Archive) -> None:
    """One where the archive ranks them, which it does from 2004 on."""
    ranked = {
        key[0]
        for key, drives in archive.recorded("race").items()
        if any(row["rank"] == "1" for row in drives)
    }
    fastest = Counter(race for (race, _), one in archive.found["race"].items() if one["FastestLap"])
    assert set(fastest) == ranked
    assert set(fastest.values()) == {1}
    assert len(ranked) > 400
    assert not any(
        one["FastestLap"]
        for kind in ("sprint", "qualifying")
        for one in archive.found[kind].values()
    )
