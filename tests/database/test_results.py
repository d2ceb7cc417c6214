"""Results for those who ask: whole recorded seasons, mapped, each on the right person."""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.replay.rows import load as load_rows
from local.replay.server import ReplayServer
from local.stack.postgres import Postgres
from tests.conftest import cloned, recorded_folder
from tests.database.conftest import UNLIMITED
from tests.support.product import rows, written
from tests.support.results import Found, load, opted, results

EXPECTED = {2023: (2171, 89), 2024: (2441, 101)}
SETS_GRID = {"Race": {"Qualifying"}, "Sprint": {"Sprint Qualifying", "Sprint Shootout"}}


@dataclass(frozen=True)
class Season:
    """A recorded season, loaded with its results; and what was recorded."""

    year: int
    database: str
    run: dict[str, Any]
    requests: int
    folder: Path
    found: Found

    def recorded(self, name: str) -> list[dict[str, Any]]:
        """The rows of a collection, as they were recorded."""
        read: list[dict[str, Any]] = json.loads((self.folder / f"{name}.json").read_text())
        return read


@pytest.fixture(scope="module", params=sorted(EXPECTED))
def season(
    request: pytest.FixtureRequest, postgres: Postgres, template: str, azurite: str
) -> Iterator[Season]:
    """Loaded once for all tests of this file."""
    year: int = request.param
    place = recorded_folder() / "openf1" / str(year)
    with (
        cloned(postgres, template) as database,
        ReplayServer(load_rows([place]), limits=UNLIMITED) as replay,
    ):
        app = opted(database, azurite, replay)
        run = load(app, year)
        app.close()
        found = results(database)
        yield Season(year, database, run, len(replay.requests), place, found)


def words(name: str) -> frozenset[str]:
    """The words of a name without accents and capitals, as a set: orders differ."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return frozenset(plain.casefold().split())


def test_every_recorded_row_is_stored_in_so_many_requests(season: Season) -> None:
    """One question for the year, two for a meeting, two for its results."""
    assert (season.run["state"], season.run["last_error"]) == ("done", None)
    assert (len(season.found), season.requests) == EXPECTED[season.year]
    assert season.run["totals"]["requests"] == season.requests


def test_every_result_is_on_the_person_who_had_that_number_in_that_session(season: Season) -> None:
    """Checked against the recorded driver lists, not against what was made of them."""
    listed: dict[tuple[int, int], set[frozenset[str]]] = {}
    names = dict(rows(season.database, 'SELECT "Slug", "LastName" FROM "Drivers"'))
    for row in season.recorded("drivers"):
        # Budapest's first practice lists Formula 3's drivers under the numbers of Formula 1's:
        # its numbers are those of the meeting's other sessions.
        keys = [row["session_key"]] if row["session_key"] != 9223 else []
        keys += [9223] if row["meeting_key"] == 1215 and keys else []
        for key in keys if row["full_name"] else []:
            listed.setdefault((key, row["driver_number"]), set()).add(words(row["full_name"]))
    for row in season.recorded("session_result"):
        session, car = row["session_key"], row["driver_number"]
        surname = words(names[season.found[session, str(car)]["driver"]])
        assert any(surname <= one for one in listed[session, car]), f"{session}, car {car}"


def test_position_laps_and_points_are_the_recorded_ones(season: Season) -> None:
    """0 is 0, absent is null; nobody without a position has one."""
    for row in season.recorded("session_result"):
        stored = season.found[row["session_key"], str(row["driver_number"])]
        mine = (stored["Position"], stored["Laps"], stored["Points"])
        theirs = (row.get("position"), row.get("number_of_laps"), row.get("points"))
        assert mine == theirs, f"session {row['session_key']}, car {row['driver_number']}"
        assert (stored["Status"] == 0) is (row.get("position") is not None)


def test_the_grid_of_a_race_is_the_one_that_its_own_qualifying_set(season: Season) -> None:
    """Qualifying sets the race's, the Shootout or Sprint Qualifying the sprint's."""
    sessions = {one["session_key"]: one for one in season.recorded("sessions")}
    grids = {
        (sessions[one["session_key"]]["meeting_key"], one["session_key"], one["driver_number"]): one
        for one in season.recorded("starting_grid")
    }
    told = 0
    for (key, car), stored in season.found.items():
        session = sessions[key]
        setters = SETS_GRID.get(session["session_name"], set())
        expected = [
            row["position"]
            for (meeting, setter, number), row in grids.items()
            if meeting == session["meeting_key"]
            and str(number) == car
            and sessions[setter]["session_name"] in setters
        ]
        assert stored["GridPosition"] == (expected[0] if expected else None), f"{key}, car {car}"
        told += stored["GridPosition"] is not None
    assert told > 400


def test_nobody_has_the_fastest_lap(season: Season) -> None:
    """OpenF1 does not say whose it was."""
    assert {stored["FastestLap"] for stored in season.found.values()} == {False}


def test_a_second_backfill_with_results_writes_nothing(season: Season, azurite: str) -> None:
    """By the server's own counters of rows inserted, updated and deleted, in any table."""
    before = written(season.database, swept=True)
    with ReplayServer(load_rows([season.folder]), limits=UNLIMITED) as replay:
        app = opted(season.database, azurite, replay)
        run = load(app, season.year)
        app.close()
    assert run["state"] == "done"
    assert sum(item["counts"].get("rows", 0) for item in run["items"]) == 0
    assert written(season.database) == before
    assert before["Results"][:3] == (EXPECTED[season.year][0], 0, 0), "the counters had not come"


def test_counts_of_items_are_counts(season: Season) -> None:
    """Whole numbers under names of ours, and nothing else, in any item."""
    found = rows(season.database, "SELECT counts, outcome, error_code FROM ingest.items")
    known = {
        *("requests", "meetings", "rounds", "sessions", "entrants", "rows", "quarantined"),
        *("shrunk", "results", "revised"),
    }
    for counts, outcome, error in found:
        assert set(counts) <= known
        assert {type(value) for value in counts.values()} <= {int}
        assert (outcome in {"ok", "doubted", "shrunk", "empty"}, error) == (True, None)


def test_what_a_recording_gets_wrong_is_set_apart(season: Season) -> None:
    """Spa 2024 has impossible times; whoever is no entrant of the session, a name by his car."""
    found = rows(
        season.database,
        "SELECT session, reason, count(*)::int, min(row_key) FROM spoilers.quarantine"
        " GROUP BY 1, 2 ORDER BY 1, 2",
    )
    impossible = [one[0] for one in found if one[1] == "impossible-times"]
    assert impossible == ([] if season.year == 2023 else ["9574"])
    keys = rows(season.database, "SELECT row_key FROM spoilers.quarantine WHERE row_key <> ''")
    assert not [key for (key,) in keys if not key.startswith("car=")]


def test_spa_qualifying_of_2023_stays_empty_and_budapest_is_on_the_regulars(
    season: Season,
) -> None:
    """9135 has no results upstream; 9223's are those of the meeting's other sessions' drivers."""
    if season.year != 2023:
        assert not [key for key in season.found if key[0] in (9135, 9223)]
        return
    assert not [key for key in season.found if key[0] == 9135]
    budapest = {car: one["driver"] for (key, car), one in season.found.items() if key == 9223}
    race = {car: one["driver"] for (key, car), one in season.found.items() if key == 9133}
    assert len(budapest) == 20
    assert budapest == race


def test_disqualified_after_the_race_is_disqualified(season: Season) -> None:
    """Austin 2023's cars 44 and 16, Spa 2024's car 63: a time, no position, no flag."""
    sessions = {one["session_key"]: one for one in season.recorded("sessions")}
    found = {
        (sessions[key]["location"], car)
        for (key, car), stored in season.found.items()
        if stored["Status"] == 3 and sessions[key]["session_name"] == "Race"
    }
    assert found >= (
        {("Austin", "44"), ("Austin", "16")}
        if season.year == 2023
        else {("Spa-Francorchamps", "63")}
    )
