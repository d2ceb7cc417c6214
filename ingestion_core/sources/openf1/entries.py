"""Who takes part in a meeting, from the driver lists of its sessions.

A number names one driver per meeting here. Where the lists disagree (a Formula 3 list merged into
Formula One's by number, as in session 9223), the name that most sessions give has it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ingestion_core.identity.lookup import demonym, person_key, team_key
from ingestion_core.racing.names import words
from ingestion_core.racing.types import DriverProfile, Entry, TeamProfile, Unreadable
from ingestion_core.sources.openf1.wire import DriverRow

RESOURCE = "drivers"


@dataclass(frozen=True, slots=True)
class Field:
    """Everybody in a meeting: entries by session key, and what the lists say of each."""

    entries: Mapping[int, frozenset[Entry]]
    drivers: tuple[DriverProfile, ...]
    teams: tuple[TeamProfile, ...]
    unreadable: tuple[Unreadable, ...]


@dataclass(frozen=True, slots=True)
class _Listed:
    """A driver row with its session's start, and whom it names."""

    row: DriverRow
    start: datetime
    first_name: str
    last_name: str
    person: str


def field(rows: Sequence[DriverRow], starts: Mapping[int, datetime], year: int) -> Field:
    """Shape the rows of ``/drivers?meeting_key=``.

    Args:
        rows: in the API's order, which is the order of ingestion within a session: newest last.
        starts: session key to its start; rows of other sessions are quarantined.
        year: the season, for dated names.
    """
    unreadable: list[Unreadable] = []
    unique = _one_per_number(rows, unreadable)
    listed = _named(unique, starts, year, unreadable)
    owners = _owners(listed)
    unreadable.extend(
        _refuse(one.row, "number-names-another-driver")
        for one in listed
        if one.person != owners[one.row.driver_number]
    )
    own = [one for one in listed if one.person == owners[one.row.driver_number]]
    team_of = _teams_by_number(own)

    entries: dict[int, set[Entry]] = defaultdict(set)
    raced: set[str] = set()
    for one in listed:
        number = one.row.driver_number
        # What stands beside another's name may be that other's team: the driver's own comes first.
        listed_team, own_team = one.row.team_name, team_of.get(number)
        is_own = one.person == owners[number]
        team = (listed_team or own_team) if is_own else (own_team or listed_team)
        if team is None:
            unreadable.append(_refuse(one.row, "no-team"))
            continue
        raced.add(owners[number])
        entries[one.row.session_key].add(
            Entry(driver=owners[number], team=team_key(team), car=str(number))
        )
    entered = {entry.team for those in entries.values() for entry in those}
    return Field(
        entries={session: frozenset(those) for session, those in entries.items()},
        drivers=_drivers([one for one in own if one.person in raced]),
        teams=tuple(team for team in _team_profiles(listed) if team.key in entered),
        unreadable=tuple(unreadable),
    )


def split_name(row: DriverRow) -> tuple[str, str] | None:
    """First and last name of a row; None if it names nobody.

    ``full_name`` is what can be trusted: in a merged list the other two belong to somebody else.
    They are used where they agree with it, for their spelling (surnames there are in capitals).
    """
    if row.full_name is None:
        if row.first_name and row.last_name:
            return row.first_name, row.last_name
        return None
    spelled = f"{row.first_name} {row.last_name}"
    if row.first_name and row.last_name and words(spelled) == words(row.full_name):
        return row.first_name, row.last_name
    parts = row.full_name.split()
    surname = [part for part in parts if part.isupper() and len(part) > 1]
    first = [part for part in parts if part not in surname]
    if not surname or not first:
        return (parts[0], " ".join(parts[1:])) if len(parts) > 1 else None
    return " ".join(first), " ".join(_capitalised(part) for part in surname)


def _capitalised(surname: str) -> str:
    return "".join(
        part if not part.isalpha() else part.capitalize()
        for part in surname.replace("'", "\0'\0").replace("-", "\0-\0").split("\0")
    )


def _one_per_number(rows: Iterable[DriverRow], unreadable: list[Unreadable]) -> list[DriverRow]:
    """A number twice in one session: the last row counts, its nulls filled from the earlier.

    Not from a row that names somebody else; one that contradicts the last is kept as refused.
    """
    unique: dict[tuple[int, int], DriverRow] = {}
    for row in rows:
        key = row.session_key, row.driver_number
        earlier = unique.get(key)
        if earlier is not None:
            another = _contradict(earlier.full_name, row.full_name)
            if another or _contradict(earlier.team_name, row.team_name):
                unreadable.append(_refuse(earlier, "number-twice-in-session"))
            if not another:
                row = earlier.model_copy(update=row.model_dump(exclude_none=True))
        unique[key] = row
    return list(unique.values())


def _contradict(earlier: str | None, later: str | None) -> bool:
    """Whether both say something, and not the same, in whatever spelling."""
    return earlier is not None and later is not None and words(earlier) != words(later)


def _named(
    rows: Iterable[DriverRow],
    starts: Mapping[int, datetime],
    year: int,
    unreadable: list[Unreadable],
) -> list[_Listed]:
    listed: list[_Listed] = []
    nameless: list[DriverRow] = []
    for row in rows:
        if row.session_key not in starts:
            unreadable.append(_refuse(row, "unknown-session"))
            continue
        name = split_name(row)
        if name is None:
            nameless.append(row)
            continue
        first, last = name
        listed.append(
            _Listed(row, starts[row.session_key], first, last, person_key(first, last, year))
        )
    owners = _owners(listed)
    by_person = {one.person: one for one in listed}
    for row in nameless:
        owner = owners.get(row.driver_number)
        if owner is None:
            unreadable.append(_refuse(row, "no-name"))
            continue
        known = by_person[owner]
        listed.append(
            _Listed(row, starts[row.session_key], known.first_name, known.last_name, owner)
        )
    return sorted(listed, key=lambda one: (one.start, one.row.session_key, one.row.driver_number))


def _owners(listed: Iterable[_Listed]) -> dict[int, str]:
    """Number to the person most of its sessions name; the later session breaks a tie."""
    votes: dict[int, Counter[str]] = defaultdict(Counter)
    latest: dict[tuple[int, str], datetime] = {}
    for one in listed:
        number = one.row.driver_number
        votes[number][one.person] += 1
        latest[number, one.person] = max(one.start, latest.get((number, one.person), one.start))
    return {
        number: max(counted, key=lambda person: (counted[person], latest[number, person], person))
        for number, counted in votes.items()
    }


def _teams_by_number(listed: Iterable[_Listed]) -> dict[int, str]:
    """The team that a number's latest session with one names: fills sessions without."""
    return {one.row.driver_number: one.row.team_name for one in listed if one.row.team_name}


def _drivers(own: Iterable[_Listed]) -> tuple[DriverProfile, ...]:
    """What the lists say of each person: the latest session's word, nulls from the earlier."""
    profiles: dict[str, DriverProfile] = {}
    for one in own:  # by start, so that later ones replace
        before = profiles.get(one.person)
        row = one.row
        nationality = demonym(row.country_code) if row.country_code else None
        profiles[one.person] = DriverProfile(
            key=one.person,
            person=one.person,
            first_name=one.first_name,
            last_name=one.last_name,
            abbreviation=row.name_acronym or (before.abbreviation if before else None),
            nationality=nationality or (before.nationality if before else None),
            headshot_url=row.headshot_url or (before.headshot_url if before else None),
            number=row.driver_number,
            as_of=one.start,
        )
    return tuple(profiles[person] for person in sorted(profiles))


def _team_profiles(listed: Iterable[_Listed]) -> tuple[TeamProfile, ...]:
    profiles: dict[str, TeamProfile] = {}
    for one in listed:
        if one.row.team_name is None:
            continue
        key = team_key(one.row.team_name)
        before = profiles.get(key)
        colour = one.row.team_colour.upper() if one.row.team_colour else None
        profiles[key] = TeamProfile(
            key=key,
            name=one.row.team_name,
            colour=colour or (before.colour if before else None),
            as_of=one.start,
        )
    return tuple(profiles[key] for key in sorted(profiles))


def _refuse(row: DriverRow, reason: str) -> Unreadable:
    return Unreadable(
        resource=RESOURCE,
        row_key=f"session_key={row.session_key} driver_number={row.driver_number}",
        reason=reason,
        row=row.model_dump(mode="json"),
    )
