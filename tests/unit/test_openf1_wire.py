"""OpenF1's rows: whatever comes is understood or set apart, row by row."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_core.errors import UnusableAnswer
from ingestion_core.sources.openf1.client import Reply
from ingestion_core.sources.openf1.read import briefs, read_calendar, read_weekend
from ingestion_core.sources.openf1.wire import (
    DriverRow,
    MeetingRow,
    Row,
    SessionRow,
    drift,
    read_rows,
)
from tests.support.fuzzing import fuzzed

MEETING: dict[str, Any] = {
    "meeting_key": 1229,
    "year": 2024,
    "meeting_name": "Bahrain Grand Prix",
    "date_start": "2024-02-29T11:30:00+00:00",
    "circuit_key": 63,
}
SESSION: dict[str, Any] = {
    "meeting_key": 1229,
    "session_key": 9465,
    "session_name": "Practice 1",
    "date_start": "2024-02-29T11:30:00+00:00",
}
DRIVER: dict[str, Any] = {"meeting_key": 1229, "session_key": 9465, "driver_number": 1}
FORMS: list[tuple[type[Row], dict[str, Any]]] = [
    (MeetingRow, MEETING),
    (SessionRow, SESSION),
    (DriverRow, DRIVER),
]
REQUIRED = {"year", "meeting_name", "session_name", "date_start"}
REQUIRED |= {"meeting_key", "session_key", "driver_number"}


def meeting(**changed: Any) -> MeetingRow | None:
    """The row, if it is understood."""
    rows, _ = read_rows(MeetingRow, [{**MEETING, **changed}], "meetings", ["meeting_key"])
    return rows[0] if rows else None


def driver(**changed: Any) -> DriverRow | None:
    """The row, if it is understood."""
    rows, _ = read_rows(DriverRow, [{**DRIVER, **changed}], "drivers", ["driver_number"])
    return rows[0] if rows else None


@pytest.mark.parametrize(("form", "row"), FORMS)
def test_every_field_but_the_essential_may_be_absent_or_null(
    form: type[Row], row: dict[str, Any]
) -> None:
    """Old documents lack the newer fields; whole rows of null names were seen."""
    optional = dict.fromkeys(set(form.model_fields) - REQUIRED)
    without = read_rows(form, [{k: v for k, v in row.items() if k in REQUIRED}], "x", [])
    null = read_rows(form, [{**row, **optional}], "x", [])
    assert [len(good) for good, _ in (without, null)] == [1, 1]


@pytest.mark.parametrize(("form", "row"), FORMS)
def test_a_row_without_its_key_is_set_apart(form: type[Row], row: dict[str, Any]) -> None:
    """With the fields that are at fault."""
    for name in REQUIRED & set(row):
        good, bad = read_rows(form, [{**row, name: None}], "x", ["meeting_key"])
        assert good == []
        assert bad[0].reason == f"unreadable: {name}"


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("08:00:00", 8),
        ("-04:00:00", -4),
        ("+08:00", 8),
        ("+08:00:00", 8),
        ("00:00:00", 0),
        ("05:30:00", 5.5),
        ("-03:30:00", -3.5),
        ("8:00:00", 8),
    ],
)
def test_offsets_are_read_in_every_form_that_was_served(written: str, hours: float) -> None:
    """Without a plus sign, for a while with one, and negative down to the minutes."""
    row = meeting(gmt_offset=written)
    assert row is not None
    assert row.gmt_offset == timedelta(hours=hours)


@pytest.mark.parametrize(
    "written",
    ["16:00:00", "-99:00:00", "noon", "8", "99999999999999999:00:00", "--08:00", 1e12, 8, True],
)
def test_an_impossible_offset_makes_no_day(written: object) -> None:
    """A row that would move a race by years is set apart."""
    assert meeting(gmt_offset=written) is None


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_is_nothing_said(blank: str) -> None:
    """A claim of nothing would replace what is known."""
    row = meeting(gmt_offset=blank, location=blank)
    assert row is not None
    assert row.gmt_offset is None
    assert row.location is None


@pytest.mark.parametrize(
    ("served", "colour"),
    [("3671C6", "3671C6"), ("3671c6", "3671c6"), (358753, "358753"), (6692, "006692"), ("", None)],
)
def test_colours_are_read_as_text_and_as_number(served: object, colour: str | None) -> None:
    """All-digit ones were once served as numbers, without their leading zeros."""
    row = driver(team_colour=served)
    assert row is not None
    assert row.team_colour == colour


@pytest.mark.parametrize("served", ["#3671C6", "red", 10**7, -5, True])
def test_no_colour_is_invented(served: object) -> None:
    """What is no colour is set apart, never stored."""
    assert driver(team_colour=served) is None


@pytest.mark.parametrize("text", ["Bah\x00rain", "\ud800", "a\x1bb", "x" * 301, "", 7])
def test_a_name_of_no_text_that_postgresql_holds_is_set_apart(text: object) -> None:
    """NUL and lone surrogates would fail the whole meeting's transaction."""
    assert meeting(meeting_name=text) is None


def test_names_lose_their_double_spaces() -> None:
    """And their ends."""
    row = meeting(meeting_name="  Bahrain\u00a0 Grand\tPrix ")
    assert row is not None
    assert row.meeting_name == "Bahrain Grand Prix"


def test_instants_are_in_utc() -> None:
    """Whatever offset the source writes: dated claims compare instants as texts."""
    row = meeting(date_start="2024-02-29T14:30:00+03:00")
    assert row is not None
    assert row.date_start == datetime(2024, 2, 29, 11, 30, tzinfo=UTC)
    assert row.date_start.isoformat() == "2024-02-29T11:30:00+00:00"


@pytest.mark.parametrize(
    "moment",
    ["2024-02-29T11:30:00", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+14:00", "soon", 1e30],
)
def test_a_moment_of_no_season_is_set_apart(moment: object) -> None:
    """Naive ones as well: whose noon would it be?"""
    assert meeting(date_start=moment) is None


def test_one_bad_row_never_costs_its_neighbours() -> None:
    """They keep their order."""
    keys: list[Any] = [1, None, 2, "x", 3]
    rows = [{**MEETING, "meeting_key": key} for key in keys]
    good, bad = read_rows(MeetingRow, rows, "meetings", ["meeting_key"])
    assert [row.meeting_key for row in good] == [1, 2, 3]
    assert [one.row_key for one in bad] == ["meeting_key=None", "meeting_key='x'"]
    assert [one.row for one in bad] == [rows[1], rows[3]]


def test_what_is_set_apart_is_named_by_what_it_is_about() -> None:
    """Never by its index: an order can be a finishing order."""
    rows = [{**DRIVER, "driver_number": number, "team_colour": "?"} for number in (44, 1)]
    _, bad = read_rows(DriverRow, rows, "drivers", ["session_key", "driver_number"])
    assert [one.row_key for one in bad] == [
        "session_key=9465 driver_number=44",
        "session_key=9465 driver_number=1",
    ]
    assert {one.reason for one in bad} == {"unreadable: team_colour"}


def test_unknown_fields_are_drift() -> None:
    """They cost nothing and are reported, as are fields that are gone."""
    row = dict.fromkeys(DriverRow.model_fields, None) | DRIVER
    assert drift(DriverRow, [row | {"broadcast_name": "M VERSTAPPEN"}]) == []
    assert drift(DriverRow, [row | {"nickname": "x"}]) == ["+nickname"]
    del row["headshot_url"]
    assert drift(DriverRow, [row]) == ["-headshot_url"]
    assert drift(DriverRow, []) == []
    assert driver(nickname="x") == driver()


def test_no_name_of_a_field_can_break_its_report() -> None:
    """NUL, surrogates and endless names end up as a few plain characters."""
    row = dict.fromkeys(DriverRow.model_fields, None)
    found = drift(DriverRow, [{**row, "a\x00\ud800": 1, "z" * 10_000: 2}])
    assert found[0] == "+a\\x00\\ud800"
    assert found[1] == "+" + "z" * 60


@pytest.mark.parametrize("name", ["sessions_2026_miami_race", "sessions_2026_qualifying"])
def test_the_shape_of_2026_is_read_without_loss(recordings: Path, name: str) -> None:
    """Every row, nothing set apart, no field unknown, flags as they are."""
    rows = json.loads((recordings / "openf1" / "2026_shape" / f"{name}.json").read_text())
    good, bad = read_rows(SessionRow, rows, "sessions", ["session_key"])
    assert bad == []
    assert drift(SessionRow, rows) == []
    assert [(row.session_key, row.is_cancelled) for row in good] == [
        (row["session_key"], row["is_cancelled"]) for row in rows
    ]


@pytest.mark.parametrize("year", [2023, 2024])
@pytest.mark.parametrize(
    ("resource", "form"),
    [("meetings", MeetingRow), ("sessions", SessionRow), ("drivers", DriverRow)],
)
def test_recorded_seasons_are_read_without_loss(
    recordings: Path, year: int, resource: str, form: type[Row]
) -> None:
    """Neither a row nor a field is unknown."""
    rows = json.loads((recordings / "openf1" / str(year) / f"{resource}.json").read_text())
    good, bad = read_rows(form, rows, resource, ["meeting_key"])
    assert (len(good), bad) == (len(rows), [])
    assert [one for one in drift(form, rows) if one.startswith("+")] == []


# Anything that JSON can say, with the known names and the known values often among it.
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | st.sampled_from(["2024-03-02T15:00:00+00:00", "2024-12-31T23:59:59-11:00", "03:00:00"])
    | st.sampled_from(["Race", "Day 1", "Practice 1", "Max VERSTAPPEN", "ZHOU Guanyu", 1229, 63, 1])
    | st.sampled_from(["9999-12-31T23:59:59+00:00", "99999999999999:00:00", 1e300, 2**70])
)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(), SCALARS, max_size=2)
NAMES = sorted({name for form, _ in FORMS for name in form.model_fields})


def rows_like(base: dict[str, Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Lists of rows near to ``base`` and of rows that are near to nothing."""
    changed = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=10), VALUES, max_size=4)
    return st.lists(changed.map(lambda change: base | change) | changed, max_size=4)


def reply(endpoint: str, key: str, rows: list[dict[str, Any]]) -> Reply:
    """An answer with these rows, as the network would bring them."""
    observed_at = datetime(2024, 3, 1, tzinfo=UTC)
    return Reply(endpoint, key, 200, observed_at, "", tuple(json.loads(json.dumps(rows))))


@fuzzed()
@given(rows_like(MEETING))
def test_any_rows_are_a_calendar(rows: list[dict[str, Any]]) -> None:
    """Each row is understood or set apart, and every round can be asked for."""
    answered = reply("meetings", "2024", rows)
    found, bad = read_calendar(answered, 2024)
    understood, _ = read_rows(MeetingRow, answered.rows, "meetings", ["meeting_key"])
    assert len(understood) + len(bad) == len(rows)
    assert {one.key for one in found.rounds} <= briefs(answered).keys()


@fuzzed()
@given(rows_like(SESSION), rows_like(DRIVER))
def test_any_rows_are_a_weekend(
    sessions: list[dict[str, Any]], drivers: list[dict[str, Any]]
) -> None:
    """No answer of a stranger ends in an exception, and what names the quarantine is plain."""
    found = read_weekend(
        MEETING, "2024-x", reply("sessions", "1229", sessions), reply("drivers", "1229", drivers)
    )
    for one in found.unreadable:
        assert (one.row_key + one.reason).isprintable()
        assert (one.row_key + one.reason).isascii()
    entered = {entry.driver for session in found.sessions for entry in session.entries or ()}
    assert entered == {one.key for one in found.drivers}


@fuzzed()
@given(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
def test_any_row_of_a_meeting_is_a_weekend_or_unusable(changed: dict[str, Any]) -> None:
    """A meeting's own row is read again from the item's payload."""
    sessions = reply("sessions", "1229", [SESSION])
    try:
        found = read_weekend({**MEETING, **changed}, "2024-x", sessions, None)
    except UnusableAnswer:
        return
    assert found.first_day <= found.last_day
