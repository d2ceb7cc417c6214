"""Likeness proposes to a person, and only what is worth asking: never a son for a father."""

from datetime import date
from uuid import UUID

import pytest

from ingestion_core.identity.likeness import Newcomer, Proposal, propose, propose_all
from ingestion_core.identity.spellings import likeness
from tests.support.likeness import asked, row


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nico Hulkenburg", "Nico Hülkenberg"),
        ("Marc Webber", "Mark Webber"),
        ("Daniel Ricardo", "Daniel Ricciardo"),
        ("Alex Palou", "Alexander Palou"),
        ("Dan Ricciardo", "Daniel Ricciardo"),
        ("Tsunoda Yuuki", "Yuki Tsunoda"),
        ("Kimi Raikkoenen", "Kimi Räikkönen"),
        ("Jeaneric Vergne", "Jean-Éric Vergne"),
        ("Andrea Kimi Antonelli", "Kimi Antonelli"),
        ("Alex Albon", "Alexander Philip Albon"),
        ("Bobby Rahal", "Robert 'Bobby' Rahal"),
        ("Al Unser Junior", "Al Unser Jr."),
    ],
)
def test_a_misspelt_shortened_or_longer_name_is_worth_asking(one: str, other: str) -> None:
    """In either direction; nothing else of them is known, and that counts for nothing."""
    for name, known in ((one, other), (other, one)):
        found = asked("driver", name, "Max Verstappen", known)
        assert found is not None
        assert found.candidate.name == known
        assert 0.8 <= found.score < 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nelson Piquet", "Nelson Piquet Jr."),
        ("Jacques Villeneuve", "Jacques Villeneuve Sr."),
        ("Jacques Villeneuve", "Gilles Villeneuve"),
        ("Jacques Villeneuve Sr.", "Gilles Villeneuve"),
        ("Al Unser", "Al Unser III"),
        ("Al Unser Jr.", "Al Unser III"),
        ("Jim Crawford", "Jak Crawford"),
        ("Tony Crook", "Tony Brooks"),
        ("Emerson Fittipaldi", "Wilson Fittipaldi"),
        ("Emerson Fittipaldi", "Christian Fittipaldi"),
        ("Pietro Fittipaldi", "Enzo Fittipaldi"),
        ("Michael Schumacher", "Mick Schumacher"),
        ("Michael Schumacher", "Ralf Schumacher"),
        ("Damon Hill", "Graham Hill"),
        ("Phil Hill", "Graham Hill"),
        ("Keke Rosberg", "Nico Rosberg"),
        ("Jos Verstappen", "Max Verstappen"),
        ("Arthur Leclerc", "Charles Leclerc"),
        ("Jan Magnussen", "Kevin Magnussen"),
        ("Paul Aron", "Ralf Aron"),
        ("Johnnie Parsons", "Johnny Parsons"),
        ("Mike Parkes", "Mike Sparken"),
        ("Brian Naylor", "Brian Shawe-Taylor"),  # too long and misspelt at once
        ("Verstappen", "Max Verstappen"),
    ],
)
def test_families_and_homonyms_are_never_proposed_for_one_another(one: str, other: str) -> None:
    """Though nobody knows when they were born or raced."""
    assert asked("driver", one, other) is None
    assert asked("driver", other, one) is None


def test_two_dates_of_birth_are_two_people() -> None:
    """However alike their names; one date alone says nothing."""
    known = row(1, "Hans-Joachim Stuck", date(1951, 1, 1))
    assert asked("driver", "Hans Stuck", known, born=date(1900, 12, 27)) is None
    assert asked("driver", "Hans Stuck", known) is not None


def test_the_same_date_of_birth_and_half_a_name_is_worth_asking() -> None:
    """Nicknames have nothing of the name."""
    known = row(1, "Sergio Pérez", date(1990, 1, 26))
    found = asked("driver", "Checo Pérez", known, born=date(1990, 1, 26))
    assert found is not None
    assert found.signals["same_birth"] is True
    assert asked("driver", "Checo Pérez", known) is None
    assert asked("driver", "Checo Gómez", known, born=date(1990, 1, 26)) is None


def test_the_same_date_of_birth_makes_a_likeness_more_likely() -> None:
    """The score is what a person sees first."""
    known = row(1, "Nico Hülkenberg", date(1987, 8, 19))
    sure = asked("driver", "Nico Hulkenburg", known, born=date(1987, 8, 19))
    perhaps = asked("driver", "Nico Hulkenburg", known)
    assert sure is not None
    assert perhaps is not None
    assert perhaps.score < sure.score < 1


@pytest.mark.parametrize(
    ("year", "proposed"), [(1949, False), (1950, True), (1980, True), (2009, True), (2010, False)]
)
def test_careers_that_lie_twenty_years_apart_are_two_peoples(year: int, proposed: bool) -> None:
    """Counted from the nearest season of a career from 1969 to 1990."""
    known = row(1, "John Watson", None, 1969, 1990)
    assert (asked("driver", "Jon Watson", known, year=year) is not None) is proposed


def test_a_newcomers_career_counts_from_end_to_end() -> None:
    """A source that knows all of it is taken at its word."""
    known = row(1, "John Watson", None, 1973, 1985)
    assert propose("driver", Newcomer("k", "Jon Watson", None, 1940, 1953), [known]) is None
    assert propose("driver", Newcomer("k", "Jon Watson", None, 1940, 1954), [known]) is not None
    assert propose("driver", Newcomer("k", "Jon Watson", None, 1940, 1990), [known]) is not None


def test_nobody_races_before_the_age_of_ten() -> None:
    """One date of birth is enough to tell a son from a father of his name."""
    son = row(1, "Johnny Parsons", date(1944, 8, 26))
    assert asked("driver", "Jonny Parsons", son, year=1950) is None
    assert asked("driver", "Jonny Parsons", son, year=1974) is not None
    father = row(1, "Jonny Parsons", None, 1950, 1958)
    assert asked("driver", "Johnny Parsons", father, born=date(1944, 8, 26), year=1974) is None


def test_a_proposal_says_what_it_rests_on() -> None:
    """Four decimals, as the product stores them; nothing stands there that nobody knows."""
    known = row(1, "Red Bull Racing", None, 2005, 2023)
    found = asked("team", "Oracle Red Bull Racing", known, year=2024)
    assert found == Proposal(
        known, 0.95, {"name": 0.95, "extra": "oracle", "years_apart": 1.0, "rivals": 0.0}
    )
    found = asked("driver", "Nico Hulkenburg", "Nico Hülkenberg")
    assert found is not None
    assert found.score == round(found.score, 4)
    assert set(found.signals) == {"name", "rivals"}


def test_the_likeliest_row_is_proposed_whatever_the_order() -> None:
    """The others are only counted."""
    rows = [row(1, "Nico Hülkenburg"), row(2, "Nico Hulkenbergh"), row(3, "Nico Hülkenberg")]
    found = asked("driver", "Nico Hulkenberk", *rows)
    assert found == asked("driver", "Nico Hulkenberk", *rows[::-1])
    assert found is not None
    assert found.signals["rivals"] == 2.0
    best = asked("driver", "Nico Hülkenberg", *rows)
    assert best is not None
    assert best.candidate.id == UUID(int=3)
    twins = [row(1, "Nico Hülkenberg"), row(2, "Nico Hülkenberg")]
    assert asked("driver", "Nico Hulkenburg", *twins) == asked(
        "driver", "Nico Hulkenburg", *twins[::-1]
    )


def test_a_row_known_under_two_names_is_no_rival_of_itself() -> None:
    """Candidates may be a row's aliases, too."""
    found = asked("team", "Scuderia Ferrari", row(1, "Ferrari"), row(1, "Scuderia Ferrari HP"))
    assert found is not None
    assert found.signals["rivals"] == 0.0


def test_several_newcomers_are_told_by_their_keys() -> None:
    """Whoever is like nobody has no proposal."""
    newcomers = [Newcomer("a", "Nico Hulkenburg"), Newcomer("b", "Max Verstappen")]
    assert set(propose_all("driver", newcomers, [row(1, "Nico Hülkenberg")])) == {"a"}


def test_words_pair_up_with_the_likest_and_fillers_say_little() -> None:
    """Alexander is Alexander before it is a longer Alex; Racing is no sponsor."""
    pairs = likeness("driver", "Alex Alexander Rossi", "Alexander Alexandro Rossi")
    assert pairs is not None
    assert pairs.score > 0.96
    filler, sponsor = (likeness("team", "Williams", f"Williams {one}") for one in ("Racing", "BMW"))
    assert filler is not None
    assert sponsor is not None
    assert filler.score > sponsor.score
    assert (filler.extra, sponsor.extra) == ((), ("bmw",))


@pytest.mark.parametrize("name", ["", "---", "…"])
def test_a_name_without_a_letter_is_like_nobody(name: str) -> None:
    """Not even like another such."""
    assert asked("driver", name, "Max Verstappen", "", "--") is None
