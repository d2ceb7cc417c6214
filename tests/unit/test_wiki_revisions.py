"""The question about many revisions, and what is made of its answer."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_core.sources.thethirdturn.revisions import MOST, Told, question, understand
from tests.support.fuzzing import fuzzed


def test_a_question_has_fifty_titles_at_most() -> None:
    """The first ones; as the API takes them, with redirects resolved."""
    keys = [f"Race_{number}" for number in range(120)]
    path, taken = question(keys)
    asked = parse_qs(urlsplit(path).query)
    assert MOST == 50
    assert list(taken) == keys[:50]
    assert asked.pop("titles") == ["|".join(f"Race {number}" for number in range(50))]
    assert asked == {
        "action": ["query"],
        "prop": ["info"],
        "format": ["json"],
        "formatversion": ["2"],
        "redirects": ["1"],
    }


def test_a_question_is_no_longer_than_servers_take() -> None:
    """Of long titles there are fewer; of the longest, each byte of which is three, still one."""
    longest = ["é" * 127 + str(number) for number in range(100, 150)]
    path, taken = question(longest)
    assert len(path) <= 6000
    assert 1 < len(taken) < 10
    assert len(question(["€" * 5000])[1]) == 1


def test_titles_are_followed_from_how_they_were_asked_to_where_they_lead() -> None:
    """Normalised, redirected, twice if need be; by the title that was asked for."""
    answer = {
        "query": {
            "normalized": [{"from": "a record", "to": "A record"}],
            "redirects": [
                {"from": "A record", "to": "Ada R."},
                {"from": "Ada R.", "to": "Ada Record"},
            ],
            "pages": [{"title": "Ada Record", "lastrevid": 70}],
        }
    }
    assert understand(answer, ["a_record", "Ada_Record", "Unasked"]) == {
        "a_record": Told("Ada_Record", 70),
        "Ada_Record": Told(None, 70),
    }


def test_what_is_no_page_has_no_revision() -> None:
    """Missing, impossible, or of a number that is none."""
    pages = [
        {"title": "Gone", "missing": True},
        {"title": "Bad", "invalid": True, "lastrevid": 5},
        {"title": "Zero", "lastrevid": 0},
        {"title": "None"},
    ]
    told = understand({"query": {"pages": pages}}, ["Gone", "Bad", "Zero", "None"])
    assert set(told.values()) == {Told(None, None)}
    assert len(told) == 4


def test_titles_that_lead_to_each_other_end() -> None:
    """A circle has no page."""
    moves = [{"from": "A", "to": "B"}, {"from": "B", "to": "A"}]
    assert understand({"query": {"pages": [], "redirects": moves}}, ["A"]) == {}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["query", "pages", "redirects", "from", "to", "title", "lastrevid"]),
            inner,
        )
    ),
    max_leaves=20,
)


@fuzzed()
@given(_JSON)
def test_any_answer_is_understood_or_refused(answer: object) -> None:
    """By one error, whatever its shape."""
    try:
        told = understand(answer, ["A", "B"])
    except ValueError:
        return
    assert set(told) <= {"A", "B"}


@pytest.mark.parametrize("keys", [["A"], ["A", "B"]])
def test_all_that_fit_are_asked_about(keys: list[str]) -> None:
    """In the order in which they were wanted."""
    assert question(keys)[1] == tuple(keys)
