"""A team's other names: its spellings, and its forerunners' with the seasons of this line."""

from collections import Counter
from datetime import date

import pytest

from ingestion_core.identity import tables
from ingestion_core.identity.lineage import FORERUNNER, SPELLING, TeamAlias, aliases_of
from ingestion_core.identity.tables import LineagePeriod, TeamRow
from ingestion_core.racing.names import slugify

TEAMS = {row.slug: row for row in tables.teams()}


def forerunners(slug: str) -> list[tuple[str, int, int]]:
    """The names of a team's forerunners, with their first and last season in this line."""
    return [
        (one.name, one.valid_from.year, one.valid_until.year)
        for one in aliases_of(TEAMS[slug])
        if one.valid_from and one.valid_until
    ]


@pytest.mark.parametrize(
    ("slug", "names"),
    [
        (
            "racing-bulls",
            [
                ("Minardi", 1985, 2005),
                ("Toro Rosso", 2006, 2019),
                ("AlphaTauri", 2020, 2023),
                ("RB", 2024, 2024),
            ],
        ),
        ("rb", [("Minardi", 1985, 2005), ("Toro Rosso", 2006, 2019), ("AlphaTauri", 2020, 2023)]),
        (
            "audi",
            [
                ("Sauber", 1993, 2018),
                ("BMW Sauber", 2006, 2009),
                ("Alfa Romeo", 2019, 2023),
                ("Kick Sauber", 2024, 2025),
            ],
        ),
        ("sauber", [("BMW Sauber", 2006, 2009)]),
        ("bmw-sauber", [("Sauber", 1993, 2005)]),
        ("alfa-romeo", [("Sauber", 1993, 2018), ("BMW Sauber", 2006, 2009)]),
        (
            "aston-martin",
            [
                ("Jordan", 1991, 2005),
                ("Midland", 2006, 2006),
                ("Spyker MF1", 2006, 2006),
                ("Spyker", 2007, 2007),
                ("Force India", 2008, 2018),
                ("Racing Point", 2019, 2020),
            ],
        ),
        (
            "mercedes",
            [
                ("Tyrrell", 1970, 1998),
                ("BAR", 1999, 2005),
                ("Honda", 2006, 2008),
                ("Brawn GP", 2009, 2009),
            ],
        ),
        (
            "alpine",
            [
                ("Toleman", 1981, 1985),
                ("Benetton", 1986, 2001),
                ("Renault", 2002, 2020),
                ("Lotus F1", 2012, 2015),
            ],
        ),
        (
            "renault",
            [("Toleman", 1981, 1985), ("Benetton", 1986, 2001), ("Lotus F1", 2012, 2015)],
        ),
        ("red-bull-racing", [("Stewart", 1997, 1999), ("Jaguar", 2000, 2004)]),
        ("ferrari", []),
        ("cadillac", []),
    ],
)
def test_a_team_carries_the_names_that_led_to_it(
    slug: str, names: list[tuple[str, int, int]]
) -> None:
    """The oldest first. What came later, and what its works name did before, is not in its line."""
    assert forerunners(slug) == names


def test_a_forerunners_days_are_its_first_and_its_last_season() -> None:
    """New Year's Day and New Year's Eve: nobody is asked on which day a team was sold."""
    [jaguar] = [one for one in aliases_of(TEAMS["red-bull-racing"]) if one.name == "Jaguar"]
    assert jaguar == TeamAlias("Jaguar", "jaguar", date(2000, 1, 1), date(2004, 12, 31), FORERUNNER)


def test_a_name_that_was_taken_over_twice_is_one_alias_from_first_to_last() -> None:
    """Of a made-up team that followed on Honda in 1969 and again in 2009."""
    team = TEAMS["brawn-gp"].model_copy(
        update={
            "slug": "another",
            "lineage": tuple(
                LineagePeriod(from_year=year, to_year=year, predecessor="honda")
                for year in (1969, 2009)
            ),
        }
    )
    [honda] = [one for one in aliases_of(team) if one.slug == "honda"]
    assert (honda.valid_from, honda.valid_until) == (date(1964, 1, 1), date(2008, 12, 31))


@pytest.mark.parametrize(
    ("slug", "names"),
    [
        ("red-bull-racing", ["Red Bull"]),
        ("haas-f1-team", ["Haas"]),
        ("alpine", ["Alpine F1 Team"]),
        ("rb", ["RB F1 Team"]),
        ("bar", ["British American Racing"]),
        ("kick-sauber", []),
        ("ferrari", []),
    ],
)
def test_a_teams_own_spellings_have_no_dates(slug: str, names: list[str]) -> None:
    """Whoever uses one, in whatever season, means this team."""
    spellings = [one for one in aliases_of(TEAMS[slug]) if one.source == SPELLING]
    assert [one.name for one in spellings] == names
    assert {(one.valid_from, one.valid_until) for one in spellings} <= {(None, None)}


@pytest.mark.parametrize("team", tables.teams(), ids=lambda row: row.slug)
def test_a_team_has_no_alias_twice_and_never_its_own_name(team: TeamRow) -> None:
    """One row for each address; the product's table has (TeamId, AliasSlug) unique."""
    slugs = Counter(one.slug for one in aliases_of(team))
    assert all(times == 1 for times in slugs.values())
    assert team.slug not in slugs
    assert all(one.slug == slugify(one.name) for one in aliases_of(team))


@pytest.mark.parametrize("team", tables.teams(), ids=lambda row: row.slug)
def test_no_lineage_runs_in_a_circle(team: TeamRow) -> None:
    """Every step back leads to an earlier spell, or within one season to another team."""
    for period in team.lineage:
        slug, current, seen = team.slug, period, {(team.slug, period.from_year)}
        while current.predecessor is not None:
            slug = current.predecessor
            [current] = [
                one
                for one in TEAMS[slug].lineage
                if one.to_year in (current.from_year - 1, current.from_year)
            ]
            assert (slug, current.from_year) not in seen
            seen.add((slug, current.from_year))


def test_a_forerunners_name_is_the_name_of_a_row_of_its_own() -> None:
    """So it must not decide who is meant: in 2012 Sauber is Sauber, not Audi's old name."""
    for team in tables.teams():
        for one in aliases_of(team):
            assert (one.source == FORERUNNER) is (one.slug in TEAMS)
