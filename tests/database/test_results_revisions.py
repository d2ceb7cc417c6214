"""What becomes of results when anything changes: revisions, silence, entry lists, errors."""

import os
import random
import subprocess
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest

from ingestion_core.errors import Conflict
from ingestion_core.results.errors import ResultsDatabaseError
from ingestion_core.tasks import backfill, load_results, opt_in
from ingestion_core.tasks.app import App
from ingestion_core.tasks.discover import tick
from ingestion_core.work import runs
from ingestion_core.work.messages import Message
from local.replay.faults import Fault
from local.replay.rows import load as load_rows
from local.replay.server import ReplayServer
from tests.conftest import recorded_folder
from tests.database.conftest import UNLIMITED
from tests.support.drain import deliver, drain, letters
from tests.support.product import dump, rows
from tests.support.results import (
    Found,
    load,
    only,
    opted,
    reload,
    results,
    spoiling_requests,
)
from tests.support.work import at_once

BAHRAIN, QUALIFYING, RACE = 1229, 9468, 9472
SPA, SPA_RACE = 1242, 9574


@pytest.fixture
def replay() -> Iterator[ReplayServer]:
    """OpenF1 with one race weekend."""
    with ReplayServer(limits=UNLIMITED) as server:
        only(server, BAHRAIN)
        yield server


@pytest.fixture
def app(database: str, azurite: str, replay: ReplayServer) -> Iterator[App]:
    """The app with results opted into."""
    made = opted(database, azurite, replay)
    yield made
    made.close()


@pytest.fixture
def loaded(app: App, database: str) -> Found:
    """The weekend, loaded with its results."""
    assert load(app)["state"] == "done"
    found = results(database)
    assert len(found) == 100
    return found


def change(replay: ReplayServer, car: int, session: int = RACE, **fields: object) -> None:
    """Change a car's result upstream."""
    where = {"session_key": session, "driver_number": car}
    assert replay.rows.change("session_result", where, fields) == 1


def rewritten(before: Found, after: Found) -> set[tuple[int, str]]:
    """The rows of both that were written to in between, even if with the same values."""
    return {
        key for key in before.keys() & after.keys() if before[key]["xmin"] != after[key]["xmin"]
    }


def quarantined(database: str) -> list[tuple[Any, ...]]:
    """Session, facet, row and reason of what was set apart."""
    return rows(
        database,
        "SELECT session, facet, row_key, reason FROM spoilers.quarantine ORDER BY 1, 2, 3, 4",
    )


def history(database: str, session: int, facet: str = "classification") -> list[dict[str, Any]]:
    """A session's sets, the oldest first."""
    return [
        row[0]
        for row in rows(
            database,
            'SELECT to_jsonb(c) FROM spoilers.classifications c JOIN "Sessions" s'
            ' ON s."Id" = c.session WHERE s."OpenF1SessionKey" = %s AND c.facet = %s'
            " ORDER BY c.classification",
            session,
            facet,
        )
    ]


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


def test_the_fastest_lap_is_never_touched(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """Whoever sets it knows more than OpenF1: it stays through a revision of its row."""
    assert {one["FastestLap"] for one in loaded.values()} == {False}
    with psycopg.connect(database) as db:
        db.execute(
            """UPDATE "Results" SET "FastestLap" = true, "FastestLapRank" = 1 WHERE "Id" = %s""",
            (loaded[RACE, "1"]["Id"],),
        )
    change(replay, 1, points=20)
    reload(app, BAHRAIN)
    after = results(database)[RACE, "1"]
    assert (after["FastestLap"], after["FastestLapRank"], after["Points"]) == (True, 1, 20)


def test_a_row_that_stood_there_before_keeps_its_id_and_what_no_source_says(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """An earlier import's points and grid outlast ours where ours are silent, every time."""
    with psycopg.connect(database) as db:
        db.execute("DELETE FROM spoilers.written")
        db.execute(
            """UPDATE "Results" SET "LapsLed" = 7, "Points" = 4 WHERE "Id" = %s""",
            (loaded[RACE, "1"]["Id"],),
        )
    change(replay, 1, points=None)
    for _ in range(2):
        reload(app, BAHRAIN)
        after = results(database)[RACE, "1"]
        assert (after["LapsLed"], after["Points"]) == (7, 4)
        assert after["Id"] == loaded[RACE, "1"]["Id"]
        change(replay, 11, points=17)


def test_a_changed_entry_list_moves_results_without_a_request_and_leaves_nobody_anothers(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """Car 1 was somebody else all along: he gets the row, and who lost it goes."""
    assert loaded[RACE, "1"]["driver"] == "max-verstappen"
    replay.rows.change(
        "drivers",
        {"meeting_key": BAHRAIN, "driver_number": 1},
        {
            "full_name": "Jake DENNIS",
            "first_name": "Jake",
            "last_name": "Dennis",
            "name_acronym": "DEN",
            "broadcast_name": "J DENNIS",
        },
    )
    asked = len(spoiling_requests(replay))
    backfill.meeting(app, BAHRAIN)
    drain(app)
    after = results(database)
    assert len(spoiling_requests(replay)) == asked
    assert {one["driver"] for (_, car), one in after.items() if car == "1"} == {"jake-dennis"}
    assert after[RACE, "1"]["Position"] == 1
    others = {key for key in loaded if key[1] != "1"}
    assert {key: after[key] for key in others} == {key: loaded[key] for key in others}
    entered = rows(
        database,
        'SELECT d."Slug" FROM "Entrants" e JOIN "Drivers" d ON d."Id" = e."DriverId"',
    )
    assert ("jake-dennis",) in entered
    assert ("max-verstappen",) not in entered


def test_two_who_change_numbers_change_their_whole_rows(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """Grid and points too: nothing of the other's remains, not even where one has none."""
    replay.rows.change(
        "starting_grid", {"session_key": QUALIFYING, "driver_number": 2}, {"position": None}
    )
    change(replay, 2, points=None)
    reload(app, BAHRAIN)
    for session in {one["session_key"] for one in replay.rows.of("drivers")}:
        for car, other in ((1, 1002), (2, 1), (1002, 2)):
            replay.rows.change(
                "drivers", {"session_key": session, "driver_number": car}, {"driver_number": other}
            )
    backfill.meeting(app, BAHRAIN)
    drain(app)
    after = results(database)
    assert after[RACE, "2"]["driver"] == loaded[RACE, "1"]["driver"]
    assert after[RACE, "1"]["driver"] == loaded[RACE, "2"]["driver"]
    assert (after[RACE, "2"]["GridPosition"], after[RACE, "2"]["Points"]) == (None, None)
    assert after[RACE, "1"]["GridPosition"] == loaded[RACE, "1"]["GridPosition"]


def test_results_that_come_before_the_entries_are_withheld_and_then_come(
    app: App, replay: ReplayServer, database: str
) -> None:
    """No request is made for them; whoever stores the entries asks again."""
    with app.transaction() as db:
        run = runs.start(db, "test", {}, [opt_in.wanted_results(str(BAHRAIN), "x", ask=True)])
    app.release("openf1")
    drain(app)
    (item,) = backfill.show_run(app, run)["items"]
    assert (item["state"], item["outcome"]) == ("withheld", "no-entries")
    assert spoiling_requests(replay) == []
    load(app)
    assert len(results(database)) == 100


def test_twice_out_of_order_and_at_once_come_to_the_same_rows(
    app: App, replay: ReplayServer, database: str
) -> None:
    """Several instances at once, messages shuffled and delivered twice."""
    backfill.backfill(app, [2024], {"years": 2024}, include_results=True)
    chance = random.Random(3)
    while batch := letters(app):
        batch *= 2
        chance.shuffle(batch)
        at_once(*(partial(deliver, app, *one) for one in batch))
    first = results(database)
    assert len(first) == 100
    before = dump(database)
    with app.transaction() as db:
        for place in range(3):
            one = opt_in.wanted_results(str(BAHRAIN), "x", ask=place > 0)
            runs.start(db, "test", {}, [one])
            # Running, so that the next is no twin of it.
            db.execute(
                "UPDATE ingest.items SET state = 'running', release = 1, started_at = now()"
                " WHERE state = 'waiting'"
            )
        copies = [
            Message(item=item, release=1, key=str(BAHRAIN))
            for (item,) in db.execute("SELECT item FROM ingest.items WHERE state = 'running'")
        ]
    assert len(copies) == 3
    at_once(*(partial(deliver, app, opt_in.TASK, one) for one in copies))
    assert results(database) == first
    assert dump(database) == before


def test_an_answer_that_was_asked_for_earlier_and_comes_later_changes_nothing(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """What is on record was observed later: the older set is no revision."""
    with psycopg.connect(database) as db:
        db.execute(
            "UPDATE ingest.fetches SET observed_at = observed_at + interval '1 hour'"
            " WHERE resource = 'session_result'"
        )
    change(replay, 1, position=20)
    reload(app, BAHRAIN)
    assert results(database) == loaded


def near(replay: ReplayServer, last_end: datetime) -> list[datetime]:
    """Move the weekend so that its last session ends then, a day between two; all the ends."""
    sessions = sorted(replay.rows.of("sessions"), key=lambda one: str(one["date_start"]))
    ends = [last_end - timedelta(days=ago) for ago in reversed(range(len(sessions)))]
    for one, end in zip(sessions, ends, strict=True):
        times = {"date_start": (end - timedelta(hours=1)).isoformat(), "date_end": end.isoformat()}
        replay.rows.change("sessions", {"session_key": one["session_key"]}, times)
    return ends


def test_the_embargo_withholds_each_session_until_its_own_end_is_long_enough_ago(
    app: App, database: str, replay: ReplayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the timer asks, without anybody's doing; and 1, 3, 7, 30, 90 and 180 days after."""
    now = datetime.now(UTC)
    ends = near(replay, now + timedelta(days=3, hours=12))
    assert ends[0] < now
    with app.db() as db:
        db.execute("UPDATE ingest.sources SET next_discovery_at = 'infinity'")
    shown = load(app)
    (item,) = [one for one in shown["items"] if one["task"] == "load_results"]
    assert (item["state"], item["outcome"], shown["state"]) == ("withheld", "embargo", "done")
    assert spoiling_requests(replay) == []
    assert app.settings.results_embargo_hours == 24

    def questions(at: datetime) -> int:
        """How often results were asked for by ticks at a moment."""
        asked = len(spoiling_requests(replay))
        monkeypatch.setattr(app, "now", lambda: at)
        for _ in range(2):
            with app.db() as db:
                db.execute("DELETE FROM ingest.lockouts")
            tick(app)
            drain(app)
        return len(spoiling_requests(replay)) - asked

    minute = timedelta(minutes=1)
    day = timedelta(days=1)
    for place, end in enumerate(ends):
        assert questions(end + day - minute) == 0
        assert questions(end + day + minute) == 2
        assert len(results(database)) == 20 * (place + 1)
    for days in opt_in.ASKED_AGAIN[1:]:
        assert questions(ends[-1] + days * day - minute) == 0, days
        assert questions(ends[-1] + days * day + minute) == 2, days
    assert questions(ends[-1] + 1000 * day) == 0
    assert opt_in.ASKED_AGAIN == (1, 3, 7, 30, 90, 180)


def test_a_failure_that_outlasts_its_item_is_asked_about_again(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """Failed is no end: the calendar keeps a date."""
    replay.faults.add(Fault(kind="status", match="/v1/session_result", times=None))
    backfill.meeting(app, BAHRAIN, include_results=True)
    for _ in range(2):  # the meeting, then its results; not again and again
        for task, message in letters(app):
            deliver(app, task, message)
    found = rows(
        database,
        "SELECT outcome, next_at - now() BETWEEN interval '23 hours' AND interval '25 hours'"
        " FROM ingest.fetches WHERE resource = 'session_result'",
    )
    assert found == [("failed", True)]
    assert results(database) == loaded


def test_while_results_are_off_they_are_refused_by_name_and_nothing_is_sent(
    app: App, replay: ReplayServer, database: str, azurite: str, loaded: Found
) -> None:
    """What was waiting when they were turned off is withheld; a retry of it, too."""
    with app.transaction() as db:
        run = runs.start(db, "test", {}, [opt_in.wanted_results(str(BAHRAIN), "x", ask=True)])
    app.close()
    off = opted(database, azurite, replay, results_enabled=False)
    asked = len(spoiling_requests(replay))
    for wish in (
        lambda: backfill.backfill(off, [2024], {}, include_results=True),
        lambda: backfill.meeting(off, BAHRAIN, include_results=True),
    ):
        with pytest.raises(Conflict, match="RESULTS_ENABLED") as refused:
            wish()
        assert refused.value.status == 409
    (item,) = backfill.show_run(off, run)["items"]
    assert (item["state"], item["outcome"]) == ("withheld", "off")
    with off.db() as db:
        db.execute("UPDATE ingest.items SET state = 'failed' WHERE state = 'withheld'")
    backfill.retry_run(off, run)
    assert letters(off) == []
    # Not even where the entry list changes under results that are there.
    where = {"meeting_key": BAHRAIN, "driver_number": 44}
    replay.rows.change("drivers", where, {"driver_number": 45})
    known = rows(database, "SELECT count(*) FROM ingest.items WHERE task = 'load_results'")
    backfill.meeting(off, BAHRAIN)
    drain(off)
    off.close()
    after = rows(database, "SELECT count(*) FROM ingest.items WHERE task = 'load_results'")
    assert after == known
    assert len(spoiling_requests(replay)) == asked


def test_without_opting_in_there_are_no_results_and_no_request_for_any(
    database: str, azurite: str
) -> None:
    """Not one endpoint that could tell; nothing in the queue; not even the schema."""
    with ReplayServer(limits=UNLIMITED) as replay:
        only(replay, BAHRAIN, 1230)
        app = opted(database, azurite, replay, results_enabled=False)
        run = backfill.backfill(app, [2024], {"years": 2024})
        drain(app)
        assert backfill.show_run(app, run)["state"] == "done"
        app.close()
        assert {one.path for one in replay.requests} == {
            "/v1/meetings",
            "/v1/sessions",
            "/v1/drivers",
        }
    assert rows(database, 'SELECT count(*) FROM "Results"') == [(0,)]
    assert rows(database, "SELECT to_regnamespace('spoilers')::text") == [(None,)]
    tasks = rows(database, "SELECT DISTINCT task FROM ingest.items ORDER BY 1")
    assert tasks == [("discover_year",), ("sync_meeting",)]


def test_entrants_stand_in_an_order_that_says_nothing(
    app: App, replay: ReplayServer, database: str
) -> None:
    """Neither ids nor the order of insertion follow the order of the answers."""
    load(app)
    first = dump(database)["Entrants"]
    stand = rows(database, 'SELECT "Id" FROM "Entrants" ORDER BY ctid')
    assert stand == sorted(stand)
    stand = rows(database, 'SELECT "Id" FROM "Results" ORDER BY ctid')
    assert stand == sorted(stand)
    replay.rows.replace("drivers", [*reversed(replay.rows.of("drivers"))])
    replay.rows.replace("session_result", [*reversed(replay.rows.of("session_result"))])
    with psycopg.connect(database) as db:
        db.execute(
            'TRUNCATE "Series", "Seasons", "Circuits", "Teams", "Drivers", "Rounds", "Sessions",'
            ' "Entrants", "Results", ingest.claims, ingest.entries, ingest.fetches,'
            " spoilers.classifications, spoilers.written CASCADE"
        )
    load(app)
    assert [one["Id"] for one in dump(database)["Entrants"]] == [one["Id"] for one in first]
    stand = rows(database, 'SELECT "Id" FROM "Entrants" ORDER BY ctid')
    assert stand == sorted(stand)


@pytest.mark.parametrize(
    "constraint",
    [
        'CHECK ("Points" <> 77)',
        # Refused only when the transaction commits.
        "TRIGGER",
    ],
)
def test_an_error_of_the_database_tells_state_and_constraint_and_nothing_else(
    app: App, replay: ReplayServer, database: str, loaded: Found, constraint: str
) -> None:
    """PostgreSQL prints the failing row: not in the error, its context, cause or traceback."""
    with psycopg.connect(database) as db:
        if constraint == "TRIGGER":
            db.execute(
                """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE EXCEPTION 'no %', NEW USING ERRCODE = 'check_violation',
                    CONSTRAINT = 'no_canary'; END $$"""
            )
            db.execute(
                'CREATE CONSTRAINT TRIGGER no_canary AFTER UPDATE ON "Results"'
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        else:
            db.execute(f'ALTER TABLE "Results" ADD CONSTRAINT no_canary {constraint}'.encode())
    change(replay, 1, points=77, gap_to_leader=98765.4321)
    backfill.meeting(app, BAHRAIN, include_results=True)
    with pytest.raises(ResultsDatabaseError) as raised:
        drain(app)
    error = raised.value
    assert str(error) == "sqlstate 23514, constraint no_canary"
    assert (error.__context__, error.__cause__) == (None, None)
    assert error.__traceback__ is not None
    # From the first frame that is not this test's own: it knows the values itself.
    below = error.with_traceback(error.__traceback__.tb_next)
    told = "".join(traceback.TracebackException.from_exception(below, capture_locals=True).format())
    assert "ResultsDatabaseError" in told
    for value in ("98765", "77.0", "Failing row", "max-verstappen"):
        assert value not in told, value
    assert results(database) == loaded


def test_revisions_tell_which_and_when_and_never_what(
    app: App, replay: ReplayServer, database: str, loaded: Found
) -> None:
    """A session revised twice, and one that was not."""
    assert load_results.list_revisions(app, 2024) == []
    change(replay, 1, points=77, gap_to_leader=98765.4321)
    reload(app, BAHRAIN)
    (found,) = load_results.list_revisions(app, 2024)
    assert (found["session"], found["facet"], found["sets"]) == (RACE, "classification", 2)
    assert found["first_at"] < found["last_revised_at"]
    assert set(found) == {
        *("source", "round", "type", "session", "facet", "sets", "first_at", "last_revised_at")
    }
    assert load_results.list_revisions(app, 2023) == []


def test_the_command_shows_a_session_to_those_who_want_to_see(
    app: App, database: str, azurite: str, loaded: Found
) -> None:
    """By its id or its OpenF1 key, in the order of the classification; exit 1 without any."""

    def shown(session: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ingestion_core", "results", "show", "--spoilers", session],
            env={
                "PATH": os.environ["PATH"],
                "DATABASE_URL": database,
                "AzureWebJobsStorage": azurite,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    for name in (str(RACE), loaded[RACE, "1"]["SessionId"]):
        done = shown(name)
        assert (done.returncode, done.stderr) == (0, "")
        lines = done.stdout.splitlines()
        assert len(lines) == 20
        assert lines[0].split()[:3] == ["1", "1", "Max"]
    none = shown("1")
    assert (none.returncode, none.stdout) == (1, "")
    assert "no results are stored" in none.stderr
