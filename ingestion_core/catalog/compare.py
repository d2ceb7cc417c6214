"""Where the sources disagree on what both of them know: rounds, sessions, entry lists.

Three reads, whatever the number of seasons; what differs is told apart here, by pure functions.
Nothing of it is a result: that lies with ``results/compare``.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog.claims import PRODUCT, WRITTEN, Claim, Fields, by_source
from ingestion_core.catalog.rounds import is_cancelled, numbers
from ingestion_core.identity import lookup
from ingestion_core.identity.ids import Id
from ingestion_core.racing.kinds import SessionType

Db = Connection[TupleRow]

#: What is compared of a round as it stands; its number, its circuit and its end besides.
_ROUND_FIELDS: Final = ("Name", "DateStart", "DateEnd", "RoundNumber")
#: An instant's local day lies between those of these two offsets, where the zone is not known.
_WEST, _EAST = timezone(timedelta(hours=-12)), timezone(timedelta(hours=14))


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that sources say differently.

    Args:
        year: the season's.
        round: the round's address.
        session: its type, where it is a session's; None where it is the round's.
        field: a column's name, or ``Entry``, ``Team``, ``Car`` of an entry list.
        about: the address of the driver whose entry it is.
        said: by source; None of a source whose list does not name the driver.
    """

    year: int
    round: str
    session: SessionType | None
    field: str
    about: str | None
    said: Mapping[str, Any]


class Seat(NamedTuple):
    """An entry of a list: the team's address, and the car."""

    team: str
    car: str | None


#: A source's list of a session: driver to seat.
List = dict[str, Seat]


@dataclass(frozen=True, slots=True)
class SharedRound:
    """A round that several sources know. ``said``: by source, with the number it gives it."""

    id: Id
    year: int
    slug: str
    said: Mapping[str, Fields]

    @property
    def zone(self) -> ZoneInfo | None:
        """The circuit's time zone, where the hand-checked tables know it."""
        for source, fields in sorted(self.said.items()):
            row = lookup.circuit(source, str(fields.get("CircuitKey")))
            if row is not None:
                return ZoneInfo(row.time_zone)
        return None


_ROUNDS: Final = """
SELECT c.source, c.key, c.target::text, c.fields, r."Slug", c.fields ->> 'Season'
FROM ingest.claims c LEFT JOIN "Rounds" r ON r."Id" = c.target
WHERE c.kind = 'round' AND c.source <> ALL(%(apart)s) AND c.fields ->> 'DateStart' IS NOT NULL
  AND split_part(c.fields ->> 'Season', '|', 2)::int BETWEEN %(first)s AND %(last)s
ORDER BY c.fields ->> 'DateStart', c.source, c.key
"""

_SESSIONS: Final = """
SELECT c.source, c.key, c.target::text, c.fields, s."RoundId"::text
FROM ingest.claims c JOIN "Sessions" s ON s."Id" = c.target
WHERE c.kind = 'session' AND c.source <> ALL(%(apart)s) AND s."RoundId" = ANY(%(rounds)s::uuid[])
ORDER BY s."StartTimeUtc", c.target, c.source, c.key
"""

_ENTRIES: Final = """
SELECT e.session::text, s."RoundId"::text, s."Type", e.source, d."Slug", t."Slug", e.car
FROM ingest.entries e
JOIN "Sessions" s ON s."Id" = e.session
JOIN "Drivers" d ON d."Id" = e.driver JOIN "Teams" t ON t."Id" = e.team
WHERE s."RoundId" = ANY(%(rounds)s::uuid[])
ORDER BY s."StartTimeUtc", e.session, d."Slug", e.source
"""

#: Pseudo-sources: nobody's word but ours and the product's.
_APART: Final = [WRITTEN, PRODUCT]


def read_shared(db: Db, first: int, last: int) -> list[SharedRound]:
    """The rounds of these seasons that two sources or more know, by date.

    Every source numbers its whole list, so that what was never stored is read as well.
    """
    lists: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    slugs: dict[Id, str] = {}
    for source, key, target, fields, slug, season in db.execute(
        _ROUNDS, {"apart": _APART, "first": first, "last": last}
    ):
        lists[season, source].append(Claim(source, "round", key, target, "", fields, {}))
        if slug is not None:
            slugs[target] = slug
    on: dict[tuple[str, Id], list[Claim]] = defaultdict(list)
    for (season, _), claims in lists.items():
        numbered = numbers(claims)
        for one in claims:
            if one.target in slugs:
                said = {**one.fields, "RoundNumber": numbered[one.key]}
                on[season, one.target].append(replace(one, fields=said))
    return sorted(
        (
            SharedRound(id_, int(season.split("|")[1]), slugs[id_], said)
            for (season, id_), claims in on.items()
            if len(said := by_source(claims)) > 1
        ),
        key=lambda one: (one.year, min(it["DateStart"] for it in one.said.values()), one.slug),
    )


def compare(db: Db, rounds: Collection[SharedRound]) -> list[Difference]:
    """Everything that sources say differently of these rounds, in order of time."""
    by_id = {one.id: one for one in rounds}
    parameters = {"apart": _APART, "rounds": sorted(by_id)}
    found = {one.id: list(of_round(one)) for one in rounds}
    sessions: dict[Id, dict[Id, list[Claim]]] = defaultdict(lambda: defaultdict(list))
    for source, key, target, fields, round_id in db.execute(_SESSIONS, parameters):
        sessions[round_id][target].append(Claim(source, "session", key, target, "", fields, {}))
    for id_, those in sessions.items():
        for claims in those.values():
            found[id_] += of_session(by_id[id_], by_source(claims))
    lists: dict[tuple[Id, Id, int], dict[str, List]] = defaultdict(lambda: defaultdict(dict))
    for session, round_id, type_, source, driver, team, car in db.execute(_ENTRIES, parameters):
        lists[round_id, session, type_][source][driver] = Seat(team, car)
    for (id_, _, type_), said in lists.items():
        found[id_] += of_entries(by_id[id_], SessionType(type_), said)
    return [one for those in found.values() for one in those]


def of_round(one: SharedRound) -> Iterator[Difference]:
    """What the sources say differently of a round."""

    def told(field: str, said: Mapping[str, Any]) -> Difference:
        return Difference(one.year, one.slug, None, field, None, said)

    for field in _ROUND_FIELDS:
        said = _said(one.said, field)
        if _disagree(said.values()):
            yield told(field, said)
    if _disagree(_said(one.said, "CircuitId").values()):
        yield told("Circuit", _said(one.said, "CircuitKey"))
    cancelled = {source: is_cancelled(fields) for source, fields in one.said.items()}
    if _disagree(cancelled.values()):
        yield told("Cancelled", cancelled)


def of_session(one: SharedRound, said: Mapping[str, Fields]) -> Iterator[Difference]:
    """What the sources say differently of a session.

    Hours are compared where both know one; where one knows only the day, the days are.
    """
    types = _said(said, "Type")
    type_ = SessionType(next(iter(types.values())))

    def told(field: str, values: Mapping[str, Any]) -> Difference:
        return Difference(one.year, one.slug, type_, field, None, values)

    if _disagree(types.values()):
        yield told("Type", {source: SessionType(it).name for source, it in types.items()})
    starts = _said(said, "StartTimeUtc")
    hours = {source: it for source, it in starts.items() if not said[source].get("DayOnly")}
    if _disagree(map(datetime.fromisoformat, hours.values())):
        yield told("StartTimeUtc", hours)
    if len(hours) < len(starts):
        days = {
            source: local_days(it, None if source in hours else UTC, one.zone)
            for source, it in starts.items()
        }
        if not frozenset.intersection(*days.values()):
            yield told("Day", {source: " or ".join(sorted(it)) for source, it in days.items()})
    ends = _said(said, "EndTimeUtc")
    if _disagree(map(datetime.fromisoformat, ends.values())):
        yield told("EndTimeUtc", ends)
    cancelled = {source: bool(fields.get("Cancelled")) for source, fields in said.items()}
    if _disagree(cancelled.values()):
        yield told("Cancelled", cancelled)


def of_entries(
    one: SharedRound, type_: SessionType, said: Mapping[str, List]
) -> Iterator[Difference]:
    """Who is listed by some of those sources only that have a list; whose team or car differs."""
    if len(said) < 2:
        return
    for driver in sorted({driver for those in said.values() for driver in those}):
        seats = {source: those.get(driver) for source, those in sorted(said.items())}

        def told(field: str, values: Mapping[str, Any], about: str = driver) -> Difference:
            return Difference(one.year, one.slug, type_, field, about, values)

        if None in seats.values():
            yield told("Entry", {source: seat and seat.team for source, seat in seats.items()})
        known = {source: seat for source, seat in seats.items() if seat is not None}
        teams = {source: seat.team for source, seat in known.items()}
        if _disagree(teams.values()):
            yield told("Team", teams)
        cars = {source: seat.car for source, seat in known.items() if seat.car is not None}
        if _disagree(cars.values()):
            yield told("Car", cars)


def local_days(start: str, only: tzinfo | None, zone: tzinfo | None) -> frozenset[str]:
    """The days that may be meant, as ISO dates, by a start (an ISO instant).

    Args:
        start: the instant; midnight of the day where only that is known.
        only: the zone of that midnight, None where the instant is one.
        zone: the circuit's; where nobody knows it, the day may be any that it then is on earth.
    """
    instant = datetime.fromisoformat(start)
    zones = [only or zone] if only or zone else [_WEST, _EAST]
    return frozenset(instant.astimezone(it).date().isoformat() for it in zones)


def _said(said: Mapping[str, Fields], field: str) -> dict[str, Any]:
    """By source, in order of their names; who says nothing is left out."""
    return {
        source: fields[field]
        for source, fields in sorted(said.items())
        if fields.get(field) is not None
    }


def _disagree(values: Iterable[object]) -> bool:
    return len(set(values)) > 1
