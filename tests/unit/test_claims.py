"""What a source says is kept, whatever the order in which its answers arrive."""

from functools import reduce
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ingestion_core.catalog.claims import Claim, by_source, merge

MONDAY, TUESDAY, WEDNESDAY = (f"2024-03-0{day}T12:00:00+00:00" for day in (4, 5, 6))
ROW = UUID(int=1)


def claim(
    fields: dict[str, Any],
    as_of: str | None = None,
    observed_at: str = WEDNESDAY,
    target: UUID | None = ROW,
    key: str = "max verstappen",
    source: str = "openf1",
) -> Claim:
    """A claim on a driver, dated as a whole or not at all."""
    dates = {name: as_of for name, value in fields.items() if value is not None and as_of}
    return Claim(source, "driver", key, target, observed_at, fields, dates)


def test_a_first_claim_is_kept_without_its_nulls() -> None:
    """Null says nothing."""
    assert merge(None, claim({"A": 1, "B": None})).fields == {"A": 1}


def test_null_never_replaces() -> None:
    """Nothing changed, so nothing is written: it is the very claim that is stored."""
    old = claim({"A": 1}, MONDAY)
    assert merge(old, claim({"A": None}, TUESDAY)) is old
    assert merge(old, claim({"A": None})) is old


def test_falsehood_and_zero_are_words() -> None:
    """A cancellation that is taken back."""
    assert merge(claim({"A": True}), claim({"A": False})).fields == {"A": False}
    assert merge(claim({"A": 7}), claim({"A": 0})).fields == {"A": 0}


def test_the_later_moment_wins_in_either_order() -> None:
    """The headshot of the latest session, though that meeting was read first."""
    early, late = claim({"A": "old"}, MONDAY), claim({"A": "new"}, TUESDAY)
    assert merge(early, late).fields == merge(late, early).fields == {"A": "new"}
    assert merge(late, early) is late


def test_a_correction_of_the_same_moment_wins() -> None:
    """The source mended the row of one session."""
    assert merge(claim({"A": 1}, MONDAY), claim({"A": 2}, MONDAY)).fields == {"A": 2}


def test_without_a_date_the_newer_answer_wins() -> None:
    """A calendar has no moment of its own."""
    assert merge(claim({"A": 1}), claim({"A": 2})).fields == {"A": 2}


def test_an_older_answer_only_fills_nulls() -> None:
    """It arrived late: what it corrects was corrected again since."""
    assert merge(claim({"A": 2}), claim({"A": 1, "B": 1}), fill_only=True).fields == {
        "A": 2,
        "B": 1,
    }
    dated = merge(claim({"A": 2}, MONDAY), claim({"A": 1, "B": 1}, MONDAY), fill_only=True)
    assert dated.fields == {"A": 2, "B": 1}
    assert dated.dates == {"A": MONDAY, "B": MONDAY}


def test_an_older_answer_that_speaks_of_a_later_moment_wins() -> None:
    """Observation orders answers, the date orders what they speak of."""
    found = merge(claim({"A": 1}, MONDAY), claim({"A": 2}, TUESDAY), fill_only=True)
    assert (found.fields, found.dates) == ({"A": 2}, {"A": TUESDAY})


def test_a_claim_remembers_its_latest_observation_and_its_row() -> None:
    """A row once decided is not forgotten by an answer that names none."""
    old = claim({"A": 1}, observed_at=TUESDAY)
    found = merge(old, claim({"A": 2}, observed_at=MONDAY, target=None))
    assert (found.observed_at, found.target) == (TUESDAY, ROW)
    linked = merge(claim({"A": 1}, target=None), claim({"A": 1}))
    assert linked.target == ROW


MOMENTS = st.integers(1, 28).map(lambda day: f"2024-03-{day:02}T12:00:00+00:00")


@st.composite
def dated_claims(draw: st.DrawFn) -> list[Claim]:
    """Claims of a source on one thing. What it says of one moment it says the same each time."""
    moments = draw(st.lists(MOMENTS, min_size=1, max_size=6))
    names = ("A", "B", "C")
    word = {
        (moment, name): draw(st.none() | st.integers(0, 3))
        for moment in dict.fromkeys(moments)
        for name in names
    }
    return [claim({name: word[moment, name] for name in names}, moment) for moment in moments]


def said(merged: Claim | None) -> tuple[Any, Any, Any]:
    """What a claim says; when it was observed is not part of it."""
    assert merged is not None
    return merged.fields, merged.dates, merged.target


def merged(claims: list[Claim]) -> Claim | None:
    """One after the other."""
    return reduce(merge, claims, None)


@given(dated_claims(), st.randoms(use_true_random=False))
def test_merging_dated_claims_commutes(claims: list[Claim], random: Random) -> None:
    """Answers arrive in any order and end in one claim."""
    shuffled = list(claims)
    random.shuffle(shuffled)
    assert said(merged(shuffled)) == said(merged(claims))


@given(dated_claims(), st.integers(0, 6))
def test_merging_dated_claims_is_associative(claims: list[Claim], cut: int) -> None:
    """Two halves merged apart come to the same."""
    first, second = claims[:cut], claims[cut:]
    if first and second:
        half = merged(second)
        assert half is not None
        assert said(merge(merged(first), half)) == said(merged(claims))


@given(dated_claims(), st.booleans())
def test_merging_again_changes_nothing(claims: list[Claim], fill_only: bool) -> None:
    """A second backfill writes no claim: each merge gives back the very claim it was given."""
    stored = merged(claims)
    assert stored is not None
    for one in claims:
        assert merge(stored, one, fill_only) is stored


@given(dated_claims())
def test_what_was_said_once_is_never_lost_to_null(claims: list[Claim]) -> None:
    """Per field, the latest moment that says anything."""
    stored = merged(claims)
    assert stored is not None
    expected = {
        name: max((one.dates[name], one.fields[name]) for one in claims if name in one.dates)[1]
        for name in ("A", "B", "C")
        if any(name in one.dates for one in claims)
    }
    assert stored.fields == expected


def test_claims_on_a_row_are_told_by_source() -> None:
    """A source's several keys in order of key, whatever order they come in."""
    claims = [
        claim({"A": 1, "B": 1}, key="sauber"),
        claim({"B": 2, "C": 2}, key="kick sauber"),
        claim({"A": 3}, source="ergast"),
    ]
    for order in (claims, claims[::-1]):
        assert by_source(order) == {"openf1": {"A": 1, "B": 1, "C": 2}, "ergast": {"A": 3}}
