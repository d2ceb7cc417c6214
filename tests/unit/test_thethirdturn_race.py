"""A race's page but for its results: what, when, where, and an entry list that tells no order."""

import random
import subprocess
import sys
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion_core.racing.types import Entry
from ingestion_core.sources.thethirdturn import markup, race, race_tables
from ingestion_core.sources.thethirdturn.page import Drift, PageUnusable, open_page
from ingestion_core.sources.thethirdturn.people import (
    INDEPENDENT,
    Person,
    car_of,
    listed_people,
    people_of,
    team_of,
)
from ingestion_core.sources.thethirdturn.race import Distance, RaceNumber
from tests.support.wiki_entries import entry_list
from tests.support.wiki_pages import COLUMNS, Race, Row, link, results
from tests.support.wiki_pages import season as season_page

SERIES = "Lantern Cup"
ADA, BO = link("Ada_Ferris_(AR)", "Ada Ferris"), link("Bo_Marsh,_Jr.")
ROWS = (
    Row("1", ADA, "08", "2", link("Fen_Racing"), "1961 Alder", "40", "30", "running", "25"),
    Row("2", BO, "9W", "1", "", "1961 Birch 500", "40", "10", "running", "20"),
    Row("3", link("Cy_Dunn", red=True), "", "", link("Gone_Team", red=True), "", "12"),
    "DID NOT QUALIFY",
    Row("", "Di Eel III", status="DNQ"),
    Row("", BO, status="DNQ"),
)


def cell(content: str) -> markup.Node:
    """A cell with this content."""
    root = markup.parse(f"<table><tr><td>{content}</td></tr></table>")
    assert root is not None
    found = markup.first(root, "td")
    assert found is not None
    return found


def test_a_race_is_what_when_and_where() -> None:
    """Title, number, day, circuit, place and distance."""
    found = race.read(Race(rows=ROWS).body())
    assert (found.title, found.name) == ("Lantern Cup:1962-01", None)
    assert found.numbers == (RaceNumber("1962_Lantern_Cup_Central", "1", 3),)
    assert found.circuit is not None
    assert (found.day, found.circuit.key) == (date(1962, 5, 6), "Fenmoor_Speedway")
    assert (found.place, found.distance) == ("Fenmoor, NC", Distance(40, 20, 32.2))
    assert (found.sections, found.drift) == (("FEATURE RESULTS",), ())


def test_a_race_can_count_in_two_series_and_be_an_event() -> None:
    """A number in each season, and the event's page."""
    numbers = (
        f"Race #5 of 28 in the {link('1962_Moor_Cup_Central', '1962 Moor Cup Season')}",
        f"Race #1A of 7 in the {link('1962_Lantern_Cup_Central', '1962 Lantern Cup Season')}",
        f"A {link('Duck_200_Central', 'Duck 200 Event')}",
    )
    found = race.read(Race(title="1962 Duck 200", numbers=numbers).body())
    assert [(one.season, one.number, one.of) for one in found.numbers] == [
        ("1962_Moor_Cup_Central", "5", 28),
        ("1962_Lantern_Cup_Central", "1A", 7),
    ]
    assert [one.key for one in found.events] == ["Duck_200_Central"]
    assert found.name == "1962 Duck 200"


@pytest.mark.parametrize(
    ("where", "circuit", "place"),
    [
        (f"{link('Park_in_the_Fens')} in Moor, NC", "Park_in_the_Fens", "Moor, NC"),
        (f"{link('Moor_Park', red=True)} in Moor", "Moor_Park", "Moor"),
        ("Moor Park in Moor, NC", None, "Moor, NC"),
        (link("Moor_Park"), "Moor_Park", None),
        (f"{link('Moor_Park')} in {link('Moor,_NC')}", "Moor_Park", "Moor, NC"),
        (link("Moor_Park", "") + "a picture in Moor", "Moor_Park", None),
    ],
)
def test_a_race_s_circuit_is_the_link_behind_the_date(
    where: str, circuit: str | None, place: str | None
) -> None:
    """A circuit's name may hold " in " itself."""
    day = f"{link('May_6', 'May 6')}, {link('Series_Database:By_Year/1962', '1962')}"
    found = race.read(Race(held=f"Held on {day} at {where}").body())
    assert (found.circuit.key if found.circuit else None, found.place) == (circuit, place)
    assert found.day == date(1962, 5, 6)


def test_a_distance_can_be_a_time_or_unknown() -> None:
    """Only laps, miles and kilometres are numbers."""
    hours = race.read(Race(distance="24 Hours - Scheduled Distance").body())
    assert (hours.distance, hours.distance_text) == (None, "24 Hours")
    missing = race.read(Race(distance="Missing Lap Data - Race Presumed To Run").body())
    assert (missing.distance, missing.distance_text) == (None, None)


def test_who_took_part_is_known_with_car_and_team() -> None:
    """Once each, by key; who did not qualify too, and nobody's place, start or status."""
    found = race.read(Race(rows=ROWS).body())
    assert entry_list(found, SERIES) == frozenset(
        {
            Entry("Ada_Ferris_(AR)", "Fen_Racing", "08"),
            Entry("Bo_Marsh,_Jr.", "make|birch 500", "9W"),
            Entry("Lantern Cup|cy dunn", INDEPENDENT, None),
            Entry("Lantern Cup|di eel iii", INDEPENDENT, None),
        }
    )
    assert found.entries is not None
    assert [one.driver.title for one in found.entries] == [
        *("Ada Ferris (AR)", "Bo Marsh, Jr.", "Cy Dunn", "Di Eel III"),
    ]


def test_lists_below_the_results_are_entries_too() -> None:
    """Whoever is missing from the entries did not qualify: that would tell."""
    data = {
        "Did not qualify": f"{ADA}; Di Eel, Jr.",
        "Did not start": f"{BO}, Ed Fox, Jr., Al Gray",
    }
    found = race.read(Race(data=data).body())
    assert found.entries is not None
    assert [one.driver.title for one in found.entries] == [
        *("Ada Ferris (AR)", "Bo Marsh, Jr.", "Al Gray", "Di Eel, Jr.", "Ed Fox, Jr."),
    ]


def test_a_car_that_was_shared_has_several_entries() -> None:
    """One for each driver; those of a heat come after those of the race."""
    heat = results("HEAT 1", COLUMNS, [Row("1", ADA, "77"), Row("2", link("Hal_Ivy"), "5")])
    found = race.read(Race(rows=[Row("1", f"{ADA};<br />{BO}", "08")], more=heat).body())
    assert entry_list(found, SERIES) == frozenset(
        {
            Entry("Ada_Ferris_(AR)", INDEPENDENT, "08"),
            Entry("Bo_Marsh,_Jr.", INDEPENDENT, "08"),
            Entry("Hal_Ivy", INDEPENDENT, "5"),
        }
    )
    assert (found.sections, found.drift) == (("FEATURE RESULTS", "HEAT 1"), ())


@given(st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_no_finishing_order_changes_anything(shuffled: random.Random) -> None:
    """Whoever won, whatever they scored: the same race, down to its repr."""
    starters = [row for row in ROWS[:3] if isinstance(row, Row)]
    shuffled.shuffle(starters)
    values = [str(shuffled.randrange(40)) for _ in range(5)]
    again = [
        Row(str(place), row.driver, row.car, values[0], row.sponsor, row.make, *values[1:])
        for place, row in enumerate(starters, 1)
    ]
    outs = [row for row in ROWS[4:] if isinstance(row, Row)]
    shuffled.shuffle(outs)
    before = race.read(Race(rows=ROWS).body())
    after = race.read(Race(rows=[*again, "DID NOT QUALIFY", *outs]).body())
    assert after.entries == before.entries
    assert repr(after.entries) == repr(before.entries)
    assert after == before


@pytest.mark.parametrize("reader", ["index", "series", "season", "race", "driver", "circuit"])
def test_reading_a_page_imports_nothing_of_results(reader: str) -> None:
    """Neither the package of results nor their types."""
    script = (
        f"import sys, ingestion_core.sources.thethirdturn.{reader};"
        "print([one for one in sys.modules if 'result' in one or 'classification' in one])"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"


def test_an_entry_list_does_not_come_by_a_place() -> None:
    """The cells of the other columns are not handed out."""
    _, root = open_page(Race(rows=ROWS).body())
    for section in race_tables.sections(root, race_tables.ENTRY_COLUMNS, Drift()):
        assert all(set(row.cells) <= race_tables.ENTRY_COLUMNS for row in section.rows)


def test_columns_are_found_wherever_they_stand() -> None:
    """New ones are told by their headings, unless these name somebody."""
    order = ("Driver", "Pts", "Sponsor", "#", "Fin", "Make", "Gap", "Ada Ferris")
    table = (
        '<table class="racetable"><tr><th colspan="8">DUCK CHASE</th></tr><tr>'
        + "".join(f"<th>{one}</th>" for one in order)
        + f"</tr><tr><td>{ADA}</td><td>9</td><td></td><td>08</td><td>1</td><td>Elm</td>"
        "<td>+1.2</td><td>x</td></tr></table>"
    )
    body = Race(data={"Weather": "rain"}).body().replace(b'<div class="resultdiv">', b"<div>", 1)
    found = race.read(
        body.replace(
            b'<table class="racetable"><tbody><tr><th colspan="10">RACE D',
            table.encode() + b'<table class="racetable"><tbody><tr><th colspan="10">RACE D',
            1,
        )
    )
    assert entry_list(found, SERIES) == frozenset({Entry("Ada_Ferris_(AR)", "make|elm", "08")})
    assert found.drift == (
        *("+caption DUCK CHASE", "+column", "+column Gap", "+label Weather"),
        *("-column Laps", "-column Led", "-column St", "-column Status"),
    )


def test_a_race_without_a_list_of_drivers_has_no_answer() -> None:
    """Which is not that nobody entered."""
    gone = race.read(Race(columns=[*COLUMNS[:3], "Pilot", *COLUMNS[4:]], rows=ROWS).body())
    assert (gone.entries, entry_list(gone, SERIES)) == (None, None)
    assert gone.drift == ("+column Pilot", "-entries")
    empty = race.read(Race().body())
    assert (empty.entries, empty.drift) == ((), ())


def test_pages_of_other_kinds_are_refused() -> None:
    """Title and date, or at least a table of results."""
    with pytest.raises(PageUnusable, match=r"^not-a-race$"):
        race.read(season_page())
    assert race.read(Race(held="Sometime").body()).drift == ("-date",)


@pytest.mark.parametrize(
    ("content", "people"),
    [
        (ADA, [Person("Ada Ferris", "Ada_Ferris_(AR)")]),
        (
            f"{ADA}; {BO}",
            [Person("Ada Ferris", "Ada_Ferris_(AR)"), Person("Bo Marsh, Jr.", "Bo_Marsh,_Jr.")],
        ),
        (
            f"{ADA}<br>Bo Marsh, Jr.",
            [Person("Ada Ferris", "Ada_Ferris_(AR)"), Person("Bo Marsh, Jr.")],
        ),
        ("A.J. Foy, IV;&#160;Cy Dunn; Cy Dunn", [Person("A.J. Foy, IV"), Person("Cy Dunn")]),
        (f"<b>{ADA}</b> (R)", [Person("Ada Ferris", "Ada_Ferris_(AR)")]),
        (link("Cy_Dunn_(NC)", "Cy Dunn", red=True), [Person("Cy Dunn", linked="Cy_Dunn_(NC)")]),
        (f"{link('Fenland', '')}{ADA}", [Person("Ada Ferris", "Ada_Ferris_(AR)")]),
        (link("???", red=True), []),
        ("???", []),
        (";;", []),
        ("", []),
    ],
)
def test_a_cell_s_drivers(content: str, people: list[Person]) -> None:
    """Parted by semicolons and line breaks; commas and suffixes belong to names."""
    assert list(people_of(cell(content))) == people


def test_lists_are_parted_by_commas_where_no_semicolon_is() -> None:
    """But for those of suffixes; each name once."""
    found = listed_people(
        cell(f"<b>Did not start:</b> {ADA}, Ed Fox, Jr., Al Gray, {ADA}"), "Did not start:"
    )
    assert [one.title for one in found] == ["Ada Ferris (AR)", "Ed Fox, Jr.", "Al Gray"]


def test_homonyms_stay_apart() -> None:
    """By the title of the link, red ones too."""
    keys = {
        Person("Mark Martin", "Mark_Martin").key(SERIES),
        Person("Mark Martin", "Mark_Martin_(AR)").key(SERIES),
        Person("Mark Martin", linked="Mark_Martin_(NC)").key(SERIES),
        Person("Mark Martin").key(SERIES),
        Person("Mark Martin, Jr.").key(SERIES),
        Person("Mark Martin").key("Moor Cup"),
    }
    assert keys == {
        *("Mark_Martin", "Mark_Martin_(AR)", "Lantern Cup|mark martin nc"),
        *("Lantern Cup|mark martin", "Lantern Cup|mark martin jr", "Moor Cup|mark martin"),
    }


@pytest.mark.parametrize(
    ("sponsor", "make", "team"),
    [
        (link("Lane's_Motor_Co."), "1949 Ford", ("Lane's_Motor_Co.", "Lane's Motor Co.")),
        (link("Gone_Team", red=True), "1949 Ford", ("make|ford", "Ford")),
        (
            "Duck Soup",
            "1949 Lincoln Cosmopolitan",
            ("make|lincoln cosmopolitan", "Lincoln Cosmopolitan"),
        ),
        ("Duck Soup", "", (INDEPENDENT, "Independent")),
        ("", "1949", ("make|1949", "1949")),
        ("", "Unknown", (INDEPENDENT, "Independent")),
    ],
)
def test_a_team_is_a_sponsor_with_a_page_else_the_make_else_nobody(
    sponsor: str, make: str, team: tuple[str, str]
) -> None:
    """A make is without its model year."""
    found = team_of(cell(sponsor), cell(make))
    assert (found.key, found.name) == team
    assert team_of(None, None).key == INDEPENDENT


@pytest.mark.parametrize(("text", "car"), [("08", "08"), ("21CZ", "21CZ"), ("", None), ("?", None)])
def test_a_car_s_number_is_a_text(text: str, car: str | None) -> None:
    """With its letters and zeros."""
    assert car_of(text) == car
