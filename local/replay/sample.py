"""The shipped sample, the season of 2024, expanded from its compact form into API rows.

sample/season.json tells each fact once: people, circuits, cars, and per meeting its timetable
and who stood in for whom. Times within it are minutes.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict

from local.replay.rows import Row, Rows
from local.replay.sample_results import Results, grid_rows, result_rows

FOLDER = Path(__file__).parent / "sample"
PORTRAITS = "https://media.formula1.com/d_driver_fallback_image.png/content/dam/fom-website/drivers"


class Kind(NamedTuple):
    """What a session's short code stands for."""

    name: str
    type: str


class Circuit(NamedTuple):
    """By the API's own field names; the key stands before it."""

    circuit_short_name: str
    location: str
    country_key: int
    country_code: str
    country_name: str


class Person(NamedTuple):
    """By acronym; full and broadcast names and the portrait's address follow from these."""

    first_name: str
    last_name: str
    country_code: str


class Car(NamedTuple):
    """Who drives under a number, by acronym, and for whom; a number's owner never changed."""

    person: str
    team: str


class Slot(NamedTuple):
    """A session in a meeting's timetable, `begins` minutes after the meeting does."""

    kind: str
    key: int
    begins: int
    minutes: int


class StandIn(NamedTuple):
    """In `sessions` (codes, separated by spaces) one car ran for another, or nobody did."""

    sessions: str
    absent: int
    instead: int | None


class Meeting(BaseModel):
    """A meeting with its timetable and what was different about its entries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: int
    name: str
    official_name: str
    circuit: int
    utc_offset: int
    start: AwareDatetime
    sessions: list[Slot]
    new_regulars: dict[int, int] = {}
    """From this meeting on: the car that left -> the one in its place."""
    stand_ins: list[StandIn] = []


class Season(BaseModel):
    """sample/season.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attribution: str
    year: int
    session_kinds: dict[str, Kind]
    circuits: dict[int, Circuit]
    people: dict[str, Person]
    surname_first: list[str]
    without_portrait: list[str]
    colours: dict[str, dict[int, str]]
    """Team -> the meeting from which on -> its colour."""
    cars: dict[int, Car]
    regulars: list[int]
    meetings: list[Meeting]


def load_sample() -> Rows:
    """The rows of the shipped sample, for the caller to change."""
    return copy(_shipped())


@cache
def _shipped() -> Rows:
    return expand(
        Season.model_validate_json((FOLDER / "season.json").read_bytes()),
        Results.model_validate_json((FOLDER / "results.json").read_bytes()),
    )


def expand(season: Season, results: Results) -> Rows:
    """The API rows of a compact season, in today's shape (is_cancelled, ends of meetings)."""
    meetings = {slot.key: meeting.key for meeting in season.meetings for slot in meeting.sessions}
    return Rows(
        {
            "meetings": [_meeting(season, meeting) for meeting in season.meetings],
            "sessions": [
                _session(season, meeting, slot)
                for meeting in season.meetings
                for slot in meeting.sessions
            ],
            "drivers": _drivers(season),
            "session_result": result_rows(results, meetings),
            "starting_grid": grid_rows(results, meetings),
        }
    )


def _venue(season: Season, meeting: Meeting) -> Row:
    """What a meeting and its sessions have in common."""
    return {
        "meeting_key": meeting.key,
        "circuit_key": meeting.circuit,
        **season.circuits[meeting.circuit]._asdict(),
        "gmt_offset": _offset(meeting.utc_offset),
        "year": season.year,
        "is_cancelled": False,
    }


def _meeting(season: Season, meeting: Meeting) -> Row:
    return {
        **_venue(season, meeting),
        "meeting_name": meeting.name,
        "meeting_official_name": meeting.official_name,
        "date_start": meeting.start.isoformat(),
        "date_end": max(_span(meeting, slot)[1] for slot in meeting.sessions).isoformat(),
    }


def _session(season: Season, meeting: Meeting, slot: Slot) -> Row:
    kind = season.session_kinds[slot.kind]
    start, end = _span(meeting, slot)
    return {
        **_venue(season, meeting),
        "session_key": slot.key,
        "session_name": kind.name,
        "session_type": kind.type,
        "date_start": start.isoformat(),
        "date_end": end.isoformat(),
    }


def _span(meeting: Meeting, slot: Slot) -> tuple[datetime, datetime]:
    start = meeting.start + timedelta(minutes=slot.begins)
    return start, start + timedelta(minutes=slot.minutes)


def _offset(minutes: int) -> str:
    """03:00:00 or -04:00:00; production writes no plus."""
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else ''}{hours:02}:{rest:02}:00"


def _drivers(season: Season) -> Iterator[Row]:
    """One row per session and car on its entry list, the list being by number."""
    regulars = season.regulars
    for meeting in season.meetings:
        regulars = [meeting.new_regulars.get(car, car) for car in regulars]
        for slot in meeting.sessions:
            instead = {
                each.absent: each.instead
                for each in meeting.stand_ins
                if slot.kind in each.sessions.split()
            }
            entered = (instead.get(car, car) for car in regulars)
            for car in sorted(each for each in entered if each is not None):
                yield {
                    "meeting_key": meeting.key,
                    "session_key": slot.key,
                    "driver_number": car,
                    **_driver(season, season.cars[car]),
                    "team_colour": _colour(season.colours[season.cars[car].team], meeting.key),
                }


def _driver(season: Season, car: Car) -> Row:
    person = season.people[car.person]
    first, last = person.first_name, person.last_name
    names = [first, last.upper()]
    full_name = " ".join(reversed(names) if car.person in season.surname_first else names)
    return {
        "broadcast_name": f"{first[0]} {last.upper()}",
        "full_name": full_name,
        "name_acronym": car.person,
        "team_name": car.team,
        "first_name": first,
        "last_name": last,
        "headshot_url": None if car.person in season.without_portrait else _portrait(first, last),
        "country_code": person.country_code,
    }


def _portrait(first: str, last: str) -> str:
    name = f"{first[:3]}{last[:3]}01"
    image = f"{name.lower()}.png.transform/1col/image.png"
    return f"{PORTRAITS}/{first[0]}/{name.upper()}_{first}_{last}/{image}"


def _colour(by_meeting: Mapping[int, str], meeting: int) -> str:
    return by_meeting[max(since for since in by_meeting if since <= meeting)]
