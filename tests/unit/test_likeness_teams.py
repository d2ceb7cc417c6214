"""Teams and circuits: sponsors and longer names are worth asking about, engines and cities not."""

import pytest

from tests.support.likeness import asked, row


@pytest.mark.parametrize(
    ("sponsored", "plain"),
    [
        ("Oracle Red Bull Racing", "Red Bull Racing"),
        ("MoneyGram Haas F1 Team", "Haas F1 Team"),
        ("BWT Alpine F1 Team", "Alpine"),
        ("Visa Cash App RB Formula One Team", "RB"),
        ("Stake F1 Team Kick Sauber", "Kick Sauber"),
        ("Mercedes-AMG Petronas F1 Team", "Mercedes"),
        ("Scuderia Ferrari HP", "Ferrari"),
        ("Alpha Tauri", "AlphaTauri"),
        ("Mclarren", "McLaren"),
    ],
)
def test_a_team_is_found_under_its_sponsors(sponsored: str, plain: str) -> None:
    """And the other way round: a source may know the team's short name only."""
    for name, known in ((sponsored, plain), (plain, sponsored)):
        found = asked("team", name, "Williams", known)
        assert found is not None
        assert found.candidate.name == known


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("De Tomaso-Ferrari", "Ferrari"),
        ("De Tomaso-Ferrari", "De Tomaso"),
        ("De Tomaso-Ferrari", "Scuderia Ferrari"),
        ("Cooper-Maserati", "Maserati"),
        ("Cooper-Maserati", "Cooper"),
        ("Cooper-Maserati", "Cooper-Climax"),
        ("Lotus-Pratt & Whitney", "Lotus"),
        ("RB", "Red Bull"),
        ("RB", "Racing Bulls"),
        ("BRM", "BRP"),
        ("Racing Point", "Racing Bulls"),
        ("Racing Point", "Racing Team"),
    ],
)
def test_a_chassis_with_an_engine_is_another_constructor(one: str, other: str) -> None:
    """So are abbreviations, and names that share only what all teams are called."""
    assert asked("team", one, other) is None
    assert asked("team", other, one) is None


def test_a_name_that_holds_two_teams_is_neither() -> None:
    """Unless one of the two is in the other: Kick Sauber is the longer Sauber."""
    assert asked("team", "Marussia Virgin Racing", "Marussia", "Virgin") is None
    assert asked("team", "Marussia Virgin Racing", "Marussia") is not None
    found = asked("team", "Stake F1 Team Kick Sauber", "Sauber", "Kick Sauber")
    assert found is not None
    assert (found.candidate.name, found.signals["rivals"]) == ("Kick Sauber", 1.0)


def test_a_team_is_not_proposed_for_a_homonym_of_another_time() -> None:
    """The first ATS built cars in 1963, the second, which is no heir of it, from 1978 to 1984."""
    assert asked("team", "ATS Racing", row(1, "ATS", None, 1963), year=1983) is None
    assert asked("team", "ATS Racing", row(1, "ATS", None, 1978, 1984), year=1983) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Autodromo Enzo e Dino Ferrari", "Autodromo Internazionale Enzo e Dino Ferrari"),
        ("Circuit Zandvoort", "Circuit Park Zandvoort"),
        ("Nurburgring", "Nürburg-Ring"),
        ("Korea International Circuit", "Korean International Circuit"),
        ("Long Beach Street Circuit", "Long Beach"),
    ],
)
def test_a_circuit_is_found_under_a_longer_name(one: str, other: str) -> None:
    """Circuit and autodromo are what all of them are called."""
    for name, known in ((one, other), (other, one)):
        found = asked("circuit", name, "Suzuka Circuit", known)
        assert found is not None
        assert found.candidate.name == known


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Circuit de Pedralbes", "Circuit de Barcelona-Catalunya"),
        ("Circuit Gilles Villeneuve", "Circuit de Monaco"),
        ("Indianapolis Motor Speedway", "Indianapolis Raceway Park"),
        ("Riverside International Raceway", "Riverside Park Speedway"),
        ("Phoenix Street Circuit", "Phoenix International Raceway"),
    ],
)
def test_one_city_is_not_one_circuit(one: str, other: str) -> None:
    """What kind of track it is, tells one from another."""
    assert asked("circuit", one, other) is None
    assert asked("circuit", other, one) is None


def test_a_circuit_may_rest_for_decades() -> None:
    """Zandvoort had no race from 1985 to 2021."""
    known = row(1, "Circuit Park Zandvoort", None, 1952, 1985)
    assert asked("circuit", "Circuit Zandvoort", known, year=2021) is not None
