"""What stays as it is, or comes to the same, whatever else changes around the results."""

import random
from functools import partial

import psycopg

from ingestion_core.tasks import backfill, opt_in
from ingestion_core.tasks.app import App
from ingestion_core.work import runs
from ingestion_core.work.messages import Message
from local.replay.server import ReplayServer
from tests.support.drain import deliver, drain, letters
from tests.support.product import dump, rows
from tests.support.results import (
    BAHRAIN,
    QUALIFYING,
    RACE,
    Found,
    change,
    load,
    reload,
    results,
    spoiling_requests,
)
from tests.support.work import at_once


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
