"""The shipped pages: an invented series in the wiki's markup, as every reader knows it."""

import pytest

from ingestion_core.sources.thethirdturn import (
    circuit,
    driver,
    index,
    race,
    race_results,
    season,
    series,
)
from local.replay.wiki.shelf import PAGES, Shelf

ADA = "Ada_Ferris_(FM)"
RACES = ("1961_Fenmoor_100", "1962_Twelve_Lamps", "Candle_Cup:1961-02", "Lantern_Cup:1962-02")


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    """The shipped folder."""
    return Shelf(PAGES)


def body(shelf: Shelf, title: str) -> bytes:
    """A page's bytes."""
    page = shelf.find(title)
    assert page is not None
    return page.read()


def test_every_page_is_read_without_drift(shelf: Shelf) -> None:
    """14 of them, each by the reader of its kind."""
    drift = {
        "Series_Database:Index": index.read(body(shelf, "Series_Database:Index")).drift,
        "Lantern_Cup_Central": series.read(body(shelf, "Lantern_Cup_Central")).drift,
    }
    for title in ("1961_Candle_Cup_Central", "1962_Lantern_Cup_Central"):
        drift[title] = season.read(body(shelf, title)).drift
    for title in RACES:
        drift[title] = race.read(body(shelf, title)).drift
        found = race_results.read(body(shelf, title))
        assert (found.drift, found.unreadable) == ((), ())
    for title in ("Fenmoor_Speedway", "Saltmarsh_Road_Course"):
        drift[title] = circuit.read(body(shelf, title)).drift
    for title in (ADA, "Bruno_Kettle", "Cleo_Marsh,_Jr.", "Edda_Quill"):
        drift[title] = driver.read(body(shelf, title)).drift
    assert drift == dict.fromkeys(shelf.pages, ())


def test_two_seasons_lead_to_four_races_a_red_one_and_three_circuits(shelf: Shelf) -> None:
    """Under two names of the series; one of the circuits has no page."""
    seasons = series.read(body(shelf, "Lantern_Cup_Central")).seasons
    assert sorted((one.year, one.races) for one in seasons) == [(1961, 2), (1962, 3)]
    races = [each for one in seasons for each in season.read(body(shelf, one.key)).races]
    assert sorted(one.race or "" for one in races if one.exists) == sorted(RACES)
    assert [one.race for one in races if not one.exists] == ["Lantern_Cup:1962-03"]
    circuits = {one.circuit for one in races}
    assert circuits == {"Fenmoor_Speedway", "Saltmarsh_Road_Course", "Old_Quay_Oval"}
    assert shelf.find("Old_Quay_Oval") is None


def test_the_races_have_what_makes_reading_hard(shelf: Shelf) -> None:
    """Shared cars, did-not-qualify lists, drivers without a page, red links and a redirect."""
    pages = {title: race.read(body(shelf, title)) for title in RACES}
    twelve = pages["1962_Twelve_Lamps"].entries or ()
    assert sorted(one.car or "" for one in twelve) == ["12", "12", "7", "7", "7", "9", "9"]
    first = {one.driver.name: one.driver for one in pages["1961_Fenmoor_100"].entries or ()}
    assert first["Gus Tallow"].key("Lantern Cup") == "Lantern Cup|gus tallow"
    assert first["Finn Ostler"].linked == "Finn_Ostler"
    assert {"Hanne Brook", "Ike Moorhen, Jr."} < set(first)  # of the list below the results
    groups = {row.group for row in race_results.read(body(shelf, "Lantern_Cup:1962-02")).rows}
    assert groups == {None, "DID NOT QUALIFY"}
    linked = {one.driver.page for one in pages["Candle_Cup:1961-02"].entries or ()}
    assert "Ada_Ferris" in linked
    assert shelf.redirects == {"Ada_Ferris": ADA}


def test_the_index_has_the_series_and_its_body(shelf: Shelf) -> None:
    """Beside a defunct one, a red one and a local division."""
    found = index.read(body(shelf, "Series_Database:Index"))
    bodies = {one.key: group.body for group in found.groups for one in group.series}
    assert bodies["Lantern_Cup_Central"] == "Fenland Racing Club (FRC)"
    assert (found.links, found.defunct, found.red) == (6, 2, ("Eel_Sprint_Central",))


def test_they_are_small(shelf: Shelf) -> None:
    """A few tens of kB in all."""
    assert sum(path.stat().st_size for path in PAGES.iterdir()) < 40_000
