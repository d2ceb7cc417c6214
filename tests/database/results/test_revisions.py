"""What a changed, silent or doubtful answer does to results that are there."""

from typing import Any

import pytest

from ingestion_core.tasks.app import App
from local.replay.faults import Fault
from local.replay.rows import load as load_rows
from local.replay.server import ReplayServer
from tests.conftest import recorded_folder
from tests.database.conftest import UNLIMITED
from tests.support.product import rows
from tests.support.results import (
    BAHRAIN,
    QUALIFYING,
    RACE,
    SPA,
    SPA_RACE,
    Found,
    change,
    history,
    load,
    only,
    opted,
    quarantined,
    reload,
    results,
    rewritten,
)


def test_a_disqualification_leaves_the_new_truth_its_history_and_the_rest_unwritten(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """Two rows change; the set before is kept, closed."""
    change(replay, 1, position=None, dsq=True, points=0)
    change(replay, 11, position=1, points=25.0)
    item = reload(app, BAHRAIN)
    after = results(database)
    assert (item["outcome"], item["counts"]["rows"], item["counts"]["revised"]) == ("ok", 2, 1)
    assert rewritten(loaded, after) == {(RACE, "1"), (RACE, "11")}
    assert after.keys() == loaded.keys()
    assert (after[RACE, "1"]["Status"], after[RACE, "1"]["Position"]) == (3, None)
    assert (after[RACE, "1"]["Points"], after[RACE, "11"]["Points"]) == (0, 25)
    old, new = history(database, RACE)
    assert (old["superseded_at"] is not None, new["superseded_at"]) == (True, None)
    assert len(history(database, QUALIFYING)) == 1
    place = old["lines"]["car"].index("1")
    assert (old["lines"]["position"][place], new["lines"]["position"][place]) == (1, None)


def test_a_driver_who_is_removed_from_a_classification_loses_his_row_and_nobody_else(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """And back again, with the same id."""
    where = {"session_key": RACE, "driver_number": 77}
    (row,) = [one for one in replay.rows.of("session_result") if where.items() <= one.items()]
    replay.rows.change("session_result", where, remove=True)
    reload(app, BAHRAIN)
    after = results(database)
    assert loaded.keys() - after.keys() == {(RACE, "77")}
    assert rewritten(loaded, after) == set()
    replay.rows.change("session_result", {"session_key": -1}, add=[row])
    reload(app, BAHRAIN)
    again = results(database)
    assert rewritten(loaded, again) == {(RACE, "77")}
    assert again[RACE, "77"]["Id"] == loaded[RACE, "77"]["Id"]
    assert len(history(database, RACE)) == 3


def test_a_swap_and_back_is_three_sets_and_the_first_truth(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """Nothing of the middle one remains in the product."""
    change(replay, 1, position=2)
    change(replay, 11, position=1)
    reload(app, BAHRAIN)
    swapped = results(database)
    assert (swapped[RACE, "11"]["Position"], swapped[RACE, "1"]["Position"]) == (1, 2)
    change(replay, 1, position=1)
    change(replay, 11, position=2)
    reload(app, BAHRAIN)
    after = results(database)
    assert rewritten(loaded, after) == {(RACE, "1"), (RACE, "11")}
    for key, row in loaded.items():
        assert {**row, "xmin": ""} == {**after[key], "xmin": ""}
    digests = [one["digest"] for one in history(database, RACE)]
    assert digests[0] == digests[2] != digests[1]


def test_what_a_revision_says_nothing_of_any_more_is_gone(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """A place on the grid, or points, of the set before belong to it alone."""
    assert loaded[RACE, "1"]["GridPosition"] is not None
    replay.rows.change(
        "starting_grid", {"session_key": QUALIFYING, "driver_number": 1}, {"position": None}
    )
    change(replay, 1, points=None)
    reload(app, BAHRAIN)
    after = results(database)
    assert (after[RACE, "1"]["GridPosition"], after[RACE, "1"]["Points"]) == (None, None)


def test_the_corrected_times_of_spa_2024_take_the_place_of_none(
    database: str, azurite: str
) -> None:
    """Session 9574 as recorded, then with the winner's real time; who has none is not written."""
    folder = recorded_folder() / "openf1" / "2024"
    with ReplayServer(load_rows([folder]), limits=UNLIMITED) as replay:
        only(replay, SPA)
        app = opted(database, azurite, replay)
        shown = load(app)
        (item,) = [one for one in shown["items"] if one["task"] == "load_results"]
        assert (item["outcome"], item["state"]) == ("doubted", "done")
        before = results(database)
        assert {one["Time"] for (key, _), one in before.items() if key == SPA_RACE} == {None}
        kept = rows(database, "SELECT session, facet, reason, row FROM spoilers.quarantine")
        assert [one[:3] for one in kept] == [("9574", "classification", "impossible-times")]
        (lost,) = kept[0][3]["rows"]
        assert (len(lost["car"]), 526 in lost["milliseconds"]) == (20, True)
        for row in list(replay.rows.of("session_result")):
            if row["session_key"] == SPA_RACE and row["duration"] is not None:
                fields = {"duration": row["duration"] + 4797.0}
                replay.rows.change("session_result", {**row}, fields)
        assert reload(app, SPA)["outcome"] == "ok"
        after = results(database)
        app.close()
    timed = {key for key, one in after.items() if key[0] == SPA_RACE and one["TimeMilliseconds"]}
    assert len(timed) == 19
    assert rewritten(before, after) == timed
    winner = next(after[key] for key in timed if after[key]["Position"] == 1)
    assert (winner["TimeMilliseconds"], winner["Time"]) == (4797526, "01:19:57.526")
    assert len(history(database, SPA_RACE)) == 2


@pytest.mark.parametrize("kind", ["empty_list", "not_found"])
def test_silence_after_a_full_load_removes_nothing(
    app: App, replay: ReplayServer, database: str, loaded: Found, kind: Any
) -> None:
    """[] and 404 alike: asked and empty, on record, to be asked again."""
    for path in ("/v1/session_result", "/v1/starting_grid"):
        replay.faults.add(Fault(kind=kind, match=path))
    item = reload(app, BAHRAIN)
    assert (item["state"], item["counts"]["rows"]) == ("done", 0)
    assert results(database) == loaded
    found = rows(
        database,
        "SELECT outcome, next_at IS NOT NULL FROM ingest.fetches WHERE resource = 'session_result'",
    )
    assert found == [("empty", True)]


@pytest.mark.parametrize(("left", "replaced"), [(9, False), (10, True)])
def test_under_half_the_rows_replaces_nothing_and_is_reported(
    app: App, replay: ReplayServer, database: str, loaded: Found, left: int, replaced: bool
) -> None:
    """Half is believed, less is doubted: kept apart with its lines."""
    cars = sorted(int(car) for key, car in loaded if key == RACE)
    for car in cars[left:]:
        replay.rows.change(
            "session_result", {"session_key": RACE, "driver_number": car}, remove=True
        )
    item = reload(app, BAHRAIN)
    after = results(database)
    assert item["outcome"] == ("ok" if replaced else "doubted")
    assert len(after) == (100 - (20 - left) if replaced else 100)
    assert rewritten(loaded, after) == set()
    doubted = [(str(RACE), "classification", "", "much-shorter")]
    assert quarantined(database) == ([] if replaced else doubted)


def test_a_car_twice_replaces_nothing_and_is_reported(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """A stale row at the end of a shorter table."""
    (row,) = [
        one
        for one in replay.rows.of("session_result")
        if (one["session_key"], one["driver_number"]) == (RACE, 1)
    ]
    change(replay, 44, position=None)
    replay.rows.change("session_result", {"session_key": -1}, add=[{**row, "position": 20}])
    item = reload(app, BAHRAIN)
    assert (item["outcome"], item["counts"]["rows"]) == ("doubted", 0)
    assert results(database) == loaded
    assert quarantined(database) == [(str(RACE), "classification", "", "car-twice")]


def test_an_unreadable_row_takes_nothing_from_whom_it_is_about(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """Twice the same fault is no error either; the neighbours follow the answer."""
    change(replay, 44, position="ZZ\x00")
    change(replay, 1, points=77)
    (row,) = [
        one
        for one in replay.rows.of("session_result")
        if (one["session_key"], one["driver_number"]) == (RACE, 44)
    ]
    replay.rows.change("session_result", {"session_key": -1}, add=[{**row, "points": 3}])
    item = reload(app, BAHRAIN)
    after = results(database)
    assert (item["state"], item["error"], item["counts"]["rows"]) == ("done", None, 1)
    assert after[RACE, "44"] == loaded[RACE, "44"]
    assert after[RACE, "1"]["Points"] == 77
    key = f"session_key={RACE} driver_number=44"
    assert quarantined(database) == [(str(RACE), "classification", key, "unreadable: position")]
    ((kept,),) = rows(database, "SELECT row FROM spoilers.quarantine")
    assert [one["points"] for one in kept["rows"]] == [row["points"], 3]


def test_a_number_without_an_entrant_is_nobodys_and_counted(
    app: App, replay: ReplayServer, database: str
) -> None:
    """In a classification and on a grid; named by its car, never by its place."""
    where = {"meeting_key": BAHRAIN, "driver_number": 44}
    assert replay.rows.change("drivers", where, {"driver_number": 45}) == 5
    shown = load(app)
    (item,) = [one for one in shown["items"] if one["task"] == "load_results"]
    assert item["counts"]["results"] == 95
    assert item["counts"]["quarantined"] == 6
    assert {key[1] for key in results(database)}.isdisjoint({"44", "45"})
    found = quarantined(database)
    assert {one[2:] for one in found} == {("car=44", "no-entry-with-this-car")}
    assert [one[:2] for one in found if one[1] == "grid"] == [(str(QUALIFYING), "grid")]
