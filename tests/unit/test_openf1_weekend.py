"""One meeting: sessions by their names, days, cancellations, what is missing."""

import itertools
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingestion_core.errors import UnknownMeeting, UnusableAnswer
from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.types import Weekend
from ingestion_core.sources.openf1.client import Reply
from ingestion_core.sources.openf1.read import lockouts, read_meeting, read_weekend

ASKED, LATER = datetime(2024, 3, 3, tzinfo=UTC), datetime(2024, 3, 3, 0, 0, 2, tzinfo=UTC)
MEETING: dict[str, Any] = {
    "meeting_key": 1229,
    "year": 2024,
    "meeting_name": "Bahrain Grand Prix",
    "meeting_official_name": "FORMULA 1 GULF AIR BAHRAIN GRAND PRIX 2024",
    "location": "Sakhir",
    "country_name": "Bahrain",
    "country_code": "BRN",
    "circuit_key": 63,
    "circuit_short_name": "Sakhir",
    "gmt_offset": "03:00:00",
    "date_start": "2024-02-29T11:30:00+00:00",
}
DRIVER = {
    "meeting_key": 1229,
    "driver_number": 44,
    "full_name": "Lewis HAMILTON",
    "team_name": "Mercedes",
}


def sessions(*names: str, **more: Any) -> list[dict[str, Any]]:
    """One session a day, with keys that fall while the days rise."""
    days = itertools.count()
    return [
        {
            "meeting_key": 1229,
            "session_key": 9500 - day,
            "session_name": name,
            "date_start": f"2024-03-{day + 1:02}T15:00:00+00:00",
            "date_end": f"2024-03-{day + 1:02}T17:00:00+00:00",
            **more,
        }
        for name, day in zip(names, days, strict=False)
    ]


def read(
    rows: list[dict[str, Any]],
    drivers: list[dict[str, Any]] | None = None,
    **changed: Any,
) -> Weekend:
    """The weekend of a meeting; drivers None were not answered."""
    return read_weekend(
        {**MEETING, **changed},
        "2024-bahrain-grand-prix",
        Reply("sessions", "1229", 200, ASKED, "", tuple(rows)),
        None if drivers is None else Reply("drivers", "1229", 200, LATER, "", tuple(drivers)),
    )


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("Practice 1", SessionType.FP1),
        ("Practice 2", SessionType.FP2),
        ("Practice 3", SessionType.FP3),
        ("Day 1", SessionType.FP1),
        ("Day 2", SessionType.FP2),
        ("Day 3", SessionType.FP3),
        ("Qualifying", SessionType.QUALIFYING),
        ("Sprint Shootout", SessionType.SPRINT_QUALIFYING),
        ("Sprint Qualifying", SessionType.SPRINT_QUALIFYING),
        ("Sprint", SessionType.SPRINT),
        ("Race", SessionType.RACE),
        ("RACE", SessionType.RACE),
    ],
)
def test_sessions_are_told_by_their_names(name: str, type_: SessionType) -> None:
    """Whatever their type says: the legacy type "Sprint Qualifying" was a sprint race."""
    for legacy in ("Sprint Qualifying", "Practice", None):
        found = read(sessions(name, session_type=legacy))
        assert [(one.caption, one.type) for one in found.sessions] == [(name, type_)]


@pytest.mark.parametrize("name", ["Race 2", "Day 4", "Warm-up", "Shootout", "Racing", "0"])
def test_an_unknown_name_is_quarantined_and_never_a_race(name: str) -> None:
    """Its neighbours are stored."""
    found = read([*sessions("Race"), *sessions(name, session_key=9999)])
    assert [one.caption for one in found.sessions] == ["Race"]
    assert [(one.resource, one.row_key, one.reason) for one in found.unreadable] == [
        ("sessions", "session_key=9999", "unknown-session-name")
    ]
    assert found.unreadable[0].row["session_name"] == name


def test_sessions_come_in_order_of_time() -> None:
    """Keys are not chronological."""
    rows = sessions("Practice 1", "Qualifying", "Race")
    found = read(rows[::-1])
    assert [one.caption for one in found.sessions] == ["Practice 1", "Qualifying", "Race"]
    assert found.sessions[2].key == "9498"
    assert found.sessions[0].start == datetime(2024, 3, 1, 15, tzinfo=UTC)
    assert found.sessions[0].end == datetime(2024, 3, 1, 17, tzinfo=UTC)


def test_a_session_twice_is_one() -> None:
    """The last row counts: a race moved by three hours keeps its key."""
    moved = sessions("Race", date_start="2024-03-01T12:00:00+00:00")
    found = read([*sessions("Race"), *moved])
    assert [one.start.hour for one in found.sessions] == [12]


def test_rows_of_another_meeting_are_none_of_ours() -> None:
    """Filters are the source's word only."""
    assert read(sessions("Race", meeting_key=1230)).sessions == ()
    stranger = {**DRIVER, "meeting_key": 1230, "session_key": 9500}
    assert read(sessions("Race"), [stranger]).drivers == ()


def test_a_row_of_no_meeting_is_kept_apart() -> None:
    """Nothing is lost silently."""
    found = read(sessions("Race", meeting_key=None))
    assert [one.reason for one in found.unreadable] == ["unreadable: meeting_key"]


def test_entries_that_were_not_answered_say_nothing() -> None:
    """None is not empty: an empty list may replace an earlier one, none may not."""
    assert [one.entries for one in read(sessions("Race")).sessions] == [None]
    assert [one.entries for one in read(sessions("Race"), []).sessions] == [frozenset()]
    listed = read(sessions("Practice 1", "Race"), [{**DRIVER, "session_key": 9500}])
    assert [len(one.entries or ()) for one in listed.sessions] == [1, 0]
    assert [one.key for one in listed.drivers] == ["lewis hamilton"]


def test_a_weekend_is_observed_when_its_last_question_was_asked() -> None:
    """That of the sessions, while the drivers were not answered."""
    assert read(sessions("Race"), []).origin.observed_at == LATER
    assert read(sessions("Race")).origin.observed_at == ASKED
    assert read(sessions("Race")).origin.source == "openf1"


def test_a_test_is_told_by_its_name_or_its_days() -> None:
    """2024's test days are practices of "Pre-Season Testing", 2025's are called Day 1..3."""
    assert read(sessions("Practice 1"), meeting_name="Pre-Season Testing").testing
    assert read(sessions("Day 1", "Day 2")).testing
    assert not read(sessions("Practice 1", "Race")).testing


def test_imola_2023_is_cancelled_with_its_sessions() -> None:
    """Meeting and five sessions are listed as cancelled; the rest is empty."""
    names = ("Practice 1", "Practice 2", "Practice 3", "Qualifying", "Race")
    found = read(sessions(*names, is_cancelled=True), [], is_cancelled=True)
    assert found.cancelled
    assert [one.cancelled for one in found.sessions] == [True] * 5
    assert found.drivers == found.teams == found.unreadable == ()


def test_a_cancelled_meeting_cancels_every_session() -> None:
    """Whatever their own rows say."""
    found = read(sessions("Practice 1", "Race", is_cancelled=False), is_cancelled=True)
    assert [one.cancelled for one in found.sessions] == [True, True]


def test_a_meeting_all_of_whose_sessions_are_cancelled_is_cancelled() -> None:
    """Whatever its own row says."""
    assert read(sessions("Practice 1", "Race", is_cancelled=True), is_cancelled=False).cancelled


def test_one_cancelled_session_cancels_no_meeting() -> None:
    """Imola's water, or Brazil's storm: the rest goes on."""
    rows = sessions("Practice 1", "Race")
    rows[0]["is_cancelled"] = True
    found = read(rows)
    assert not found.cancelled
    assert [one.cancelled for one in found.sessions] == [True, False]


def test_a_meeting_without_sessions_is_not_cancelled() -> None:
    """They are not announced yet."""
    assert not read([]).cancelled


def test_the_circuit_is_the_meetings() -> None:
    """As the source calls it."""
    found = read(sessions("Race")).circuit
    assert (found.key, found.name, found.location, found.country, found.country_code) == (
        "63",
        "Sakhir",
        "Sakhir",
        "Bahrain",
        "BRN",
    )


def test_a_session_may_name_the_circuit() -> None:
    """Where the meeting's own row does not."""
    rows = sessions("Race", circuit_key=39, circuit_short_name="Monza")
    found = read(rows, circuit_key=None, circuit_short_name=None).circuit
    assert (found.key, found.name) == ("39", "Monza")


def test_a_meeting_without_any_circuit_is_unusable() -> None:
    """A round can't be without one."""
    with pytest.raises(UnusableAnswer, match="1229"):
        read(sessions("Race"), circuit_key=None)


def test_days_are_those_on_which_sessions_begin() -> None:
    """At the circuit: Las Vegas 2023 raced on Saturday, and UTC has Sunday."""
    rows = sessions("Practice 1", "Race")
    rows[0]["date_start"] = "2023-11-17T04:30:00+00:00"
    rows[1]["date_start"] = "2023-11-19T06:00:00+00:00"
    rows[1]["date_end"] = "2023-11-19T08:00:00+00:00"
    found = read(rows, gmt_offset="-08:00:00", year=2023)
    assert (found.first_day, found.last_day) == (date(2023, 11, 16), date(2023, 11, 18))


def test_an_offset_of_zero_is_an_offset() -> None:
    """Whatever the sessions' rows say: the meeting's own counts."""
    rows = sessions("Race", date_start="2024-03-02T23:00:00+00:00", gmt_offset="03:00:00")
    assert read(rows, gmt_offset="00:00:00").first_day == date(2024, 3, 2)
    assert read(rows, gmt_offset=None).first_day == date(2024, 3, 3)


def test_a_meeting_without_sessions_has_the_days_of_its_row() -> None:
    """Its end is the last session's, which began on the day before midnight."""
    alone = read([])
    assert (alone.first_day, alone.last_day) == (date(2024, 2, 29), date(2024, 2, 29))
    ended = read([], date_end="2024-03-02T17:00:00+00:00")
    assert (ended.first_day, ended.last_day) == (date(2024, 2, 29), date(2024, 3, 2))
    midnight = read([], date_end="2024-03-02T21:00:00+00:00")
    assert midnight.last_day == date(2024, 3, 2)
    assert read([], date_end="2024-02-01T00:00:00+00:00").last_day == date(2024, 2, 29)


def test_an_unreadable_meeting_is_unusable() -> None:
    """Everything hangs on it."""
    with pytest.raises(UnusableAnswer):
        read(sessions("Race"), meeting_name=None)
    broken = Reply("meetings", "1229", 200, ASKED, "", ({**MEETING, "year": None},))
    with pytest.raises(UnusableAnswer):
        read_meeting(broken)
    stranger = Reply("meetings", "1229", 200, ASKED, "", ({**MEETING, "meeting_key": 1},))
    with pytest.raises(UnusableAnswer):
        read_meeting(stranger)


def test_a_meeting_that_the_source_does_not_know() -> None:
    """It is asked for by somebody who mistyped its key."""
    with pytest.raises(UnknownMeeting, match="7"):
        read_meeting(Reply("meetings", "7", 404, ASKED, "", ()))


def test_live_sessions_lock_out_from_half_an_hour_before_to_half_an_hour_after() -> None:
    """Those that are cancelled or long over do not."""
    rows = sessions("Practice 1", "Qualifying", "Race")
    rows[1]["is_cancelled"] = True
    found = lockouts(read(rows), datetime(2024, 3, 1, 17, 29, tzinfo=UTC))
    half = timedelta(minutes=30)
    assert found == [
        (
            "9500",
            datetime(2024, 3, 1, 15, tzinfo=UTC) - half,
            datetime(2024, 3, 1, 17, 30, tzinfo=UTC),
        ),
        (
            "9498",
            datetime(2024, 3, 3, 15, tzinfo=UTC) - half,
            datetime(2024, 3, 3, 17, 30, tzinfo=UTC),
        ),
    ]
    assert len(lockouts(read(rows), datetime(2024, 3, 1, 17, 30, tzinfo=UTC))) == 1


def test_the_shape_of_2026_makes_weekends(recordings: Path) -> None:
    """Every row becomes a session; the two that are flagged are cancelled."""
    cancelled = total = 0
    for path in sorted((recordings / "openf1" / "2026_shape").glob("*.json")):
        for row in json.loads(path.read_text()):
            key = row["meeting_key"]
            meeting = {**MEETING, "meeting_key": key, "year": 2026}
            answered = Reply("sessions", str(key), 200, ASKED, "", (row,))
            found = read_weekend(meeting, "2026-x", answered, None)
            assert found.unreadable == ()
            assert [one.key for one in found.sessions] == [str(row["session_key"])]
            total += 1
            cancelled += found.sessions[0].cancelled
    assert total > 2
    assert cancelled == 2
