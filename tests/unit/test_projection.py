"""From claims to columns: the order of precedence, the product's own changes, status by time."""

from datetime import UTC, datetime, timedelta

import pytest

from ingestion_core.catalog.claims import MADE, PRODUCT, WRITTEN
from ingestion_core.catalog.projection import (
    TABLES,
    Projected,
    believe,
    columns_of,
    project,
    session_status,
)
from ingestion_core.racing.kinds import SessionStatus

SCHEDULE = ["openf1", "ergast", "thethirdturn"]
PROFILE = [TABLES, "ergast", "openf1", "thethirdturn"]
OPENF1_FIRST = ["openf1", TABLES, "ergast", "thethirdturn"]


@pytest.mark.parametrize(
    ("kind", "field", "order"),
    [
        ("session", "StartTimeUtc", SCHEDULE),
        ("session", "Cancelled", SCHEDULE),
        ("round", "DateStart", SCHEDULE),
        ("entrant", "TeamId", SCHEDULE),
        ("driver", "LastName", PROFILE),
        ("driver", "Abbreviation", PROFILE),
        ("team", "Name", PROFILE),
        ("circuit", "Name", PROFILE),
        ("circuit", "Latitude", PROFILE),
        ("driver", "HeadshotUrl", OPENF1_FIRST),
        ("team", "PrimaryColor", OPENF1_FIRST),
        ("circuit", "CountryCode", OPENF1_FIRST),
    ],
)
def test_the_first_source_in_the_fields_order_is_believed(
    kind: str, field: str, order: list[str]
) -> None:
    """And each next one where those before say nothing."""
    while order:
        claims = {source: {field: source} for source in reversed(order)}
        assert believe(kind, claims) == {field: order[0]}
        silent = {source: {field: None} for source in order[:1]}
        assert believe(kind, claims | silent).get(field) == (order[1] if order[1:] else None)
        order = order[1:]


def test_each_field_is_believed_for_itself() -> None:
    """A source that is first but silent leaves the word to the next."""
    claims = {"openf1": {"A": None, "B": 2}, "ergast": {"A": 1, "B": 1, "C": False}}
    assert believe("session", claims) == {"A": 1, "B": 2, "C": False}


def test_pseudo_sources_are_no_sources() -> None:
    """What we wrote ourselves is no word of anybody."""
    assert believe("session", {WRITTEN: {"A": 1}, PRODUCT: {"A": 2}}) == {}


def test_columns_are_null_where_nothing_is_believed() -> None:
    """Every managed column is there, no other."""
    assert columns_of({"A": "text", "B": "text"}, {"A": 1, "X": 9}) == {"A": 1, "B": None}


def test_a_new_row_is_what_the_sources_say() -> None:
    """Nobody has changed it yet."""
    assert project({"A": 1, "B": None}, None, {}) == Projected({"A": 1, "B": None}, {})


def test_a_change_in_the_product_wins_and_becomes_a_claim() -> None:
    """It differs from what we last wrote."""
    found = project({"A": 1, "B": 2}, {"A": "mine", "B": 1}, {WRITTEN: {"A": 1, "B": 1}})
    assert found == Projected({"A": "mine", "B": 2}, {"A": "mine"})


def test_an_administrator_may_empty_a_field() -> None:
    """Null is a change as well, and stays."""
    found = project({"A": 1}, {"A": None}, {WRITTEN: {"A": 1}})
    assert found == Projected({"A": None}, {"A": None})
    again = project({"A": 5}, {"A": None}, {WRITTEN: {"A": None}, PRODUCT: {"A": None}})
    assert again == Projected({"A": None}, {"A": None})


def test_a_change_in_the_product_survives_every_later_word() -> None:
    """What we wrote since is the administrator's own value; a second change replaces the first."""
    claims = {WRITTEN: {"A": "mine"}, PRODUCT: {"A": "mine"}}
    assert project({"A": 3}, {"A": "mine"}, claims).columns == {"A": "mine"}
    assert project({"A": 3}, {"A": "other"}, claims) == Projected({"A": "other"}, {"A": "other"})


def test_a_row_that_was_removed_comes_back_with_the_products_changes() -> None:
    """They are claims like any."""
    claims = {WRITTEN: {"A": "mine", "B": 1}, PRODUCT: {"A": "mine"}}
    assert project({"A": 3, "B": 2}, None, claims).columns == {"A": "mine", "B": 2}


def test_a_row_that_we_never_wrote_is_adopted() -> None:
    """Sources win where they speak, and what they leave open stays."""
    found = project({"A": 1, "B": None}, {"A": 9, "B": 8}, {})
    assert found == Projected({"A": 1, "B": 8}, {})


def test_a_source_that_falls_silent_takes_nothing_away() -> None:
    """Null never overwrites."""
    found = project({"A": None}, {"A": 1}, {WRITTEN: {"A": 1}})
    assert found == Projected({"A": 1}, {})


def test_a_column_that_is_new_to_us_was_not_changed_by_anybody() -> None:
    """We did not write it before, so its value is no change."""
    assert project({"B": 2}, {"B": 1}, {WRITTEN: {"A": 1}}) == Projected({"B": 2}, {})


def test_a_column_that_is_new_to_us_keeps_what_no_source_speaks_of() -> None:
    """Of a row made here as well, now and the next time."""
    ours = {WRITTEN: {"A": 1, MADE: True}}
    assert project({"A": 1, "B": None}, {"A": 1, "B": 7}, ours) == Projected(
        {"A": 1, "B": 7}, {"B": 7}
    )
    assert project({"A": 1, "B": None}, {"A": 1, "B": None}, ours).product == {}


START = datetime(2024, 3, 2, 15, tzinfo=UTC)
END = START + timedelta(hours=2)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("now", "status"),
    [
        (START - SECOND, SessionStatus.SCHEDULED),
        (START, SessionStatus.IN_PROGRESS),
        (END, SessionStatus.IN_PROGRESS),
        (END + timedelta(minutes=30) - SECOND, SessionStatus.IN_PROGRESS),
        (END + timedelta(minutes=30), SessionStatus.COMPLETED),
        (END + timedelta(days=365), SessionStatus.COMPLETED),
    ],
)
def test_status_follows_time(now: datetime, status: SessionStatus) -> None:
    """Until half an hour past the end: two sessions of three run late."""
    assert session_status(START, END, cancelled=False, now=now) == status
    assert session_status(START, END, cancelled=True, now=now) == SessionStatus.CANCELLED
    assert session_status(START, None, cancelled=False, now=now) == status, "two hours, as a race"
