"""Races of The Third Turn with chosen drivers, and the Grand Prix that the archive knows too."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from ingestion_core.racing.types import Weekend
from tests.support import weekends, wiki_pages
from tests.support.weekends import Person
from tests.support.wiki_catalog import contexts, race_page
from tests.support.wiki_pages import Race, Row, listed

F1 = "FIA_World_Championship_for_Drivers_Central"
MONZA = "Autodromo_Nazionale_di_Monza"
ITALY = date(1950, 9, 3)
FARINA = Person("Nino Farina", "Alfa Romeo", key="farina", car="10", born=date(1906, 10, 30))
FANGIO = Person("Juan Fangio", "Alfa Romeo", key="fangio", car="18", born=date(1911, 6, 24))


def raced(
    drivers: Sequence[str],
    *,
    of: str = "Lantern_Cup_Central",
    day: str = "6 May 1962",
    circuit: str = "Fenmoor_Speedway",
    number: str = "1",
    make: str = "",
    year: int = 1962,
) -> Weekend:
    """A race with these drivers, as markup; of a season with no other."""
    title = f"{of.removesuffix('_Central')}:{year}-01"
    body = wiki_pages.season(
        f"{year}_{of}",
        races=[listed(number, title, day, circuit, "Fenmoor, NC", "Ada_Ferris")],
        of=of,
    )
    (context,) = contexts(body, of, of.replace("_", " "))
    page = Race(rows=[Row(fin="1", driver=each, make=make) for each in drivers]).body()
    return race_page(page, context)


def grand_prix(drivers: Sequence[str], **changed: Any) -> Weekend:
    """The Italian Grand Prix of 1950 as the wiki has it, with these drivers."""
    chosen = {"of": F1, "day": "3 September 1950", "circuit": MONZA, "number": "7", "year": 1950}
    return raced(drivers, **(chosen | changed))


def archives_italy() -> Weekend:
    """The same as the archive has it."""
    return weekends.weekend("ergast", "836", [FARINA, FANGIO], ITALY, "monza", "Italian Grand Prix")
