"""What crosses the middle: what a source says, in no source's words and no table's columns.

No field here could hold a result. Every instant is aware and in UTC; a day is the local one of the
circuit.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from ingestion_core.racing.kinds import SessionType


@dataclass(frozen=True, slots=True)
class Origin:
    """Which answer of which source something was read from."""

    source: str
    resource: str
    key: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class CalendarRound:
    """One meeting in a season's list.

    ``testing`` and ``cancelled`` meetings take no round number. ``slug`` was decided over the whole
    list. ``digest`` changes when anything in the source's row does. ``opens`` and ``closes``: when
    its first session begins and its last one ends, as listed.
    """

    key: str
    name: str
    official_name: str | None
    slug: str
    first_day: date
    last_day: date | None
    circuit: str
    testing: bool
    cancelled: bool
    digest: str
    opens: datetime
    closes: datetime | None


@dataclass(frozen=True, slots=True)
class Calendar:
    """A season as one source lists it. Meetings that are missing here are not gone."""

    origin: Origin
    series: str
    year: int
    rounds: tuple[CalendarRound, ...]


@dataclass(frozen=True, slots=True)
class DatedName:
    """A name and the years in which it was borne, both included; an absent bound is open."""

    name: str
    first: int | None = None
    last: int | None = None


@dataclass(frozen=True, slots=True)
class SeriesProfile:
    """A series as a source calls it; ``slug`` is its address, ``names`` all it had.

    ``listed``: the name is that of a list, which any other of the source's stands before.
    """

    key: str
    name: str
    slug: str
    governing_body: str | None = None
    names: tuple[DatedName, ...] = ()
    listed: bool = False


@dataclass(frozen=True, slots=True)
class CircuitProfile:
    """A venue in a source's own words; ``key`` is the source's.

    ``altitude`` and ``length`` in metres; ``kind`` (road course, dirt oval) and ``status`` (still
    in use, closed) as the source words them; ``opened`` a year. ``slug``: the one address by which
    it may be known, where its name is not enough. ``listed``: not the word of the venue's own page,
    which stands before.
    """

    key: str
    name: str
    location: str | None
    country: str | None
    country_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    altitude: int | None = None
    url: str | None = None
    length: int | None = None
    kind: str | None = None
    status: str | None = None
    opened: int | None = None
    slug: str | None = None
    listed: bool = False


@dataclass(frozen=True, slots=True)
class TeamProfile:
    """A team as a source calls it; ``colour`` is RRGGBB in upper case, without a hash.

    ``nationality`` is a demonym. ``as_of`` as for drivers, ``slug`` as for circuits. ``loose``: a
    make of cars, or nobody at all, for which any number drive: no seats, and no standing in.
    """

    key: str
    name: str
    colour: str | None = None
    nationality: str | None = None
    url: str | None = None
    as_of: datetime | None = None
    slug: str | None = None
    loose: bool = False


@dataclass(frozen=True, slots=True)
class DriverProfile:
    """A driver as a source calls them; ``key`` is the source's key or the folded full name.

    ``person`` is that of all sources: the folded canonical name. ``nationality`` is a demonym.
    ``number`` is the one carried in the latest session that names the driver,
    ``permanent_number`` the driver's own. ``career``: first and last season that the source knows
    of. ``as_of`` says what moment the row speaks of: the start
    of that session; None where it speaks of no moment. ``place_of_birth`` as the source words it.

    ``apart``: the name alone tells nobody, since the source knows too many people: only its key
    does, or the name and the day of birth. ``slug`` as for circuits.
    """

    key: str
    person: str
    first_name: str
    last_name: str
    abbreviation: str | None = None
    nationality: str | None = None
    born: date | None = None
    headshot_url: str | None = None
    number: int | None = None
    permanent_number: int | None = None
    career: tuple[int, int] | None = None
    url: str | None = None
    as_of: datetime | None = None
    nickname: str | None = None
    place_of_birth: str | None = None
    apart: bool = False
    slug: str | None = None


@dataclass(frozen=True, slots=True)
class Profiles:
    """What a source says of series, circuits, drivers and teams, whatever they took part in."""

    origin: Origin
    series: tuple[SeriesProfile, ...] = ()
    circuits: tuple[CircuitProfile, ...] = ()
    drivers: tuple[DriverProfile, ...] = ()
    teams: tuple[TeamProfile, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One driver in one session: keys of the source. Two entries with one car share it."""

    driver: str
    team: str
    car: str | None


@dataclass(frozen=True, slots=True)
class ScheduledSession:
    """A session as planned. ``entries`` None was not answered, empty was asked and is empty.

    ``day_only``: nobody knows the hour; ``start`` is then midnight UTC of the local day.
    """

    key: str
    caption: str
    type: SessionType
    start: datetime
    end: datetime | None
    cancelled: bool
    entries: frozenset[Entry] | None = None
    day_only: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that can't be understood or believed, for the quarantine: nothing is lost.

    ``row_key`` names the row by what it is about (a session and a car), never by its index:
    a source's order is a finishing order.
    """

    resource: str
    row_key: str
    reason: str
    row: dict[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Weekend:
    """One meeting, complete: its sessions and who takes part in them.

    ``series`` is the address of the series, ``series_profile`` what the source says of it.
    ``number``: the round's, where the source itself numbers them; 0 counts for nothing. ``joins``:
    it may only add to a round that another source gives.
    """

    origin: Origin
    series: str
    year: int
    key: str
    name: str
    official_name: str | None
    slug: str
    first_day: date
    last_day: date
    testing: bool
    cancelled: bool
    circuit: CircuitProfile
    sessions: tuple[ScheduledSession, ...]
    drivers: tuple[DriverProfile, ...]
    teams: tuple[TeamProfile, ...]
    unreadable: tuple[Unreadable, ...] = ()
    number: int | None = None
    url: str | None = None
    series_profile: SeriesProfile | None = None
    joins: bool = False


@dataclass(frozen=True, slots=True)
class Season:
    """All meetings of a season, from a source that gives them at once; by number."""

    origin: Origin
    series: str
    year: int
    weekends: tuple[Weekend, ...]
    unreadable: tuple[Unreadable, ...]


def number_rounds(rounds: Iterable[tuple[str, date, bool]]) -> dict[str, int]:
    """Number the meetings of a season by date; what does not count has number 0.

    ``rounds``: (key, first day, counts), ``counts`` being false for testing and cancelled ones.
    """
    numbers: dict[str, int] = {}
    for key, _, counts in sorted(rounds, key=lambda one: (one[1], one[0])):
        numbers[key] = 1 + max(numbers.values(), default=0) if counts else 0
    return numbers
