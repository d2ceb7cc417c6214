"""Who took part in a race, without the order in which the page lists them."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Entered:
    """One driver with a car; two with one car shared it."""

    driver: Person
    car: str | None
    team: Team


def entries_of(found: list[Section]) -> tuple[Entered, ...] | None:
    """Everybody once, sorted by key; None without any table or list of drivers.

    The race's own table comes before any other: there the car is known.
    """
    tables = [one for one in found if "Driver" in one.columns]
    lists = [cell for label in (DID_NOT_START, DID_NOT_QUALIFY) for cell in notes(found, label)]
    if not tables and not lists:
        return None
    race = feature(found)
    entered: dict[str, Entered] = {}
    for section in sorted(tables, key=lambda one: one is not race):
        for row in section.rows:
            if "Driver" not in row.cells:
                continue
            car = row.cells.get("#")
            number = car_of(text_of(car)) if car is not None else None
            team = team_of(row.cells.get("Sponsor"), row.cells.get("Make"))
            for driver in people_of(row.cells["Driver"]):
                _enter(entered, Entered(driver, number, team))
    for label in (DID_NOT_START, DID_NOT_QUALIFY):
        for cell in notes(found, label):
            for driver in listed_people(cell, f"{label}:"):
                _enter(entered, Entered(driver, None, team_of(None, None)))
    # Not in the page's order, which is the finishing order.
    return tuple(entered[key] for key in sorted(entered))


def _enter(entered: dict[str, Entered], one: Entered) -> None:
    entered.setdefault(one.driver.key(""), one)
