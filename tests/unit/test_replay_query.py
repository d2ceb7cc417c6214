"""The replay understands queries as production does, its surprising habits included."""

import pytest

from local.replay.query import QueryError, parse, select
from local.replay.rows import Row

SESSIONS: list[Row] = [
    {"meeting_key": 1, "session_key": key, "session_name": name, "country_code": "MON"}
    for key, name in [(5, "Practice 1"), (6, "Qualifying"), (8, "Race"), (10, "Race"), (12, "Race")]
]


def found(query: str, rows: list[Row] = SESSIONS) -> list[int]:
    """The session keys a query meets."""
    return [row["session_key"] for row in select(rows, parse(query, latest={"session_key": 10}))]


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("", [5, 6, 8, 10, 12]),
        ("session_key=8", [8]),
        ("session_key>=8", [8, 10, 12]),
        ("session_key<=8", [5, 6, 8]),
        ("session_key>8", [10, 12]),
        ("session_key<8", [5, 6]),
        ("Session_Key=8", [8]),
        ("session_key=8.0", [8]),
        ("session_key=latest", [10]),
        ("meeting_key=latest", []),
    ],
    ids=lambda value: str(value),
)
def test_each_operator_compares_integers(query: str, keys: list[int]) -> None:
    """The five operators, keys in any case, and `latest` where it means something."""
    assert found(query) == keys


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("session_key%3E=8", [8, 10, 12]),  # params={"session_key>": 8} reads >=
        ("session_key%3E%3D=8", []),  # params={"session_key>=": 8} reads >= "=8"
        ("session_key%3E8=", [10, 12]),  # params={"session_key>8": ""} reads >
        ("session_key%3C=8", [5, 6, 8]),
    ],
)
def test_percent_encoded_operators_are_read_after_decoding(query: str, keys: list[int]) -> None:
    """What an HTTP client's `params=` makes of an operator is what production gets to see."""
    assert found(query) == keys


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("session_key=5&session_key=12", [5, 12]),
        ("session_key>=6&session_key<10", [6, 8]),
        ("session_key>=12&session_key<=5", [5, 12]),  # the wrong way round: alternatives
        ("session_key>=5&session_key>=10", [5, 6, 8, 10, 12]),  # lone bounds: alternatives
        ("session_key<6&session_key>=6&session_key<=8", [5, 6, 8]),
        ("session_key>=5&session_key<=6&session_key>=10&session_key<=12", [5, 6, 10, 12]),
        ("session_key=12&session_key>=5&session_key<=6", [5, 6, 12]),
        ("session_key>=6&session_name=Race", [8, 10, 12]),
        ("session_key<=8&meeting_key=2", []),
    ],
)
def test_conditions_on_one_field_are_alternatives_unless_a_range(
    query: str, keys: list[int]
) -> None:
    """One field: OR, a pair of bounds AND, an inverted pair OR again; several fields: AND."""
    assert found(query) == keys


@pytest.mark.parametrize(
    "query",
    ["limit=1", "session_key=abc", "session_key=true", "country_code=MON", "session_name>=A"],
)
def test_what_production_can_not_compare_meets_no_row(query: str) -> None:
    """Unknown fields, other types, and texts taken for dates are no errors."""
    assert found(query) == []


def test_null_meets_no_condition() -> None:
    """A row whose field is null or absent is never met, not even from below."""
    rows: list[Row] = [{"session_key": 1, "position": None}, {"session_key": 2}]
    assert found("position<=99", rows) == []


def test_truth_values_are_no_numbers() -> None:
    """is_cancelled=true meets true, and is_cancelled=1 does not."""
    rows: list[Row] = [{"session_key": 1, "is_cancelled": True}]
    assert found("is_cancelled=true", rows) == [1]
    assert found("is_cancelled=1", rows) == []


@pytest.mark.parametrize("query", ["year", "year=", "session_key=5&year"])
def test_a_parameter_without_an_operator_is_an_error(query: str) -> None:
    """Production breaks on `?year`, and so does the replay."""
    with pytest.raises(QueryError, match="year"):
        parse(query, latest={})
