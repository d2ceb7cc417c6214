"""Pages of The Third Turn in the types of all sources: names, keys, addresses, days, places."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.types import SeriesProfile, Unreadable, Weekend
from ingestion_core.sources.thethirdturn import circuit, driver, index, race, season, series, shape
from ingestion_core.sources.thethirdturn.page import PageUnusable
from ingestion_core.sources.thethirdturn.shape import RaceContext
from ingestion_core.sources.thethirdturn.shape.names import race_name, split_name
from tests.support import wiki_pages
from tests.support.wiki_pages import Race, Row, link, listed

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
LANTERN = "Lantern_Cup_Central"
F1 = "FIA_World_Championship_for_Drivers_Central"

CONTEXT = RaceContext(
    series="Lantern_Cup",
    series_name="Lantern Cup",
    season="1962_Lantern_Cup_Central",
    year=1962,
    label="1",
    number=1,
    race="Lantern_Cup:1962-01",
    day=date(1962, 5, 6),
    circuit="Fenmoor_Speedway",
    place="Fenmoor, NC",
    title="Lantern_Cup:1962-01",
)


def page_of(*races: list[str]) -> season.SeasonPage:
    """A season with these races."""
    return season.read(wiki_pages.season(races=races))


def named(
    number: str = "1", race: str = "Lantern_Cup:1962-01", day: str = "6 May 1962"
) -> list[str]:
    """A race of the season's list."""
    return listed(number, race, day, "Fenmoor_Speedway", "Fenmoor, NC", "Ada_Ferris")


def told(*races: list[str]) -> tuple[tuple[Weekend, ...], tuple[Unreadable, ...]]:
    """What becomes of a season with these races."""
    found = shape.season(page_of(*races), LANTERN, "Lantern Cup Central", NOON)
    return found.weekends, found.unreadable


def entered(context: RaceContext, *rows: Row) -> Weekend:
    """What becomes of a race's page with these rows."""
    return shape.race(race.read(Race(rows=rows).body()), context, NOON)


def row(driver: str, car: str = "", sponsor: str = "", make: str = "") -> Row:
    """A row of results."""
    return Row(fin="1", driver=driver, car=car, sponsor=sponsor, make=make)


@pytest.mark.parametrize(
    ("title", "label", "name"),
    [
        ("1949_Wilkes_200", "8", "Wilkes 200"),
        ("2012_Clash_at_the_Creek", "2", "Clash at the Creek"),
        ("2012-13_Toyota_500", "2", "Toyota 500"),
        ("NASCAR_Strictly_Stock:1949-01", "1", "Race 1"),
        ("1948", "3", "1948"),
        (None, "NC", "Race NC"),
    ],
)
def test_a_race_has_its_titles_name_without_the_year(
    title: str | None, label: str, name: str
) -> None:
    """A title that is the series and a number is no name."""
    assert race_name(title, label) == name


@pytest.mark.parametrize(
    ("shown", "first", "last"),
    [
        ("Bobby Hillin, Jr.", "Bobby", "Hillin Jr."),
        ("John Smith III", "John", "Smith III"),
        ("Mark Martin (AR)", "Mark", "Martin"),
        ("Juan Pablo Montoya", "Juan Pablo", "Montoya"),
        ("Giedo van der Garde", "Giedo", "van der Garde"),
        ("Van Johnson", "Van", "Johnson"),
        ("Teddy", "", "Teddy"),
        ("Jr.", "", "Jr."),
    ],
)
def test_names_split_before_the_last_one(shown: str, first: str, last: str) -> None:
    """Suffixes and particles belong to the last name, what tells homonyms apart to neither."""
    assert split_name(shown) == (first, last)


def test_a_series_is_one_whether_its_page_says_central_or_not() -> None:
    """A link has the word, a page can lack it."""
    central, plain = (
        shape.series_profiles(series.read(wiki_pages.series(key)), NOON).series[0]
        for key in (LANTERN, "Lantern_Cup")
    )
    assert central == plain
    assert (plain.key, plain.slug, plain.name) == ("Lantern_Cup", "lantern-cup", "Lantern Cup")


def test_a_series_has_dated_names_of_its_page_and_a_body_of_the_index() -> None:
    """The first group that names a body counts."""
    page = series.read(
        wiki_pages.series(names="Candle Cup (1961-1970); Lantern Cup (1971-present)")
    )
    assert [
        (one.name, one.first, one.last) for one in shape.series_profiles(page, NOON).series[0].names
    ] == [("Candle Cup", 1961, 1970), ("Lantern Cup", 1971, None)]
    listing = index.read(
        wiki_pages.index(
            {
                "Annual & Exhibition Races - Oddities": [link(LANTERN)],
                "Fen Racing Club (FRC) Series - National": [link(LANTERN, "Lantern")],
            }
        )
    )
    (found,) = shape.index_profiles(listing, NOON).series
    assert (found.name, found.governing_body) == ("Lantern Cup", "Fen Racing Club (FRC)")
    assert found.listed  # what its own page calls it stands before


def test_a_series_that_only_sounds_like_formula_one_gets_an_address_of_its_own() -> None:
    """While the championship's own titles mean formula-1."""
    assert shape.series_slug("Formula_1_Central") == "formula-1-series"
    assert shape.series_slug(F1) == "formula-1"
    assert shape.series_slug("FIA_Formula_One_Grand_Prix_Central") == "fia-formula-one-grand-prix"


def test_the_season_says_what_a_race_is() -> None:
    """Key, number, address, day and place; a Race session of which nobody knows the hour."""
    weekends, unreadable = told(named(), named("2", "1962_Reed_50", "13 May 1962"))
    assert unreadable == ()
    first, second = weekends
    assert (first.key, first.number, first.slug) == (
        *("1962_Lantern_Cup_Central|1", 1, "1962-lantern-cup-01"),
    )
    assert (second.name, second.slug) == ("Reed 50", "1962-lantern-cup-02")
    assert (first.series, first.joins) == ("lantern-cup", False)
    assert first.series_profile == SeriesProfile(
        "Lantern_Cup", "Lantern Cup", "lantern-cup", listed=True
    )
    (session,) = first.sessions
    assert (session.key, session.type, session.entries) == (first.key, SessionType.RACE, None)
    assert (session.start, session.day_only) == (datetime(1962, 5, 6, tzinfo=UTC), True)
    assert first.first_day == first.last_day == date(1962, 5, 6)
    assert (first.circuit.key, first.circuit.name) == ("Fenmoor_Speedway", "Fenmoor Speedway")
    assert (first.circuit.location, first.circuit.country) == ("Fenmoor", "United States")


def test_what_has_no_number_counts_for_nothing() -> None:
    """Number 0, as a test's: a place by date would be another round's number."""
    weekends, _ = told(named("NC", "1962_Lantern_Night"), named("1"))
    assert [(one.number, one.slug) for one in weekends] == [
        (0, "1962-lantern-cup-nc"),
        (1, "1962-lantern-cup-01"),
    ]


def test_two_races_of_one_number_stay_two() -> None:
    """The second has a mark behind it, in key and address."""
    weekends, _ = told(named("3"), named("3", "Lantern_Cup:1962-03B"))
    assert [(one.key[-3:], one.number, one.slug[-5:]) for one in weekends] == [
        ("l|3", 3, "up-03"),
        ("3-2", 3, "-03-2"),
    ]


def test_a_race_without_a_day_is_kept_as_unreadable() -> None:
    """And named by its number, not by its place in the list."""
    weekends, (kept,) = told(named(day=""), named("2", "1962_Reed_50"))
    assert [one.number for one in weekends] == [2]
    assert (kept.reason, kept.row_key, kept.row["race"]) == (
        *("no-day", "race=1", "Lantern_Cup:1962-01"),
    )


def test_a_race_without_a_tracks_page_is_at_its_towns_track_or_where_its_own_page_says() -> None:
    """With a page of its own it is left to that; with neither town nor track it is unreadable."""
    red = [link("X", "1", red=True), "6 May 1962", "Fenmoor, NC", ""]
    nowhere = [link("Y", "2", red=True), "7 May 1962", "", ""]
    own = [link("Lantern_Cup:1962-03", "3"), "8 May 1962", "Fenmoor, NC", ""]
    weekends, unreadable = told(red, nowhere, own)
    (weekend,) = weekends
    assert (weekend.circuit.key, weekend.circuit.slug) == (
        *("place|fenmoor nc", "track-in-fenmoor-nc"),
    )
    assert [(one.row_key, one.reason) for one in unreadable] == [("race=2", "no-place")]
    *_, context = shape.contexts(page_of(red, nowhere, own), LANTERN, "Lantern Cup")
    assert entered(context).circuit.key == "Fenmoor_Speedway"


def test_a_season_without_a_year_is_unusable() -> None:
    """No season of nothing."""
    page = season.read(wiki_pages.season("Lantern_Cup_Central", races=[named()]))
    with pytest.raises(PageUnusable, match="no-year"):
        shape.season(page, LANTERN, "Lantern Cup", NOON)


def test_a_race_is_told_as_by_its_season_but_for_who_took_part() -> None:
    """Whichever page is read last says the same."""
    (by_season,), _ = told(named())
    by_race = entered(CONTEXT, row(link("Ada_Ferris"), car="08"))
    (planned,), (raced,) = by_season.sessions, by_race.sessions
    assert replace(raced, entries=None) == planned
    assert (
        replace(
            by_race,
            origin=by_season.origin,
            sessions=by_season.sessions,
            drivers=(),
            teams=(),
        )
        == by_season
    )


def test_a_context_survives_a_queue() -> None:
    """Among other words of a payload."""
    assert RaceContext.of({**CONTEXT.stored(), "kind": "race"}) == CONTEXT
    without = replace(CONTEXT, day=None, circuit=None, place=None, title=None, race=None)
    assert RaceContext.of(without.stored()) == without


def test_a_race_that_nobody_dates_or_places_is_unusable() -> None:
    """The season may say what the page does not, and the other way round."""
    page = race.read(Race(held="x", rows=[row(link("Ada_Ferris"))]).body())
    assert shape.race(page, CONTEXT, NOON).first_day == date(1962, 5, 6)
    with pytest.raises(PageUnusable, match="no-day"):
        shape.race(page, replace(CONTEXT, day=None), NOON)
    with pytest.raises(PageUnusable, match="no-place"):
        shape.race(page, replace(CONTEXT, circuit=None, place=None), NOON)
    dated = race.read(Race().body())
    assert shape.race(dated, replace(CONTEXT, day=None), NOON).first_day == date(1962, 5, 6)


def test_drivers_are_known_by_their_pages_and_else_in_their_series_alone() -> None:
    """A name tells nobody: whoever bears it elsewhere is somebody else."""
    found = entered(
        CONTEXT,
        row(link("Ada_Ferris_(AR)", "Ada Ferris")),
        row(link("Ada_Ferris")),
        row(link("Bo_Marsh_(VA)", "Bo Marsh", red=True)),
        row("Cy Sedge, Jr."),
    )
    assert [(one.key, one.slug, one.last_name, one.apart) for one in found.drivers] == [
        ("Ada_Ferris", None, "Ferris", True),
        ("Ada_Ferris_(AR)", "ada-ferris-ar", "Ferris", True),
        ("Lantern_Cup|bo marsh va", "bo-marsh-va-lantern-cup", "Marsh", True),
        ("Lantern_Cup|cy sedge jr", "cy-sedge-jr-lantern-cup", "Sedge Jr.", True),
    ]
    assert len({one.person for one in found.drivers}) == 4


def test_teams_are_sponsors_with_a_page_else_makes_else_nobodys() -> None:
    """A make's address is no team's."""
    found = entered(
        CONTEXT,
        row(link("Ada_Ferris"), sponsor=link("Ferris_Motors"), make="1961 Ford"),
        row(link("Bo_Marsh"), sponsor="Ferris Motors", make="1961 Ford"),
        row(link("Cy_Sedge"), sponsor="Cola"),
    )
    assert [(one.key, one.name, one.slug, one.loose) for one in found.teams] == [
        ("Ferris_Motors", "Ferris Motors", None, False),
        ("make|ford", "Ford", "ford-cars", True),
        ("|independent", "Independent", None, True),
    ]


def test_the_entry_list_has_no_order() -> None:
    """Nor have drivers and teams that of the page, which is the finishing order."""
    rows = [
        row(link(f"{name}_Ferris"), car=str(car), make=name)
        for car, name in ((1, "Zoe"), (2, "Ada"))
    ]
    one, other = entered(CONTEXT, *rows), entered(CONTEXT, *rows[::-1])
    assert one == other
    assert isinstance(one.sessions[0].entries, frozenset)
    assert [each.first_name for each in one.drivers] == ["Ada", "Zoe"]


def test_a_second_car_does_not_tell_which_one_finished_first() -> None:
    """Whoever drove two is listed with the same one, whichever the page names first."""
    ada = link("Ada_Ferris")
    rows = [row(ada, car="9", make="Elm"), row(link("Bo_Marsh"), car="5"), row(ada, car="3")]
    one, other = entered(CONTEXT, *rows), entered(CONTEXT, *rows[::-1])
    assert one == other
    assert {each.car for each in one.sessions[0].entries or ()} == {"3", "5"}


def test_formula_ones_pages_only_add_to_what_others_give() -> None:
    """People and constructors by name, as the others know them."""
    context = replace(CONTEXT, series="FIA_World_Championship_for_Drivers", number=8)
    found = entered(context, row(link("Ada_Ferris_(GB)", "Ada Ferris"), make="Ferrari"))
    assert (found.series, found.joins, found.number) == ("formula-1", True, 8)
    ((driver,), (team,)) = found.drivers, found.teams
    assert (driver.key, driver.person, driver.apart, driver.slug) == (
        *("Ada_Ferris_(GB)", "ada ferris", False, None),
    )
    assert (team.key, team.name, team.slug) == ("constructor|ferrari", "Ferrari", None)


def test_formula_ones_sprints_are_sprints_of_its_rounds() -> None:
    """Their numbers are those of a list of their own."""
    found = entered(replace(CONTEXT, series="FIA_Formula_One_Sprint_Qualifying_Race"))
    assert (found.series, found.joins, found.number) == ("formula-1", True, None)
    assert found.sessions[0].type is SessionType.SPRINT


def test_pages_of_tracks_and_drivers_speak_for_the_titles_that_lead_to_them() -> None:
    """A link to the old title means the same."""
    (track,) = shape.circuit_profiles(circuit.read(wiki_pages.circuit()), NOON).circuits
    assert (track.key, track.length, track.kind, track.status, track.opened) == (
        *("Fenmoor_Speedway", 805, "Dirt Oval", "Closed", 1922),
    )
    (ada,) = shape.driver_profiles(driver.read(wiki_pages.driver()), NOON).drivers
    assert (ada.key, ada.nickname, ada.place_of_birth, ada.born) == (
        *("Ada_Ferris_(AR)", "Spark", "Fenmoor, NC", date(1931, 5, 6)),
    )
    moved = replace(
        driver.read(wiki_pages.driver()),
        page=replace(driver.read(wiki_pages.driver()).page, redirected_from="Ada_Ferris"),
    )
    both = shape.driver_profiles(moved, NOON).drivers
    assert [one.key for one in both] == ["Ada_Ferris", "Ada_Ferris_(AR)"]
