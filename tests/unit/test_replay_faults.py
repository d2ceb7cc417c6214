"""Which answers a fault strikes, and how often."""

import pytest
from pydantic import ValidationError

from local.replay.faults import Fault, FaultBook


def strikes(book: FaultBook, path: str = "/v1/drivers", query: str = "") -> str | None:
    """The kind of fault that strikes a request, if any."""
    fault = book.strike(path, query)
    return fault.kind if fault else None


def test_a_fault_strikes_as_often_as_it_was_told() -> None:
    """Twice, then never again."""
    book = FaultBook()
    book.add(Fault(kind="drop", times=2))
    assert [strikes(book) for _ in range(3)] == ["drop", "drop", None]
    assert book.active() == []


def test_a_fault_without_a_count_strikes_until_cleared() -> None:
    """times=None."""
    book = FaultBook()
    book.add(Fault(kind="html", times=None))
    assert {strikes(book) for _ in range(50)} == {"html"}
    book.clear()
    assert strikes(book) is None


def test_faults_strike_one_after_the_other() -> None:
    """The first one switched on uses itself up before the next."""
    book = FaultBook()
    for kind in ("status", "drop"):
        book.add(Fault.model_validate({"kind": kind}))
    assert [strikes(book) for _ in range(3)] == ["status", "drop", None]


@pytest.mark.parametrize(
    ("match", "path", "query", "met"),
    [
        ("/", "/token", "", True),
        ("/v1/drivers", "/v1/drivers", "meeting_key=1229", True),
        ("/v1/drivers", "/v1/sessions", "", False),
        ("/v1/drivers?meeting_key=1229", "/v1/drivers", "meeting_key=1229", True),
        ("/v1/drivers?meeting_key=1229", "/v1/drivers", "meeting_key=1230", False),
        ("/v1/?key>=9", "/v1/sessions", "session_key%3E=9", True),
    ],
)
def test_a_fault_is_matched_by_path_and_decoded_query(
    match: str, path: str, query: str, met: bool
) -> None:
    """A prefix of the path, then any part of the query."""
    assert Fault(kind="drop", match=match).meets(path, query) is met


def test_chance_is_repeatable() -> None:
    """A fault of 30 % strikes about that often, and the same requests every time."""

    def struck() -> list[bool]:
        book = FaultBook(seed=7)
        book.add(Fault(kind="too_many", times=None, probability=0.3))
        return [strikes(book) is not None for _ in range(1000)]

    assert struck() == struck()
    assert 250 < sum(struck()) < 350


@pytest.mark.parametrize(
    "wrong", [{"kind": "earthquake"}, {"kind": "drop", "match": "v1"}, {"kind": "drop", "time": 1}]
)
def test_an_unknown_kind_or_field_is_refused(wrong: dict[str, object]) -> None:
    """A misspelt fault that never strikes would make a test pass for nothing."""
    with pytest.raises(ValidationError):
        Fault.model_validate(wrong)
