"""What the catalog promises of a meeting's rows, shown on the sample and on changed answers."""

import pytest

from ingestion_core.tasks.app import App
from local.replay.server import ReplayServer
from tests.support.product import dump, rows
from tests.support.sample_year import BAHRAIN, JEDDAH, MELBOURNE, read


def test_a_future_meeting_is_stored_with_its_sessions_and_gets_its_entrants_later(
    app: App, database: str, three: ReplayServer
) -> None:
    """/drivers is 404 until live timing starts; an earlier importer stored nothing then."""
    drivers = three.rows.of("drivers")
    three.rows.replace("drivers", [row for row in drivers if row["meeting_key"] != MELBOURNE])
    shown = read(app)
    assert shown["failed"] == 0
    found = dump(database)
    melbourne = next(row for row in found["Rounds"] if row["OpenF1MeetingKey"] == MELBOURNE)
    assert len([row for row in found["Sessions"] if row["RoundId"] == melbourne["Id"]]) == 5
    assert not [row for row in found["Entrants"] if row["RoundId"] == melbourne["Id"]]
    assert rows(
        database,
        "SELECT outcome, next_at > observed_at FROM ingest.fetches"
        " WHERE resource = 'drivers' AND key = '1231'",
    ) == [("empty", True)]
    three.rows.replace("drivers", drivers)
    read(app)
    entrants = [row for row in dump(database)["Entrants"] if row["RoundId"] == melbourne["Id"]]
    assert len(entrants) == 20


def test_a_cancelled_meeting_is_stored_as_cancelled_with_number_0(
    app: App, database: str, three: ReplayServer
) -> None:
    """Imola 2023: meeting and five sessions listed as cancelled, everything else empty."""
    read(app)
    for name in ("meetings", "sessions"):
        three.rows.change(name, {"meeting_key": JEDDAH}, {"is_cancelled": True})
    read(app)
    found = dump(database)
    numbers = {row["OpenF1MeetingKey"]: row["RoundNumber"] for row in found["Rounds"]}
    assert numbers == {1228: 0, BAHRAIN: 1, JEDDAH: 0, MELBOURNE: 2}
    jeddah = next(row for row in found["Rounds"] if row["OpenF1MeetingKey"] == JEDDAH)
    statuses = [row["Status"] for row in found["Sessions"] if row["RoundId"] == jeddah["Id"]]
    assert statuses == [3] * 5
    # And back: the flag was set by mistake.
    for name in ("meetings", "sessions"):
        three.rows.change(name, {"meeting_key": JEDDAH}, {"is_cancelled": False})
    read(app)
    numbers = {row["OpenF1MeetingKey"]: row["RoundNumber"] for row in dump(database)["Rounds"]}
    assert numbers == {1228: 0, BAHRAIN: 1, JEDDAH: 2, MELBOURNE: 3}


def test_imola_2023_is_stored_cancelled_though_nobody_ever_came(
    app: App, database: str, three: ReplayServer
) -> None:
    """Meeting and five sessions listed as cancelled; drivers, results and grid are empty."""
    place = {"circuit_key": 6, "circuit_short_name": "Imola", "gmt_offset": "02:00:00"}
    listed = {"meeting_key": 1209, "year": 2023, "is_cancelled": True, **place}
    days = ("19T11:30", "19T15:00", "20T10:30", "20T14:00", "21T13:00")
    names = ("Practice 1", "Practice 2", "Practice 3", "Qualifying", "Race")
    three.rows.replace(
        "meetings",
        [
            {
                **listed,
                "meeting_name": "Emilia Romagna Grand Prix",
                "date_start": "2023-05-19T11:30:00+00:00",
                "date_end": "2023-05-21T15:00:00+00:00",
            }
        ],
    )
    three.rows.replace(
        "sessions",
        [
            {
                **listed,
                "session_key": 9085 + place_,
                "session_name": name,
                "session_type": name.split()[0],
                "date_start": f"2023-05-{day}:00+00:00",
                "date_end": f"2023-05-{day}:59+00:00",
            }
            for place_, (day, name) in enumerate(zip(days, names, strict=True))
        ],
    )
    three.rows.replace("drivers", [])
    assert read(app, 2023)["failed"] == 0
    found = dump(database)
    assert [(row["Slug"], row["RoundNumber"]) for row in found["Rounds"]] == [
        ("2023-emilia-romagna-grand-prix", 0)
    ]
    assert sorted(row["Type"] for row in found["Sessions"]) == [0, 1, 2, 3, 6]
    assert {row["Status"] for row in found["Sessions"]} == {3}
    assert found["Entrants"] == []


def test_a_meeting_held_again_under_its_name_gets_an_address_and_a_row_of_its_own(
    app: App, database: str, three: ReplayServer
) -> None:
    """Bahrain 2026: cancelled, then held at Sepang under a new key and the same name."""
    read(app)
    before = {row["OpenF1MeetingKey"]: row["Id"] for row in dump(database)["Rounds"]}
    three.rows.change("meetings", {"meeting_key": BAHRAIN}, {"is_cancelled": True})
    again = next(row for row in three.rows.of("meetings") if row["meeting_key"] == BAHRAIN)
    three.rows.replace(
        "meetings",
        [
            *three.rows.of("meetings"),
            {
                **again,
                "meeting_key": 1308,
                "circuit_key": 12,
                "circuit_short_name": "Sepang",
                "location": "Kuala Lumpur",
                "is_cancelled": False,
                "date_start": "2024-10-02T03:00:00+00:00",
                "date_end": "2024-10-04T09:00:00+00:00",
                "gmt_offset": "08:00:00",
            },
        ],
    )
    read(app)
    found = {row["OpenF1MeetingKey"]: row for row in dump(database)["Rounds"]}
    assert {key: found[key]["Id"] for key in before} == before
    assert found[BAHRAIN]["Slug"] == "2024-bahrain-grand-prix"
    assert (found[1308]["Slug"], found[1308]["RoundNumber"]) == ("2024-bahrain-grand-prix-2", 3)
    assert found[BAHRAIN]["RoundNumber"] == 0


def test_a_rescheduled_race_keeps_its_row(app: App, database: str, three: ReplayServer) -> None:
    """Miami 2026 moved three hours on the day: same key, new time."""
    read(app)
    before = {row["OpenF1SessionKey"]: row["Id"] for row in dump(database)["Sessions"]}
    three.rows.change(
        "sessions", {"session_key": 9472}, {"date_start": "2024-03-02T12:00:00+00:00"}
    )
    read(app)
    found = {row["OpenF1SessionKey"]: row for row in dump(database)["Sessions"]}
    assert {key: row["Id"] for key, row in found.items()} == before
    assert found[9472]["StartTimeUtc"] == "2024-03-02T12:00:00+00:00"


@pytest.mark.parametrize("shrunk", ["empty", "a third"])
def test_an_empty_or_much_shorter_answer_replaces_nothing_and_is_reported(
    app: App, database: str, three: ReplayServer, shrunk: str
) -> None:
    """[] and a third of the rows after a full load."""
    read(app)
    before = dump(database)
    kept = three.rows.of("drivers")[::3] if shrunk == "a third" else []
    three.rows.replace("drivers", kept)
    shown = read(app)
    assert dump(database) == before
    outcomes = [one["outcome"] for one in shown["items"] if one["task"] == "sync_meeting"]
    assert outcomes == ["shrunk"] * 4


def test_an_older_answer_only_fills_what_is_null(
    app: App, database: str, three: ReplayServer
) -> None:
    """observed_at orders one source's answers: a late one changes nothing that is known."""
    read(app)
    before = dump(database)
    with app.db() as db:
        db.execute("UPDATE ingest.fetches SET observed_at = now() + interval '1 hour'")
    three.rows.change(
        "sessions", {"session_key": 9472}, {"date_start": "2024-03-02T12:00:00+00:00"}
    )
    three.rows.change("drivers", {"name_acronym": "NOR"}, {"team_name": "Ferrari"})
    read(app)
    assert dump(database) == before
