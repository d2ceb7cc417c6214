"""Who is meant: by what was decided, by address, by alias, by name; never by likeness."""

from dataclasses import replace
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_core.identity import ids
from ingestion_core.identity.lookup import person_key
from ingestion_core.identity.resolve import Known, Match, Wanted, resolve
from ingestion_core.racing.names import fold, slugify, words


def person(name: str, *also: str, key: str | None = None) -> Wanted:
    """Somebody whom a source names; ``also``: other addresses."""
    slug = slugify(name)
    return Wanted(
        key or fold(name),
        ids.of("driver", fold(name)),
        slug,
        frozenset({slug, *also}),
        words(name),
    )


def row(
    number: int, name: str, slug: str | None = None, aliases: frozenset[str] = frozenset()
) -> Known:
    """An existing row with an id of its own, as in the live database."""
    return Known(UUID(int=number), slug or slugify(name), aliases, words(name))


def who(wanted: Wanted, *known: Known, decided: dict[str, UUID] | None = None) -> Match:
    """The match of one."""
    return resolve([wanted], decided or {}, known)[wanted.key]


def test_an_existing_row_keeps_its_id_and_its_address() -> None:
    """Whatever ours would have been."""
    found = who(person("Max Verstappen"), row(1, "Max Verstappen"))
    assert found == Match(UUID(int=1), "max-verstappen", new=False)


@pytest.mark.parametrize("which", ["wanted", "row", "both"])
def test_a_name_tells_nobody_apart_but_with_the_day_of_birth(which: str) -> None:
    """Neither address nor name nor alias, from either side; the natural id is no name."""
    wanted = replace(person("Mike Taylor"), id=str(UUID(int=9)), apart=which != "row", born=None)
    known = replace(
        row(1, "Mike Taylor", aliases=frozenset({"mike-taylor"})), apart=which != "wanted"
    )
    assert who(wanted, known) == Match(wanted.id, "mike-taylor-2", new=True)
    born = replace(known, born="1934-04-24")
    assert who(wanted, born).new
    assert who(replace(wanted, born="1934-04-25"), born).new
    assert not who(replace(wanted, born="1934-04-24"), born).new
    assert not who(wanted, replace(known, id=wanted.id)).new


def test_whoever_is_nobody_is_new_under_the_natural_id() -> None:
    """Two workers that meet the same new driver make the same row."""
    wanted = person("Oliver Bearman")
    assert who(wanted, row(1, "Max Verstappen")) == Match(wanted.id, "oliver-bearman", new=True)


@pytest.mark.parametrize(
    ("wanted", "known"),
    [
        ("Nelson Piquet", "Nelson Piquet Jr."),
        ("Nelson Piquet Jr.", "Nelson Piquet"),
        ("Max Verstappen", "Jos Verstappen"),
        ("Jacques Villeneuve", "Jacques Villeneuve Sr."),
        ("Gilles Villeneuve", "Jacques Villeneuve"),
        ("Damon Hill", "Graham Hill"),
        ("Nico Rosberg", "Keke Rosberg"),
        ("Arthur Leclerc", "Charles Leclerc"),
        ("Kevin Magnussen", "Jan Magnussen"),
        ("Pietro Fittipaldi", "Emerson Fittipaldi"),
        ("Mick Schumacher", "Michael Schumacher"),
        ("Ralf Schumacher", "Michael Schumacher"),
        ("Tony Crook", "Tony Brooks"),
        ("Jak Crawford", "Jim Crawford"),
        ("Paul Aron", "Ralf Aron"),
    ],
)
def test_fathers_sons_and_likenesses_stay_apart(wanted: str, known: str) -> None:
    """All 207 starts of one Piquet once went to the other."""
    assert who(person(wanted), row(1, known)).new


def test_a_name_in_the_other_order_is_the_same_person() -> None:
    """ZHOU Guanyu and Guanyu Zhou, whatever the address."""
    assert who(person("ZHOU Guanyu"), row(1, "Guanyu Zhou")).id == UUID(int=1)


def test_homonyms_are_never_guessed() -> None:
    """Two rows of one name, neither at the wanted address: a third one is made."""
    found = who(
        person("Mike Taylor"),
        row(1, "Mike Taylor", "mike-taylor-1958"),
        row(2, "Mike Taylor", "mike-taylor-1990"),
    )
    assert found.new
    assert found.slug == "mike-taylor"


def test_an_alias_of_one_row_is_that_row() -> None:
    """What an administrator noted in the product counts."""
    known = row(1, "Andrea Kimi Antonelli", aliases=frozenset({"kimi-antonelli"}))
    assert who(person("Kimi Antonelli"), known).id == UUID(int=1)


def test_an_alias_of_two_rows_is_neither() -> None:
    """A person must tell."""
    both = frozenset({"j-smith"})
    found = who(
        person("J Smith"), row(1, "John Smith", aliases=both), row(2, "Jane Smith", aliases=both)
    )
    assert found.new


def test_the_own_address_says_more_than_another_name() -> None:
    """In any order of the rows."""
    wanted = person("Alexander Albon", "alex-albon")
    rows = [row(1, "Alex Albon"), row(2, "Alexander Albon")]
    assert who(wanted, *rows).id == who(wanted, *rows[::-1]).id == UUID(int=2)


def test_what_was_decided_stays_decided() -> None:
    """A person approved it, whatever the name says."""
    rows = [row(1, "Carlos Sainz"), row(2, "Carlos Sainz Sr.")]
    found = who(person("Carlos Sainz"), *rows, decided={"carlos sainz": UUID(int=2)})
    assert found.id == UUID(int=2)


def test_a_decided_row_that_is_gone_comes_back_under_its_id() -> None:
    """Entries and claims still speak of it."""
    found = who(person("Jack Doohan"), decided={"jack doohan": UUID(int=9)})
    assert found == Match(UUID(int=9), "jack-doohan", new=True)


def test_two_dates_of_birth_are_two_people() -> None:
    """Under one name, one address and one natural id: a decision alone can make them one."""
    wanted = replace(person("Jacques Villeneuve"), born="1971-04-09", years=(1996, 2006))
    uncle = replace(row(1, "Jacques Villeneuve"), born="1953-11-04", years=(1981, 1983))
    natural = replace(uncle, id=wanted.id)
    assert who(wanted, uncle) == Match(wanted.id, "jacques-villeneuve-2", new=True)
    beside = who(wanted, natural)
    assert (beside.slug, beside.new) == ("jacques-villeneuve-2", True)
    assert beside.id not in {natural.id, uncle.id}
    assert who(wanted, natural) == beside
    assert who(wanted, uncle, decided={wanted.key: uncle.id}).id == uncle.id


def test_two_new_homonyms_of_one_season_are_two_people() -> None:
    """Two keys of one source under one name, born on different days."""
    older = replace(person("John Smith", key="a"), born="1930-01-01")
    younger = replace(person("John Smith", key="b"), born="1931-01-01")
    found = resolve([older, younger], {}, [])
    assert {match.slug for match in found.values()} == {"john-smith", "john-smith-2"}
    assert found["a"].id != found["b"].id


@pytest.mark.parametrize(
    ("years", "joined"),
    [
        ((1983, 1983), True),
        ((2002, 2002), True),
        ((2003, 2003), False),
        ((1950, 1959), False),
        ((1950, 1960), True),
        ((1950, 2024), True),
    ],
)
def test_careers_decades_apart_are_two_peoples(years: tuple[int, int], joined: bool) -> None:
    """Where nobody knows when one of them was born; a gap of less than 20 years is a comeback."""
    known = replace(row(1, "Jan Lammers"), years=(1979, 1983))
    wanted = replace(person("Jan Lammers"), years=years)
    assert who(wanted, known).new is not joined
    assert not who(replace(wanted, born="1956-06-02"), replace(known, born="1956-06-02")).new


def test_a_taken_address_is_numbered() -> None:
    """A public address is nobody else's."""
    wanted = Wanted("k", UUID(int=50), "mike-taylor", frozenset())
    rows = [row(1, "Somebody", "mike-taylor"), row(2, "Another", "mike-taylor-2")]
    assert who(wanted, *rows).slug == "mike-taylor-3"


def test_two_new_ones_never_share_an_address() -> None:
    """The second gets a number."""
    found = resolve(
        [Wanted("a", UUID(int=1), "x", frozenset()), Wanted("b", UUID(int=2), "x", frozenset())],
        {},
        [],
    )
    assert {key: match.slug for key, match in found.items()} == {"a": "x", "b": "x-2"}


def test_two_keys_of_one_new_thing_are_one_row() -> None:
    """One team under two spellings has one id and one address."""
    same = UUID(int=7)
    found = resolve(
        [Wanted("rb", same, "rb", frozenset()), Wanted("rb f1 team", same, "rb-f1", frozenset())],
        {},
        [],
    )
    assert found["rb"] == found["rb f1 team"] == Match(same, "rb", new=True)


@pytest.mark.parametrize(
    ("first", "last", "year", "key"),
    [
        ("Guanyu", "Zhou", 2023, "guanyu zhou"),
        ("Zhou", "Guanyu", 2023, "guanyu zhou"),
        ("Pato", "O'Ward", 2024, "patricio oward"),
        ("Kimi", "Antonelli", 2024, "andrea kimi antonelli"),
        ("Kimi", "Antonelli", 1999, "kimi antonelli"),
        ("Carlos", "Sainz Jr.", 2024, "carlos sainz"),
        ("Nelson", "Piquet Jr.", 2008, "nelson piquet jr"),
        ("Nelson", "Piquet", 1981, "nelson piquet"),
        ("Kimi", "Räikkönen", 2021, "kimi raikkonen"),
    ],
)
def test_a_persons_key_is_the_canonical_name(first: str, last: str, year: int, key: str) -> None:
    """An alias counts only in the years in which it is theirs."""
    assert person_key(first, last, year) == key


IDS = st.integers(1, 6).map(lambda number: UUID(int=number))
SLUGS = st.sampled_from(["a", "a-2", "b", "b-2", "c"])
SETS = st.frozensets(SLUGS, max_size=2)
WORDS = st.frozensets(st.sampled_from(["max", "jos", "jr"]), max_size=2)
WANTED = st.lists(
    st.builds(Wanted, st.sampled_from("klmnop"), IDS, SLUGS, SETS, WORDS),
    max_size=5,
    unique_by=lambda one: one.key,
)
KNOWN = st.lists(
    st.builds(Known, IDS, SLUGS, SETS, WORDS),
    max_size=4,
    unique_by=(lambda r: r.id, lambda r: r.slug),
)
DECIDED = st.dictionaries(st.sampled_from("klmnop"), IDS, max_size=3)


@given(WANTED, DECIDED, KNOWN, st.randoms(use_true_random=False))
def test_everybody_gets_one_match_whatever_the_order(
    wanted: list[Wanted], decided: dict[str, UUID], known: list[Known], random: Random
) -> None:
    """Total, and the same under shuffling; existing rows untouched, new addresses free and own."""
    found = resolve(wanted, decided, known)
    shuffled, rows = list(wanted), list(known)
    random.shuffle(shuffled)
    random.shuffle(rows)
    assert resolve(shuffled, decided, rows) == found
    assert found.keys() == {one.key for one in wanted}

    addresses = {row.id: row.slug for row in known}
    for match in found.values():
        if match.new:
            assert match.id not in addresses
            assert match.slug not in addresses.values()
        else:
            assert match.slug == addresses[match.id]
    made = {match.id: match.slug for match in found.values() if match.new}
    assert {(match.id, match.slug) for match in found.values() if match.new} == set(made.items())
    assert len(set(made.values())) == len(made)
