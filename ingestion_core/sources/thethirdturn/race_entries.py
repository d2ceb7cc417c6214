"""Who took part in a race, without the order in which the page lists them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ingestion_core.sources.thethirdturn.markup import text_of
from ingestion_core.sources.thethirdturn.people import (
    Person,
    Team,
    car_of,
    listed_people,
    people_of,
    team_of,
)
from ingestion_core.sources.thethirdturn.race_tables import (
    DID_NOT_QUALIFY,
    DID_NOT_START,
    Section,
    feature,
    notes,
)

_LISTS: Final = (DID_NOT_START, DID_NOT_QUALIFY)
_RACE, _ELSEWHERE, _BELOW = range(3)


@dataclass(frozen=True, slots=True)
class Entered:
    """One driver with a car; two with one car shared it."""

    driver: Person
    car: str | None
    team: Team


#: Where on the page, and who.
_Listed = tuple[int, Entered]


def entries_of(found: list[Section]) -> tuple[Entered, ...] | None:
    """Everybody once, sorted by key; None without any table or list of drivers.

    Whoever is listed several times is so as in the race's own table, where the car is known; of two
    cars there, as the first by number and not as the one that the page, in its finishing order,
    names first.
    """
    tables = [one for one in found if "Driver" in one.columns]
    lists = [cell for label in _LISTS for cell in notes(found, label)]
    if not tables and not lists:
        return None
    listed = [*_in_tables(tables, feature(found)), *_in_lists(found)]
    entered: dict[str, Entered] = {}
    for _, one in sorted(listed, key=_rank):
        entered.setdefault(one.driver.key(""), one)
    return tuple(entered[key] for key in sorted(entered))


def _in_tables(tables: list[Section], race: Section | None) -> Iterator[_Listed]:
    for section in tables:
        for row in section.rows:
            if "Driver" not in row.cells:
                continue
            car = row.cells.get("#")
            number = car_of(text_of(car)) if car is not None else None
            team = team_of(row.cells.get("Sponsor"), row.cells.get("Make"))
            # Under a heading within the race's table stand those who did not take part.
            place = _ELSEWHERE if section is not race or row.group is not None else _RACE
            for driver in people_of(row.cells["Driver"]):
                yield place, Entered(driver, number, team)


def _in_lists(found: list[Section]) -> Iterator[_Listed]:
    for label in _LISTS:
        for cell in notes(found, label):
            for driver in listed_people(cell, f"{label}:"):
                yield _BELOW, Entered(driver, None, team_of(None, None))


def _rank(listed: _Listed) -> tuple[int, str, str, str]:
    """Nothing of it tells where on the page it stands."""
    place, one = listed
    return place, one.car or "", one.team.key, one.driver.name
