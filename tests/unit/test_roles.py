"""Roles, from lists alone: regular, reserve, FP1-only, test."""

from random import Random

from ingestion_core.identity.roles import Listed, assign
from ingestion_core.racing.kinds import Role

RED, BLUE = "red", "blue"


def season(*rounds: dict[str, str], number: int = 1) -> list[Listed]:
    """Rounds in a row, each naming who raced for whom; a name in brackets only practised."""
    return [
        Listed(
            entrant=f"{place}{name.strip('()')}",
            round=f"round {place}",
            number=place,
            driver=name.strip("()"),
            team=team,
            raced=not name.startswith("("),
        )
        for place, names in enumerate(rounds, number)
        for name, team in names.items()
    ]


def roles(listed: list[Listed]) -> dict[str, list[Role]]:
    """Each driver's roles, round by round."""
    found = assign(listed)
    names: dict[str, list[Role]] = {}
    for one in sorted(listed, key=lambda each: each.number):
        names.setdefault(one.driver, []).append(found[one.entrant])
    return names


def test_a_stand_in_is_a_reserve_and_who_comes_back_is_regular() -> None:
    """Lawson for Ricciardo: five rounds would be a change of driver, one is not."""
    pair, other = {"a": RED, "b": RED}, {"a": RED, "c": RED}
    found = roles(season(pair, pair, other, pair))
    assert found["c"] == [Role.RESERVE]
    assert found["b"] == [Role.REGULAR] * 3


def test_more_than_three_rounds_in_a_row_are_a_change_of_driver() -> None:
    """Three are a stand-in's, four are not."""
    pair, other = {"a": RED, "b": RED}, {"a": RED, "c": RED}
    full = [pair] * 5
    assert roles(season(*full, *[other] * 3, pair))["c"] == [Role.RESERVE] * 3
    assert roles(season(*full, *[other] * 4, pair))["c"] == [Role.REGULAR] * 4


def test_whom_nobody_follows_is_no_stand_in() -> None:
    """The last round of a season: nobody knows yet who comes back."""
    pair, other = {"a": RED, "b": RED}, {"a": RED, "c": RED}
    assert roles(season(pair, pair, other))["c"] == [Role.REGULAR]


def test_who_raced_less_often_is_not_the_one_stood_in_for() -> None:
    """Magnussen's three rounds between Bearman's two at Haas in 2024 are not a stand-in's."""
    usual, once = {"a": RED, "b": RED}, {"c": RED, "b": RED}
    found = roles(season(usual, usual, usual, once, usual, usual, usual, once))
    assert found["a"] == [Role.REGULAR] * 6
    assert found["c"] == [Role.RESERVE, Role.REGULAR]


def test_a_practice_only_is_fp1_only_where_the_seats_are_taken() -> None:
    """And regular, if he raced for the team in the round before or after."""
    found = roles(
        season(
            {"a": RED, "b": RED},
            {"a": RED, "d": RED, "(b)": RED, "(e)": RED},
            {"a": RED, "b": RED, "(e)": BLUE},
        )
    )
    assert found["b"] == [Role.REGULAR] * 3
    assert found["d"] == [Role.RESERVE]
    assert found["e"] == [Role.FP1_ONLY, Role.REGULAR]  # at Blue nobody else has a seat


def test_at_a_test_who_races_nowhere_is_a_test_driver() -> None:
    """Before the season's first race nobody can tell."""
    test = season({"(a)": RED, "(t)": RED}, number=0)
    assert roles(test) == {"a": [Role.REGULAR], "t": [Role.REGULAR]}
    found = roles([*test, *season({"a": RED, "b": RED})])
    assert (found["a"], found["t"]) == ([Role.REGULAR, Role.REGULAR], [Role.TEST])


def test_a_race_that_does_not_count_is_no_test() -> None:
    """Whoever races there races, in no other round as well."""
    exhibition = season({"c": RED, "(d)": RED}, number=0)
    found = roles([*season({"a": RED, "b": RED}), *exhibition])
    assert (found["c"], found["d"]) == ([Role.REGULAR], [Role.TEST])


def test_a_round_that_nobody_raced_does_not_part_its_neighbours() -> None:
    """One that lies ahead, or has no list yet."""
    pair, other = {"a": RED, "b": RED}, {"a": RED, "c": RED}
    found = roles(season(pair, pair, {"(a)": RED}, other, pair))
    assert found["c"] == [Role.RESERVE]


def test_the_order_of_the_lists_decides_nothing() -> None:
    """They come from several sources."""
    listed = season(*[{"a": RED, "b": RED, "x": BLUE}] * 3, {"a": RED, "c": RED}, {"b": RED})
    expected = assign(listed)
    for seed in range(20):
        Random(seed).shuffle(listed)
        assert assign(listed) == expected
