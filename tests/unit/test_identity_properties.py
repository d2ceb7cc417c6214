"""Whatever the names: everybody is themself, likeness is mutual, guards hold."""

from datetime import date
from random import Random
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ingestion_core.identity.likeness import Candidate, Newcomer, forbidden, propose
from ingestion_core.identity.resolve import CAREERS_APART, Known, Wanted, resolve
from ingestion_core.identity.spellings import Kind, likeness
from ingestion_core.racing.names import fold, slugify, words

KINDS: tuple[Kind, ...] = ("driver", "team", "circuit")

# Words that real names share, so that likenesses are no rare accident; and any text at all.
WORDS = st.sampled_from(
    [
        *("Jacques", "Gilles", "Villeneuve", "Villeneuv", "Jr.", "Senior", "III", "Alex", "A."),
        *("Alexander", "Pérez", "PEREZ", "O'Ward", "De", "Tomaso-Ferrari", "Ferrari", "Cooper"),
        *("Racing", "F1", "Team", "Mercedes-AMG", "Circuit", "Park", "Monza", "周冠宇", "-"),
    ]
)
# Words of which each is nearly the other, so that one may pair with several.
NEARLY = st.lists(st.sampled_from(["Alex", "Alexa", "Alexan", "Alxan", "Alexander"]), max_size=3)
SPELT = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
NAMES = st.one_of(SPELT, NEARLY.map(" ".join), st.text(max_size=12)).filter(fold)
# Two names that are one half of the time: guards matter only then.
PAIRS = st.one_of(st.tuples(NAMES, NAMES), NAMES.map(lambda name: (name, name)))
BIRTHS = st.none() | st.dates(date(1900, 1, 1), date(1903, 1, 1))
YEARS = st.none() | st.integers(1905, 1960)


def wanted(name: str, born: date | None = None, year: int | None = None) -> Wanted:
    """Somebody of this name, as a source speaks of them."""
    slug = slugify(name)
    return Wanted(
        fold(name),
        UUID(int=99),
        slug,
        frozenset({slug}),
        words(name),
        born.isoformat() if born else None,
        (year, year) if year else None,
    )


def known(number: int, name: str, born: date | None = None, year: int | None = None) -> Known:
    """Somebody of this name, as a row of the product with an id of its own."""
    return Known(
        UUID(int=number),
        slugify(name),
        words=words(name),
        born=born.isoformat() if born else None,
        years=(year, year) if year else None,
    )


def is_row(one: Wanted, *rows: Known) -> bool:
    """Whether somebody is taken for the first row."""
    return resolve([one], {}, rows)[one.key].id == rows[0].id


@given(NAMES, BIRTHS, BIRTHS, YEARS, st.randoms(use_true_random=False))
def test_everybody_is_themself_in_whatever_order_of_words(
    name: str, born: date | None, said: date | None, year: int | None, random: Random
) -> None:
    """Unless a source knows of another day of birth; not to know of one is no difference."""
    parts = fold(name).split()
    random.shuffle(parts)
    same = said is None or born is None or said == born
    assert is_row(wanted(" ".join(parts), said, year), known(1, name, born, year)) is same


@given(PAIRS, BIRTHS, BIRTHS, YEARS, YEARS)
def test_being_taken_for_somebody_is_mutual(
    names: tuple[str, str],
    born: date | None,
    other_born: date | None,
    year: int | None,
    other_year: int | None,
) -> None:
    """If A is B's row then B is A's: no order of arrival decides who is who."""
    one, other = names
    there = is_row(wanted(one, born, year), known(1, other, other_born, other_year))
    back = is_row(wanted(other, other_born, other_year), known(1, one, born, year))
    assert there is back


@given(PAIRS, YEARS, YEARS)
def test_nobody_is_taken_for_somebody_with_other_words_in_the_name(
    names: tuple[str, str], year: int | None, other_year: int | None
) -> None:
    """Nor for anybody whose career lies decades apart, whatever the name."""
    one, other = names
    taken = is_row(wanted(one, None, year), known(1, other, None, other_year))
    apart = bool(year and other_year and abs(year - other_year) >= CAREERS_APART)
    assert taken is (words(one) == words(other) and not apart)


@given(NAMES, NAMES, BIRTHS)
def test_a_stranger_beside_them_changes_nothing(
    name: str, stranger: str, born: date | None
) -> None:
    """Two rows, of which one is meant."""
    assume(words(name) != words(stranger))
    assert is_row(wanted(name, born), known(1, name, born), known(2, stranger))


@pytest.mark.parametrize("kind", KINDS)
@given(one=NAMES, other=NAMES)
def test_likeness_is_mutual(kind: Kind, one: str, other: str) -> None:
    """The same score and the same words too many, whoever was there first."""
    assert likeness(kind, one, other) == likeness(kind, other, one)


@pytest.mark.parametrize("kind", KINDS)
@given(name=NAMES)
def test_a_name_is_entirely_like_itself(kind: Kind, name: str) -> None:
    """Whatever it is made of: fillers, suffixes, letters of any script."""
    like = likeness(kind, name, name.upper() if fold(name.upper()) == fold(name) else name)
    assert like is not None
    assert like.score == 1


PEOPLE = st.builds(Newcomer, st.just("key"), NAMES, BIRTHS, YEARS, YEARS)
ROWS = st.lists(
    st.builds(
        lambda number, name, born, first, more: Candidate(
            UUID(int=number), name, born, first, first + more if first else None
        ),
        st.integers(1, 9),
        NAMES,
        BIRTHS,
        YEARS,
        st.integers(0, 30),
    ),
    max_size=5,
    unique_by=lambda one: one.id,
)


@pytest.mark.parametrize("kind", KINDS)
@given(newcomer=PEOPLE, rows=ROWS, random=st.randoms(use_true_random=False))
def test_a_proposal_is_never_forbidden_and_always_the_same(
    kind: Kind, newcomer: Newcomer, rows: list[Candidate], random: Random
) -> None:
    """In whatever order the rows come; its score fits numeric(5,4)."""
    found = propose(kind, newcomer, rows)
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert propose(kind, newcomer, shuffled) == found
    if found is not None:
        assert not forbidden(kind, newcomer, found.candidate)
        assert 0 < found.score <= 1
        assert found.score == round(found.score, 4)


@given(PAIRS, BIRTHS, BIRTHS, YEARS, YEARS)
def test_what_forbids_a_proposal_forbids_it_both_ways(
    names: tuple[str, str],
    born: date | None,
    other_born: date | None,
    year: int | None,
    other_year: int | None,
) -> None:
    """And the score is one score."""
    one, other = names
    there = propose(
        "driver",
        Newcomer("k", one, born, year, year),
        [Candidate(UUID(int=1), other, other_born, other_year, other_year)],
    )
    back = propose(
        "driver",
        Newcomer("k", other, other_born, other_year, other_year),
        [Candidate(UUID(int=1), one, born, year, year)],
    )
    assert (there and there.score) == (back and back.score)
