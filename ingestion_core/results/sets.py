"""Each source's latest set of lines per session and facet, and whether a new one replaces it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.racing.classification import Classification, Line
from ingestion_core.results import quarantine, statements
from ingestion_core.results.columns import Columns, Stored, pack, unpack
from ingestion_core.results.quarantine import Refused
from ingestion_core.results.sessions import RoundSession

Db = Connection[TupleRow]

SHRUNK = "much-shorter"
NO_SESSION = "no-such-session"

#: Source, session, facet.
Place = tuple[str, str, str]


@dataclass(slots=True, repr=False)
class Latest:
    """The set that counts. Its lines are unpacked when first looked at: most are only compared."""

    digest: str
    observed_at: datetime
    doubts: Sequence[str]
    columns: Columns
    unpacked: Sequence[Line] | None = None

    @property
    def lines(self) -> Sequence[Line]:
        if self.unpacked is None:
            self.unpacked = unpack(self.columns)
        return self.unpacked

    def __len__(self) -> int:
        return max((len(values) for values in self.columns.values()), default=0)


@dataclass(frozen=True, slots=True, repr=False)
class Revision:
    """A set that replaces what is stored in its place."""

    place: Place
    observed_at: datetime
    doubts: tuple[str, ...]
    packed: Stored


def read_latest(db: Db, sessions: Iterable[RoundSession]) -> dict[Place, Latest]:
    """What is stored of these sessions."""
    return {
        (source, session, facet): Latest(digest, observed_at, doubts, columns)
        for source, session, facet, digest, observed_at, doubts, columns in db.execute(
            statements.LATEST, ([one.id for one in sessions],)
        )
    }


def compare(
    sets: Iterable[Classification],
    sessions: Iterable[RoundSession],
    stored: Mapping[Place, Latest],
) -> tuple[dict[Place, Revision], list[Refused]]:
    """The sets that replace what is stored, and what is wrong with the others or with parts."""
    by_key = {key: session.id for session in sessions for key in session.keys}
    revisions: dict[Place, Revision] = {}
    doubted: list[Refused] = []
    for one in sets:
        session = by_key.get((one.origin.source, one.session))
        if session is None:
            doubted.append(quarantine.doubt(one, NO_SESSION, one.lines))
            continue
        place = one.origin.source, session, one.facet.value
        before = stored.get(place)
        if before is not None and before.observed_at > one.origin.observed_at:
            continue
        doubted += [quarantine.doubt(one, reason, one.doubted) for reason in one.doubts]
        if not one.lines:
            continue
        if before is not None and len(one.lines) * 2 < len(before):
            doubted.append(quarantine.doubt(one, SHRUNK, one.lines))
            continue
        missing = () if one.complete or before is None else _missing(one, before)
        packed = pack([*one.lines, *missing])
        if before is not None and before.digest == packed.digest:
            before.unpacked = packed.lines  # the same, and at hand
            continue
        revisions[place] = Revision(place, one.origin.observed_at, one.doubts, packed)
    return revisions, doubted


def _missing(one: Classification, before: Latest) -> Iterable[Line]:
    """What was known of those who have no line now: perhaps theirs are those that can't be read."""
    named = {(line.car, line.drivers) for line in one.lines}
    return (line for line in before.lines if (line.car, line.drivers) not in named)


def store(db: Db, revisions: Mapping[Place, Revision], stored: dict[Place, Latest]) -> None:
    """Put the new sets into the place of the old ones, which are kept, closed."""
    if not revisions:
        return
    replaced = sorted(place for place in revisions if place in stored)
    if replaced:
        db.execute(statements.SUPERSEDE, list(map(list, zip(*replaced, strict=True))))
    with db.cursor().copy(statements.ADD_SETS) as copy:
        for place in sorted(revisions, key=lambda one: (one[1], one[0], one[2])):
            one = revisions[place]
            copy.write_row(
                (*place, one.observed_at, one.packed.digest, list(one.doubts), one.packed.text)
            )
    for place, one in revisions.items():
        packed = one.packed
        stored[place] = Latest(
            packed.digest, one.observed_at, one.doubts, packed.columns, packed.lines
        )
