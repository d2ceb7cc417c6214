"""Seasons that never were, in OpenF1's form: generated when they are asked for, alike for a seed.

Each list of a season is another edition of it, as the years go by: half of its meetings have
changed since the last one. Days and hours move, a race is called off and held after all, somebody
stands in for a practice, portraits are taken anew.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from local.replay import answers
from local.replay.replayed import Replayed
from local.replay.rows import Row

#: Of a meeting: name, type, and when it begins, in hours after the first day's midnight.
SESSIONS = (("Practice 1", "Practice", 12), ("Qualifying", "Qualifying", 38), ("Race", "Race", 61))
#: Two to a team.
CARS = 10
#: Careers decades apart are different people's: so long drive the same ones, at most.
_GENERATION = 12
_CIRCUITS = 32
_SYLLABLES = ("ba", "co", "dri", "fen", "gul", "hem", "jo", "kra", "lim", "mon", "nos", "pel")
_COUNTRIES = ("GBR", "NED", "GER", "FRA", "ITA", "ESP", "FIN", "AUS")


@dataclass(frozen=True, slots=True)
class Season:
    """One edition of a season of so many meetings."""

    seed: int
    year: int
    meetings: int
    edition: int

    def version(self, place: int) -> int:
        """How often a meeting has changed: half of them do from one edition to the next."""
        return (self.edition + place) // 2

    def key(self, place: int) -> int:
        """A meeting's key, by its place in the season."""
        return self.year * 100 + place

    def listed(self) -> list[Row]:
        """What ``/meetings?year=`` answers."""
        return [self._meeting(place) for place in range(self.meetings)]

    def sessions(self, place: int) -> list[Row]:
        """What ``/sessions?meeting_key=`` answers."""
        opens, hour = self._opens(place), self.version(place) % 4
        return [
            {
                **self._venue(place),
                "session_key": self.key(place) * 10 + number,
                "session_name": name,
                "session_type": kind,
                "date_start": (begins := opens + timedelta(hours=after + hour)).isoformat(),
                "date_end": (begins + timedelta(hours=2)).isoformat(),
            }
            for number, (name, kind, after) in enumerate(SESSIONS)
        ]

    def drivers(self, place: int) -> list[Row]:
        """What ``/drivers?meeting_key=`` answers; in every third version somebody stands in."""
        version, absent = self.version(place), self._absent(place)
        return [
            {
                "meeting_key": self.key(place),
                "session_key": self.key(place) * 10 + session,
                "driver_number": CARS + 1 if stands_in else car + 1,
                **self._person(CARS if stands_in else car, version),
                "team_name": _named(self.seed, "team", self.year // _GENERATION, car // 2),
                "team_colour": f"{self.year % 100:02}{car // 2:02}AA",
            }
            for session in range(len(SESSIONS))
            for car in range(CARS)
            for stands_in in [session == 0 and car == absent]
        ]

    def entrants(self, place: int) -> int:
        """How many take part in a meeting."""
        return CARS + (self._absent(place) is not None)

    def _absent(self, place: int) -> int | None:
        return place % CARS if self.version(place) % 3 == 1 else None

    def _opens(self, place: int) -> datetime:
        first = datetime(self.year, 1, 10, tzinfo=UTC)
        return first + timedelta(days=13 * place + self.version(place) % 3)

    def _venue(self, place: int) -> Row:
        circuit = (self.year + place) % _CIRCUITS
        name = _named(self.seed, "circuit", circuit, 0)
        return {
            "meeting_key": self.key(place),
            "circuit_key": 500_000 + circuit,
            "circuit_short_name": name,
            "location": name,
            "country_code": _COUNTRIES[circuit % len(_COUNTRIES)],
            "country_name": f"{name}ia",
            "gmt_offset": "00:00:00",
            "year": self.year,
            "is_cancelled": place == 7 and self.version(place) % 4 == 1,
        }

    def _meeting(self, place: int) -> Row:
        opens, version = self._opens(place), self.version(place)
        name = f"{_named(self.seed, 'circuit', (self.year + place) % _CIRCUITS, 0)} Grand Prix"
        return {
            **self._venue(place),
            "meeting_name": name,
            "meeting_official_name": f"{name.upper()} PRESENTED BY {version}",
            "date_start": opens.isoformat(),
            "date_end": (opens + timedelta(hours=66)).isoformat(),
        }

    def _person(self, number: int, version: int) -> Row:
        generation = self.year // _GENERATION
        first = _named(self.seed, "first", generation, number)
        last = _named(self.seed, "last", generation, number)
        portrait = version if number == version % CARS else 0
        return {
            "full_name": f"{first} {last.upper()}",
            "first_name": first,
            "last_name": last,
            "name_acronym": last[:3].upper(),
            "headshot_url": f"https://portraits.example/{last.lower()}-{portrait}.png",
            "country_code": _COUNTRIES[number % len(_COUNTRIES)],
        }


@cache
def _named(seed: int, kind: str, generation: int, number: int) -> str:
    """A name that nobody has."""
    dice = random.Random(f"{seed}|{kind}|{generation}|{number}")
    return "".join(dice.choices(_SYLLABLES, k=5)).capitalize()


@dataclass(slots=True, kw_only=True)
class Synthetic(Replayed):
    """The source of such seasons, each of so many meetings, until the year ``ends``."""

    seed: int
    meetings: int
    ends: int
    editions: Counter[int] = field(default_factory=Counter)

    def season(self, year: int) -> Season:
        """A season as it was last listed."""
        return Season(self.seed, year, self.meetings, self.editions[year])

    def limited(self, request: Request) -> Response | None:
        """Whoever asks is answered."""
        return None

    def found(self, request: Request, body: bytes) -> Response:
        """The rows of an endpoint by the one integer that is asked for."""
        [(name, value)] = parse_qsl(request.url.query)
        endpoint, number = request.url.path.rpartition("/")[2], int(value)
        if (endpoint, name) == ("meetings", "year"):
            self.editions[number] += 1
            if number >= self.ends:
                return answers.nothing_found()
            return answers.rows_found(self.season(number).listed())
        year, place = divmod(number, 100)
        rows = {"sessions": Season.sessions, "drivers": Season.drivers}[endpoint]
        return answers.rows_found(rows(self.season(year), place))
