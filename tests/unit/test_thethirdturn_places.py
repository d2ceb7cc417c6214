"""Drivers' and tracks' pages: who somebody is, where something lies, and nothing of their races."""

from dataclasses import astuple
from datetime import date

import pytest

from ingestion_core.sources.thethirdturn import circuit, driver
from ingestion_core.sources.thethirdturn.page import PageUnusable
from ingestion_core.sources.thethirdturn.regions import Place, place_of
from tests.support.wiki_pages import circuit as circuit_page
from tests.support.wiki_pages import driver as driver_page


def test_a_driver_is_who_he_is() -> None:
    """The key tells homonyms apart, the name is without it."""
    found = driver.read(driver_page())
    assert (found.page.key, found.name, found.nickname) == (
        *("Ada_Ferris_(AR)", "Ada Ferris"),
        "Spark",
    )
    assert (found.born, found.died) == (date(1931, 5, 6), date(1999, 3, 2))
    assert (found.place_of_birth, found.drift) == ("Fenmoor, NC", ())


@pytest.mark.parametrize(
    ("span", "born", "years"),
    [
        ("(July 29, 1981 -       )", date(1981, 7, 29), (1981, None)),
        ("(1931 - 1999)", None, (1931, 1999)),
        ("(July 29, 1981)", date(1981, 7, 29), (1981, None)),
        ("(June 1931 - ???)", None, (1931, None)),
    ],
)
def test_lives_are_typed_as_far_as_known(
    span: str, born: date | None, years: tuple[int | None, int | None]
) -> None:
    """A year alone is no day."""
    found = driver.read(driver_page(spans=[span]))
    assert (found.born, (found.born_year, found.died_year)) == (born, years)
    assert (found.nickname, found.place_of_birth, found.drift) == (None, None, ())


def test_what_a_driver_s_head_says_beyond_that_is_drift() -> None:
    """Told without its text."""
    found = driver.read(driver_page(spans=["(long ago - )", "Fenmoor", "three children"]))
    assert (found.born, found.place_of_birth) == (None, "Fenmoor")
    assert found.drift == ("?biography", "?date")


def test_a_last_finish_is_not_read() -> None:
    """Nor any number of wins."""
    assert driver.read(driver_page(finish="6")) == driver.read(driver_page(finish="1"))
    assert "Lantern" not in repr(driver.read(driver_page()))


def test_a_circuit_is_where_it_is() -> None:
    """Length of the kilometres, coordinates of the link to a map."""
    found = circuit.read(circuit_page())
    assert astuple(found)[1:] == (
        *("Fenmoor Speedway", 805, "Dirt Oval", "Fenmoor", "NC", "United States"),
        *("Closed", 1922, 1971, 35.25, -80.5, ()),
    )


@pytest.mark.parametrize(
    ("located", "length", "kind"),
    [
        ("3.6 mi./5.794 km.  Road Course located in Moor, Italy", 5794, "Road Course"),
        ("0.5 mi. Paved Oval located in Moor, Italy", 805, "Paved Oval"),
        ("0.333 mi./0.54 km. Dirt Oval located in Moor, Italy", 540, "Dirt Oval"),
        (".333 mi.  Dirt Oval located in Moor, Italy", 536, "Dirt Oval"),
        ("Road Course located in Moor, Italy", None, "Road Course"),
        ("0 mi./0 km. Oval located in Moor, Italy", None, "Oval"),
    ],
)
def test_lengths_are_whole_metres(located: str, length: int | None, kind: str) -> None:
    """Miles only where there are no kilometres; none that no track has."""
    found = circuit.read(circuit_page(located=located))
    assert (found.length, found.kind, found.city, found.country) == (length, kind, "Moor", "Italy")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Monza, Italy", Place("Monza", None, "Italy")),
        ("Charlotte, NC", Place("Charlotte", "NC", "United States")),
        ("Mosport, ON", Place("Mosport", "ON", "Canada")),
        ("Surfers Paradise, QLD, Australia", Place("Surfers Paradise", "QLD", "Australia")),
        ("Monaco", Place("Monaco", None, None)),
        ("", Place(None, None, None)),
    ],
)
def test_places_have_parts(text: str, place: Place) -> None:
    """States stand for their countries."""
    assert place_of(text) == place


@pytest.mark.parametrize(
    ("maps", "drift"),
    [
        ("https://maps.google.com/?ll=91,0", ("?map",)),
        ("https://maps.google.com/?ll=0,0", ("?map",)),
        ("https://maps.google.com/?ll=nan,1", ("?map",)),
        ("https://example.org/?ll=1,1", ()),
        ("https://[", ()),
    ],
)
def test_coordinates_that_are_none_are_none(maps: str, drift: tuple[str, ...]) -> None:
    """Nor is a form that was left empty, which points into the sea."""
    found = circuit.read(circuit_page(maps=maps))
    assert (found.latitude, found.longitude, found.drift) == (None, None, drift)


def test_a_circuit_of_another_layout_is_read_as_far_as_it_goes() -> None:
    """What is missing is told."""
    found = circuit.read(circuit_page(located="0.5 mi. somewhere", status="Sleeping"))
    assert (found.name, found.length, found.latitude) == ("Fenmoor Speedway", 805, 35.25)
    assert (found.kind, found.city, found.status) == (None, None, None)
    assert found.drift == ("-place", "-status")


def test_winners_at_a_track_are_not_read() -> None:
    """The page of other winners is the same page."""
    found = circuit.read(circuit_page(winners=["Ada_Ferris", "Bo_Marsh"]))
    assert found == circuit.read(circuit_page(winners=["Bo_Marsh"]))
    assert "Marsh" not in repr(found)


def test_the_one_is_not_the_other() -> None:
    """Each reader wants its own."""
    with pytest.raises(PageUnusable, match=r"^not-a-driver$"):
        driver.read(circuit_page())
    with pytest.raises(PageUnusable, match=r"^not-a-circuit$"):
        circuit.read(driver_page())
