"""Index, series' and seasons' pages: what is read of them, and that nobody's victory is."""

from datetime import date

import pytest

from ingestion_core.sources.thethirdturn import index, season, series
from ingestion_core.sources.thethirdturn.index import SeriesEntry
from ingestion_core.sources.thethirdturn.page import Link, PageUnusable
from ingestion_core.sources.thethirdturn.season import ListedRace
from ingestion_core.sources.thethirdturn.series import DatedName, SeasonEntry
from tests.support.wiki_pages import index as index_page
from tests.support.wiki_pages import link, listed
from tests.support.wiki_pages import season as season_page
from tests.support.wiki_pages import series as series_page

GROUPS = {
    "Fenland Racing Club (FRC) - National Series": [
        link("Lantern_Cup_Central", "Lantern Cup"),
        link("Old_Cup_Central", "Old Cup") + " (*) |",
    ],
    "FRC - Regional Series": [link("Lantern_Cup_Central", "Lantern Cup")],
    "Other Touring Series - Midgets": [
        link("Duck_Trophy", "Duck Trophy") + " (*)",
        link("Gone_Cup_Central", red=True),
        '<a href="https://example.org/x_Central">x</a>',
    ],
    "Mudlark Series & Events": [link("Mud_Race_Central", "Mud Race") + " (Division I)"],
    "Fenmoor Speedway Events": [],
    "Local Racing Divisions": [f"Fenmoor: {link('Fenmoor_-_Late_Models_Central', 'Late')} (*)"],
    "By-Year Listing of Races": [link("1962")],
}


def test_the_index_lists_series_by_group() -> None:
    """Only links to series' own pages; whoever is marked behind the link is defunct."""
    found = index.read(index_page(GROUPS))
    assert [one.heading for one in found.groups] == list(GROUPS)
    assert found.groups[0].series == (
        SeriesEntry("Lantern_Cup_Central", "Lantern Cup", defunct=False),
        SeriesEntry("Old_Cup_Central", "Old Cup", defunct=True),
    )
    assert [len(one.series) for one in found.groups] == [2, 1, 0, 1, 0, 1, 0]
    assert [one.local for one in found.groups] == [False] * 5 + [True] * 2
    assert (found.links, found.defunct, found.red) == (9, 3, ("Gone_Cup_Central",))
    assert found.drift == ()


def test_headings_of_the_index_name_governing_bodies() -> None:
    """The same one under the same name; headings of the wiki's own making name none."""
    found = index.read(index_page(GROUPS))
    assert [(one.body, one.kind) for one in found.groups] == [
        ("Fenland Racing Club (FRC)", "National Series"),
        ("Fenland Racing Club (FRC)", "Regional Series"),
        (None, "Midgets"),
        ("Mudlark", None),
        *([(None, None)] * 3),
    ]


def test_an_index_of_another_layout_is_read_as_far_as_it_goes() -> None:
    """What is no group is drift."""
    body = index_page({"A - B": [link("A_Central")]}).replace(
        b"</tbody></table>", b"<tr><td>1</td><td>2</td><td>3</td></tr></tbody></table>"
    )
    found = index.read(body)
    assert [len(one.series) for one in found.groups] == [1]
    assert found.drift == ("-local divisions", "?group")


SEASONS = [
    [
        link("1961_Fen_Cup_Central", "1961"),
        "8",
        link("Ada_Ferris"),
        "+7",
        link("Bo_Marsh") + " (2)",
    ],
    [link("1962-63_Lantern_Cup_Central", "1962-63", red=True), "", "", "", ""],
]


def test_a_series_has_seasons_and_names() -> None:
    """Dates of names open to the present, of one year, or not given at all."""
    found = series.read(
        series_page(
            seasons=SEASONS,
            names="Fen Cup (1961); Fen (East) Cup (1962-1970, 1975); Moor Cup; "
            "Lantern Cup (1980-present)",
        )
    )
    assert (found.name, found.page.key) == ("Lantern Cup", "Lantern_Cup_Central")
    assert found.names == (
        DatedName("Fen Cup", 1961, 1961),
        DatedName("Fen (East) Cup", 1962, 1970),
        DatedName("Fen (East) Cup", 1975, 1975),
        DatedName("Moor Cup", None, None),
        DatedName("Lantern Cup", 1980, None),
    )
    assert found.seasons == (
        SeasonEntry("1961_Fen_Cup_Central", "1961", 1961, 8, exists=True),
        SeasonEntry("1962-63_Lantern_Cup_Central", "1962-63", 1962, None, exists=False),
    )
    assert (found.founded, found.disbanded, found.active) == (1961, None, True)
    assert (found.car_style, found.region, found.races) == ("Midget Car", "Fens", 1204)
    assert found.drift == ()


def test_a_template_without_its_value_is_none() -> None:
    """A saved series' page shows {{{FormerlyKnown}}} in a row that it hides."""
    boxes = "<td><b>Series Founded:</b> {{{Founded}}}</td><td><b>Series Disbanded:</b> 1999</td>"
    found = series.read(series_page(boxes=boxes))
    assert (found.names, found.founded, found.disbanded, found.active) == ((), None, 1999, False)
    hidden = series.read(series_page().replace(b"{{{Was}}}", b"Fen Cup (1961)"))
    shown = series.read(series_page(boxes="<td><b>Alternatively Known As:</b> {{{Was}}}</td>"))
    assert (hidden.names, shown.names) == ((), ())


def test_champions_and_records_are_not_read() -> None:
    """The page of other champions is the same page."""
    others = [[*row[:2], link("Zed_Other"), "1", link("Zed_Other")] for row in SEASONS]
    found = series.read(series_page(seasons=SEASONS))
    assert found == series.read(series_page(seasons=others))
    assert "Record" not in repr(found)
    assert "Ferris" not in repr(found)


def test_columns_of_a_series_are_found_wherever_they_stand() -> None:
    """And new ones are told by their headings."""
    body = series_page(
        columns=("Champion", "Races", "Prize Money", "Season"),
        seasons=[[link("Ada_Ferris"), "8", "$ 9", link("1961_Fen_Cup_Central", "1961")]],
    )
    found = series.read(body)
    assert found.seasons == (SeasonEntry("1961_Fen_Cup_Central", "1961", 1961, 8, exists=True),)
    assert found.drift == ("+column Prize Money",)


RACES = [
    listed(
        "1", "Lantern_Cup:1962-01", "6 May 1962", "Fenmoor_Speedway", "Fenmoor, NC", "Ada_Ferris"
    ),
    listed("NC", "1962_Duck_200", "8-Jul-62", "Moor_Park", "Moor", "Bo_Marsh"),
    ["3", "soon", "Moor", ""],
]


def test_a_season_lists_races() -> None:
    """Numbers that are none, days in two forms, races without a page."""
    found = season.read(season_page(races=RACES))
    assert found.races == (
        ListedRace(
            *("1", "Lantern_Cup:1962-01", True, date(1962, 5, 6)),
            *("Fenmoor_Speedway", "Fenmoor, NC"),
        ),
        ListedRace("NC", "1962_Duck_200", True, date(1962, 7, 8), "Moor_Park", "Moor"),
        ListedRace("3", None, False, None, None, "Moor"),
    )
    assert (found.year, found.name) == (1962, "Lantern Cup")
    assert found.series == Link(
        "Lantern_Cup_Central", "VIEW ALL SEASONS FOR THIS SERIES", exists=True
    )
    assert found.following is not None
    assert (found.previous, found.following.key) == (None, "1963_Lantern_Cup_Central")
    assert found.drift == ("?date",)


def test_winners_and_standings_are_not_read() -> None:
    """The page with other winners and another champion is the same page."""
    others = [[*row[:3], link("Zed_Other")] for row in RACES]
    found = season.read(season_page(races=RACES, standings=["Ada_Ferris", "Bo_Marsh"]))
    other = season.read(season_page(races=others, standings=["Bo_Marsh", "Ada_Ferris"]))
    assert found == other
    assert "Ferris" not in repr(found)


def test_columns_of_a_season_are_found_wherever_they_stand() -> None:
    """A winner in the third column is no circuit."""
    body = season_page(
        columns=("Winner", "Date", "Prize", "Race", "Track"),
        races=[
            [
                *(link("Ada_Ferris"), "6 May 1962", "$ 5", link("Lantern_Cup:1962-01", "1")),
                link("Fenmoor_Speedway", "Fenmoor"),
            ]
        ],
    )
    found = season.read(body)
    assert found.races == (
        ListedRace(
            "1", "Lantern_Cup:1962-01", True, date(1962, 5, 6), "Fenmoor_Speedway", "Fenmoor"
        ),
    )
    assert found.drift == ("+column Prize",)


def test_a_season_without_its_columns_has_no_races() -> None:
    """Nothing is guessed from a cell's place."""
    found = season.read(season_page(columns=("No.", "When", "Where", "Who"), races=RACES))
    assert (found.races, found.drift) == ((), ("-column Race",))
    short = season.read(season_page(columns=("Race", "Date", "Track"), races=RACES))
    assert (short.races, short.drift) == ((), ("-column Winner", "?row"))


@pytest.mark.parametrize("year", ["2014-15", "2014-2015", "2014–15"])
def test_a_season_over_two_years_is_that_of_the_first(year: str) -> None:
    """Its name is without either."""
    found = season.read(season_page(f"{year}_Moor_E_Central", races=[]))
    assert (found.year, found.name, found.races) == (2014, "Moor E", ())


def test_pages_of_other_kinds_are_refused() -> None:
    """Each reader wants its own."""
    bodies = [index_page(GROUPS), series_page(seasons=SEASONS), season_page(races=RACES)]
    readers = [(index.read, "index"), (series.read, "series"), (season.read, "season")]
    for own, body in enumerate(bodies):
        for place, (read, kind) in enumerate(readers):
            if place != own:
                with pytest.raises(PageUnusable, match=f"^not-an?-{kind}$"):
                    read(body)
