"""A season's list as a calendar: one round per meeting, an address each, days as at the circuit."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingestion_core.racing.types import Calendar
from ingestion_core.sources.openf1.calendar import is_testing, last_day, local_day, slugs
from ingestion_core.sources.openf1.client import Reply
from ingestion_core.sources.openf1.read import briefs, read_calendar, read_meeting
from ingestion_core.sources.openf1.wire import MeetingRow

OBSERVED_AT = datetime(2026, 1, 1, tzinfo=UTC)


def row(key: int, name: str = "Bahrain Grand Prix", year: int = 2026, **more: Any) -> Any:
    """A row of /meetings."""
    return {
        "meeting_key": key,
        "meeting_name": name,
        "year": year,
        "date_start": f"{year}-04-10T11:30:00+00:00",
        "gmt_offset": "03:00:00",
        "circuit_key": 63,
        **more,
    }


def listed(*rows: dict[str, Any], key: str = "2026") -> Reply:
    """The reply that holds them."""
    return Reply("meetings", key, 200, OBSERVED_AT, "", rows)


def read(*rows: dict[str, Any]) -> Calendar:
    """The calendar of 2026."""
    return read_calendar(listed(*rows), 2026)[0]


def test_two_meetings_of_one_name_get_two_addresses() -> None:
    """In order of their keys, whatever the order of the rows: 2026 has Bahrain twice."""
    rows = [row(1308), row(1279, "Australian Grand Prix"), row(1282)]
    for order in (rows, rows[::-1]):
        assert {one.key: one.slug for one in read(*order).rounds} == {
            "1282": "2026-bahrain-grand-prix",
            "1308": "2026-bahrain-grand-prix-2",
            "1279": "2026-australian-grand-prix",
        }


def test_a_third_of_one_name_and_accents() -> None:
    """Names become addresses by transliteration."""
    rows = [MeetingRow.model_validate(row(key, "São Paulo Grand Prix")) for key in (3, 1, 2)]
    assert slugs(2026, rows) == {
        1: "2026-sao-paulo-grand-prix",
        2: "2026-sao-paulo-grand-prix-2",
        3: "2026-sao-paulo-grand-prix-3",
    }


def test_no_two_meetings_share_an_address_even_when_a_name_ends_in_a_number() -> None:
    """A meeting that is itself called "... 2" does not take the second one's address."""
    rows = [row(1, "Testing"), row(2, "Testing 2"), row(3, "Testing")]
    found = [one.slug for one in read(*rows).rounds]
    assert found[:2] == ["2026-testing", "2026-testing-2"]
    assert len(set(found)) == 3


def test_the_last_of_duplicate_rows_counts() -> None:
    """Duplicates were seen in one answer; they are one meeting with one address."""
    found = read(row(1282, location="Old"), row(1282, location="New", is_cancelled=True))
    assert [(one.key, one.slug, one.cancelled) for one in found.rounds] == [
        ("1282", "2026-bahrain-grand-prix", True)
    ]


def test_meetings_of_other_years_are_left_out() -> None:
    """Keys of a season are not contiguous, and filters are the source's word only."""
    assert [one.key for one in read(row(1282), row(1229, year=2024)).rounds] == ["1282"]


def test_a_row_that_is_not_understood_costs_no_other() -> None:
    """It is set apart with its reason."""
    found, bad = read_calendar(listed(row(1282), row(1283, name="")), 2026)
    assert [one.key for one in found.rounds] == ["1282"]
    assert [(one.row_key, one.reason) for one in bad] == [
        ("meeting_key=1283", "unreadable: meeting_name")
    ]


@pytest.mark.parametrize("name", ["Pre-Season Testing", "PRE-SEASON TESTING 1", "testing"])
def test_testing_is_told_by_its_name_in_any_case(name: str) -> None:
    """Two of them in 2026, one in capitals."""
    assert is_testing(name)
    assert read(row(1304, name)).rounds[0].testing


def test_a_race_is_no_test() -> None:
    """Nor cancelled unless its row says so."""
    one = read(row(1282)).rounds[0]
    assert not one.testing
    assert not one.cancelled


@pytest.mark.parametrize(("flag", "cancelled"), [(True, True), (False, False), (None, False)])
def test_cancellation_is_the_rows_flag(flag: bool | None, cancelled: bool) -> None:
    """Absent in the seasons before it was introduced."""
    assert read(row(1282, is_cancelled=flag)).rounds[0].cancelled is cancelled


@pytest.mark.parametrize(
    ("moment", "hours", "day"),
    [
        ("2023-11-19T06:00:00+00:00", -8, date(2023, 11, 18)),  # Las Vegas: UTC is a day late
        ("2024-03-24T04:00:00+00:00", 11, date(2024, 3, 24)),  # Melbourne
        ("2024-03-22T22:30:00+00:00", 11, date(2024, 3, 23)),  # a morning there is a night in UTC
        ("2024-07-07T14:00:00+00:00", 0, date(2024, 7, 7)),
    ],
)
def test_days_are_those_at_the_circuit(moment: str, hours: int, day: date) -> None:
    """The offset decides."""
    assert local_day(datetime.fromisoformat(moment), timedelta(hours=hours)) == day


def test_an_unknown_offset_leaves_the_day_in_utc() -> None:
    """Better a day off than none."""
    assert local_day(datetime(2024, 1, 1, 23, tzinfo=UTC), None) == date(2024, 1, 1)


def test_las_vegas_lasts_until_the_day_its_race_begins() -> None:
    """It ends at midnight sharp."""
    one = read(
        row(
            1308,
            "Las Vegas Grand Prix",
            date_start="2026-11-20T00:30:00+00:00",
            date_end="2026-11-22T08:00:00+00:00",
            gmt_offset="-08:00:00",
        )
    ).rounds[0]
    assert (one.first_day, one.last_day) == (date(2026, 11, 19), date(2026, 11, 21))
    assert last_day(datetime(2026, 11, 22, 8, tzinfo=UTC), timedelta(hours=-8)) == one.last_day


def test_a_digest_tells_whether_a_round_changed() -> None:
    """Any field of the row that we read; not the fields that we don't."""
    same, moved, flagged = (
        read(one).rounds[0].digest
        for one in (
            row(1282, circuit_image="x"),
            row(1282, date_start="2026-04-10T14:30:00+00:00"),
            row(1282, is_cancelled=True),
        )
    )
    assert read(row(1282)).rounds[0].digest == same
    assert len({same, moved, flagged}) == 3


def test_every_round_of_a_calendar_can_be_asked_for() -> None:
    """Under its key, from a row that was understood: a later broken twin does not hide it."""
    broken = row(1282, name="\x00")
    answered = listed(row(1282), broken, row(1283.0), {})
    found, bad = read_calendar(answered, 2026)
    assert [one.key for one in found.rounds] == ["1282", "1283"]
    assert len(bad) == 2
    asked = briefs(answered)
    assert set(asked) == {"1282", "1283"}
    assert asked["1282"]["meeting_name"] == "Bahrain Grand Prix"
    assert json.loads(json.dumps(asked)) == asked


def test_one_meeting_is_found_by_its_own_key() -> None:
    """Whatever else is in the answer."""
    found = read_meeting(listed(row(1282), row(1283), key="1282"))
    assert found.meeting_key == 1282


def test_the_recorded_seasons_have_their_rounds(recordings: Path) -> None:
    """22 and 25 meetings, one of them a test, every address its own."""
    counts = {}
    for year in (2023, 2024):
        path = recordings / "openf1" / str(year) / "meetings.json"
        rows = json.loads(path.read_text())
        found, bad = read_calendar(Reply("meetings", str(year), 200, OBSERVED_AT, "", rows), year)
        assert bad == ()
        assert len({one.slug for one in found.rounds}) == len(found.rounds)
        counts[year] = (len(found.rounds), sum(one.testing for one in found.rounds))
    assert counts == {2023: (22, 0), 2024: (25, 1)}
