"""Who takes part: driver lists with merged, doubled, empty and contradicting rows."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingestion_core.sources.openf1.entries import Field, field, split_name
from ingestion_core.sources.openf1.wire import DriverRow, SessionRow

FIRST, SECOND, THIRD = 9001, 9002, 9003
STARTS = {
    session: datetime(2024, 3, 1, 12, tzinfo=UTC) + timedelta(hours=hours)
    # Keys are not chronological: 9001 is the last session here.
    for session, hours in ((THIRD, 0), (SECOND, 4), (FIRST, 24))
}


def row(session: int, number: int, name: str | None, team: str | None, **more: Any) -> DriverRow:
    """A row of /drivers with the surname in capitals, as OpenF1 writes it."""
    return DriverRow.model_validate(
        {
            "meeting_key": 1229,
            "session_key": session,
            "driver_number": number,
            "full_name": name,
            "team_name": team,
            **more,
        }
    )


def listed(*rows: DriverRow) -> Field:
    """The field of a meeting in 2024."""
    return field(rows, STARTS, 2024)


def seats(found: Field) -> set[tuple[int, str, str, str | None]]:
    """Every entry as (session, driver, team, car)."""
    return {
        (session, one.driver, one.team, one.car)
        for session, entries in found.entries.items()
        for one in entries
    }


def reasons(found: Field) -> Counter[str]:
    """Why rows were set apart, and how many."""
    return Counter(one.reason for one in found.unreadable)


# --- session 9223 of 2023: thirty Formula 3 drivers merged into Formula One's list


@pytest.fixture
def budapest(recordings: Path) -> Field:
    """Meeting 1215, Budapest 2023."""
    season = recordings / "openf1" / "2023"
    sessions = [
        SessionRow.model_validate(one)
        for one in json.loads((season / "sessions.json").read_text())
        if one["meeting_key"] == 1215
    ]
    drivers = [
        DriverRow.model_validate(one)
        for one in json.loads((season / "drivers.json").read_text())
        if one["meeting_key"] == 1215
    ]
    return field(drivers, {one.session_key: one.date_start for one in sessions}, 2023)


REGULARS = {
    1: "max verstappen",
    2: "logan sargeant",
    3: "daniel ricciardo",
    4: "lando norris",
    10: "pierre gasly",
    11: "sergio perez",
    14: "fernando alonso",
    16: "charles leclerc",
    18: "lance stroll",
    20: "kevin magnussen",
    22: "yuki tsunoda",
    23: "alexander albon",
    24: "guanyu zhou",
    27: "nico hulkenberg",
    31: "esteban ocon",
    44: "lewis hamilton",
    55: "carlos sainz",
    63: "george russell",
    77: "valtteri bottas",
    81: "oscar piastri",
}


def test_nobody_of_formula_3_gets_in(budapest: Field) -> None:
    """The meeting has its twenty drivers and its ten teams."""
    assert {one.key for one in budapest.drivers} == set(REGULARS.values())
    assert {one.name for one in budapest.teams} == {
        "Red Bull Racing",
        "Williams",
        "AlphaTauri",
        "McLaren",
        "Alpine",
        "Aston Martin",
        "Ferrari",
        "Haas F1 Team",
        "Alfa Romeo",
        "Mercedes",
    }


def test_the_regulars_keep_all_their_sessions(budapest: Field) -> None:
    """In session 9223 too, each under the own number and for the own team."""
    assert set(budapest.entries) == {9127, 9128, 9129, 9133, 9223}
    for entries in budapest.entries.values():
        assert {int(one.car or 0): one.driver for one in entries} == REGULARS
    teams = {
        session: {(one.driver, one.team) for one in those}
        for session, those in budapest.entries.items()
    }
    assert teams[9223] == teams[9133]


def test_the_merged_rows_are_kept_with_their_reasons(budapest: Field) -> None:
    """30 rows: 15 name somebody else than their number, 15 have no team."""
    assert reasons(budapest) == {"number-names-another-driver": 15, "no-team": 15}
    assert all("session_key=9223" in one.row_key for one in budapest.unreadable)


def test_nothing_is_believed_of_a_merged_row(budapest: Field) -> None:
    """Neither its acronym nor its headshot: car 1 there is "Paul ARON"."""
    champion = next(one for one in budapest.drivers if one.key == "max verstappen")
    assert (champion.first_name, champion.last_name) == ("Max", "Verstappen")
    assert champion.abbreviation == "VER"


# --- a number twice in one session


def test_an_identical_row_twice_is_one_entry() -> None:
    """openf1 #408: nothing is lost, nothing to report."""
    one = row(FIRST, 87, "Oliver BEARMAN", "Haas F1 Team")
    found = listed(one, one)
    assert seats(found) == {(FIRST, "oliver bearman", "haas f1 team", "87")}
    assert found.unreadable == ()


def test_the_last_row_counts_and_its_nulls_are_filled() -> None:
    """openf1 #29, #42, #43: one full, one empty; rows are in order of ingestion."""
    full = row(FIRST, 87, "Oliver BEARMAN", "Haas F1 Team", name_acronym="BEA")
    for rows in ([full, row(FIRST, 87, None, None)], [row(FIRST, 87, None, None), full]):
        found = listed(*rows)
        assert seats(found) == {(FIRST, "oliver bearman", "haas f1 team", "87")}
        assert found.drivers[0].abbreviation == "BEA"
        assert found.unreadable == ()


def test_a_number_in_two_teams_goes_to_the_last_and_is_reported() -> None:
    """openf1 #461: number 30 stood in two teams, and another driver was missing."""
    found = listed(
        row(FIRST, 30, "Liam LAWSON", "Red Bull Racing", name_acronym="LAW"),
        row(FIRST, 30, "Liam LAWSON", "RB"),
    )
    assert seats(found) == {(FIRST, "liam lawson", "rb", "30")}
    assert found.drivers[0].abbreviation == "LAW"
    assert reasons(found) == {"number-twice-in-session": 1}
    assert found.unreadable[0].row["team_name"] == "Red Bull Racing"


def test_nothing_is_filled_in_from_a_row_of_somebody_else() -> None:
    """Another person's acronym is no word on this one."""
    found = listed(
        row(FIRST, 30, "Paul ARON", "RB", name_acronym="ARO", country_code="EST"),
        row(FIRST, 30, "Liam LAWSON", "RB"),
    )
    assert [(one.key, one.abbreviation, one.nationality) for one in found.drivers] == [
        ("liam lawson", None, None)
    ]
    assert reasons(found) == {"number-twice-in-session": 1}


# --- a number that names two people in one meeting


def test_a_number_belongs_to_the_name_most_sessions_give() -> None:
    """openf1 #269: "Nicola MARINANGELI" once stood in Hulkenberg's car."""
    found = listed(
        row(THIRD, 27, "Nicola MARINANGELI", "Kick Sauber"),
        row(SECOND, 27, "Nico HULKENBERG", "Kick Sauber"),
        row(FIRST, 27, "Nico HULKENBERG", "Kick Sauber"),
    )
    assert {driver for _, driver, _, _ in seats(found)} == {"nico hulkenberg"}
    assert set(found.entries) == set(STARTS)
    assert reasons(found) == {"number-names-another-driver": 1}
    assert found.unreadable[0].row_key == f"session_key={THIRD} driver_number=27"


@pytest.mark.parametrize("turned", [False, True])
def test_the_later_session_breaks_a_tie(turned: bool) -> None:
    """Later by its start, not by its key, and in any order of the rows."""
    rows = [
        row(THIRD, 21, "Nyck DE VRIES", "AlphaTauri"),
        row(FIRST, 21, "Daniel RICCIARDO", "AlphaTauri"),
    ]
    found = listed(*(rows[::-1] if turned else rows))
    assert [one.key for one in found.drivers] == ["daniel ricciardo"]


def test_a_team_beside_another_name_is_not_believed() -> None:
    """The driver's own sessions say whom he drives for."""
    found = listed(
        row(THIRD, 1, "Paul ARON", "Prema Racing"),
        row(SECOND, 1, "Max VERSTAPPEN", "Red Bull Racing"),
        row(FIRST, 1, "Max VERSTAPPEN", "Red Bull Racing"),
    )
    assert {team for _, _, team, _ in seats(found)} == {"red bull racing"}
    assert [one.name for one in found.teams] == ["Red Bull Racing"]


def test_a_driver_may_change_teams_within_a_meeting() -> None:
    """Each session keeps its own."""
    found = listed(
        row(THIRD, 30, "Liam LAWSON", "RB"),
        row(FIRST, 30, "Liam LAWSON", "Red Bull Racing"),
    )
    assert seats(found) == {
        (THIRD, "liam lawson", "rb", "30"),
        (FIRST, "liam lawson", "red bull racing", "30"),
    }


# --- what is missing


def test_a_missing_team_is_that_of_the_drivers_other_sessions() -> None:
    """The latest one's."""
    found = listed(
        row(THIRD, 50, "Ryo HIRAKAWA", None),
        row(SECOND, 50, "Ryo HIRAKAWA", "Alpine"),
    )
    assert {(session, team) for session, _, team, _ in seats(found)} == {
        (THIRD, "alpine"),
        (SECOND, "alpine"),
    }


def test_whoever_never_has_a_team_is_set_apart() -> None:
    """Nobody enters for nobody, and no driver is made of it."""
    found = listed(row(THIRD, 5, "Gabriel BORTOLETO", None), row(FIRST, 5, "Gabriel BORTOLETO", ""))
    assert found.entries == {}
    assert found.drivers == ()
    assert reasons(found) == {"no-team": 2}


def test_a_missing_name_is_that_of_the_numbers_other_sessions() -> None:
    """openf1 #256: rows of nulls."""
    found = listed(
        row(THIRD, 44, None, None),
        row(FIRST, 44, "Lewis HAMILTON", "Mercedes"),
    )
    assert {(session, driver) for session, driver, _, _ in seats(found)} == {
        (THIRD, "lewis hamilton"),
        (FIRST, "lewis hamilton"),
    }


def test_whoever_is_never_named_is_set_apart() -> None:
    """A number is nobody."""
    found = listed(row(THIRD, 99, None, "Ferrari"))
    assert found.entries == {}
    assert found.teams == ()
    assert reasons(found) == {"no-name": 1}


def test_rows_of_an_unknown_session_are_set_apart() -> None:
    """They come in once the session is known."""
    found = listed(row(7777, 44, "Lewis HAMILTON", "Mercedes"))
    assert found.drivers == ()
    assert reasons(found) == {"unknown-session": 1}


def test_nobody_is_nobody() -> None:
    """Before the first session the lists are empty."""
    assert listed() == Field({}, (), (), ())


def test_the_latest_session_that_says_anything_is_believed() -> None:
    """Nulls are filled from the earlier ones; the profile is dated with its session's start."""
    found = listed(
        row(FIRST, 1, "Max VERSTAPPEN", "Red Bull Racing", headshot_url="https://f1.test/new"),
        row(
            THIRD,
            1,
            "Max VERSTAPPEN",
            "Red Bull Racing",
            country_code="NED",
            headshot_url="https://f1.test/old",
            team_colour="3671c6",
        ),
    )
    driver, team = found.drivers[0], found.teams[0]
    assert driver.headshot_url == "https://f1.test/new"
    assert driver.nationality == "Dutch"
    assert (driver.number, driver.as_of) == (1, STARTS[FIRST])
    assert (team.colour, team.as_of) == ("3671C6", STARTS[FIRST])


# --- names


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ({"full_name": "ZHOU Guanyu", "first_name": "Guanyu", "last_name": "Zhou"}, "guanyu zhou"),
        ({"full_name": "ZHOU Guanyu"}, "guanyu zhou"),
        ({"full_name": "Patricio O'WARD"}, "patricio oward"),
        ({"full_name": "Pato O’WARD"}, "patricio oward"),
        ({"full_name": "Nyck DE VRIES"}, "nyck de vries"),
        ({"full_name": "Kimi ANTONELLI"}, "andrea kimi antonelli"),
        ({"full_name": "Andrea Kimi ANTONELLI"}, "andrea kimi antonelli"),
        ({"full_name": "Alexander ALBON"}, "alexander albon"),
        ({"full_name": "Alex ALBON"}, "alexander albon"),
        ({"full_name": "Nico HULKENBERG"}, "nico hulkenberg"),
        ({"full_name": "Nico HÜLKENBERG"}, "nico hulkenberg"),
        ({"full_name": "Ollie BEARMAN"}, "oliver bearman"),
        ({"full_name": None, "first_name": "Lewis", "last_name": "Hamilton"}, "lewis hamilton"),
    ],
)
def test_one_person_in_every_spelling(written: dict[str, Any], key: str) -> None:
    """Surname first, without accents, with a nickname: one key."""
    found = listed(row(FIRST, 7, team="Alpine", **({"name": None} | _named(written))))
    assert [one.key for one in found.drivers] == [key]


def _named(written: dict[str, Any]) -> dict[str, Any]:
    return {"name" if name == "full_name" else name: text for name, text in written.items()}


@pytest.mark.parametrize(
    ("full", "first", "last"),
    [
        ("Max VERSTAPPEN", "Max", "Verstappen"),
        ("ZHOU Guanyu", "Guanyu", "Zhou"),
        ("Patricio O'WARD", "Patricio", "O'Ward"),
        ("Nyck DE VRIES", "Nyck", "De Vries"),
        ("Andrea Kimi ANTONELLI", "Andrea Kimi", "Antonelli"),
        ("Jean-Éric VERGNE", "Jean-Éric", "Vergne"),
        ("Carlos SAINZ", "Carlos", "Sainz"),
        ("Jak Crawford", "Jak", "Crawford"),
        ("Alex QUINN-PALOU", "Alex", "Quinn-Palou"),
    ],
)
def test_a_full_name_is_parted_at_its_capitals(full: str, first: str, last: str) -> None:
    """Where the other two fields say nothing."""
    assert split_name(row(FIRST, 1, full, None)) == (first, last)


def test_first_and_last_name_count_where_they_agree_with_the_full_one() -> None:
    """For their spelling; in a merged list they are somebody else's."""
    agreeing = row(FIRST, 1, "Nyck DE VRIES", None, first_name="Nyck", last_name="de Vries")
    assert split_name(agreeing) == ("Nyck", "de Vries")
    merged = row(FIRST, 1, "Paul ARON", None, first_name="Max", last_name="Verstappen")
    assert split_name(merged) == ("Paul", "Aron")


@pytest.mark.parametrize(
    "names",
    [{"full_name": "PELE"}, {"last_name": "Hamilton"}, {"first_name": "Lewis"}, {}],
)
def test_half_a_name_is_none(names: dict[str, str]) -> None:
    """Nobody is identified by a first name."""
    assert split_name(row(FIRST, 1, names.pop("full_name", None), None, **names)) is None
