"""The results writer: sets of lines in, the product's results out, in the caller's transaction.

The season's lock is held, as for the entry lists that results hang on. A fixed number of
statements, however many rounds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.racing.classification import Classification
from ingestion_core.racing.types import Unreadable
from ingestion_core.results import product, quarantine, sets
from ingestion_core.results.errors import without_values
from ingestion_core.results.placing import people_of, place
from ingestion_core.results.projection import rows
from ingestion_core.results.quarantine import Refused
from ingestion_core.results.sessions import People, RoundSession, read_sessions
from ingestion_core.results.sets import Latest, Place

Db = Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing came to, in counts.

    ``rows``: added, changed or removed in the product, the ``removed`` among them. ``revised``:
    sets that differ from the ones before. ``folded``: drives that stand in the detail of the same
    driver's best one.
    """

    results: int
    rows: int
    removed: int
    revised: int
    refused: int
    quarantined: int
    folded: int

    def counts(self, embargoed: int) -> dict[str, int]:
        """What an item tells of it; ``embargoed``: sessions of which nothing was stored yet."""
        return {
            "results": self.results,
            "rows": self.rows,
            "revised": self.revised,
            "folded": self.folded,
            "quarantined": self.quarantined,
            "embargoed": embargoed,
        }


@without_values
def write(
    db: Db,
    rounds: Sequence[str],
    classifications: Sequence[Classification],
    unreadable: Iterable[Unreadable] = (),
    *,
    source: str | None = None,
) -> Stored:
    """Store new sets of these rounds' sessions and project all that is stored for them.

    Without sets it only projects: an entry list changed, and with it whose a result is.

    Args:
        db: a connection in a transaction.
        rounds: ids, of one meeting or a whole season.
        classifications: of sessions of these rounds, by the source's own keys of sessions.
        unreadable: rows of a source that could not be read.
        source: whose rows those are; needed where there are any.

    Raises:
        ResultsDatabaseError: the database refused; nothing is kept.
    """
    sessions = read_sessions(db, rounds)
    latest = sets.read_latest(db, sessions)
    revisions, doubted = sets.compare(classifications, sessions, latest)
    sets.store(db, revisions, latest)
    people = people_of(db, sessions, latest)
    projected = _project(sessions, latest, people)
    written, removed = product.replace(db, [one.id for one in sessions], projected.wanted)
    refused = [*_unread(unreadable, source), *doubted, *projected.strangers]
    quarantine.keep(db, refused)
    return Stored(
        results=len(projected.wanted),
        rows=written + removed,
        removed=removed,
        revised=len(revisions),
        refused=len(doubted),
        quarantined=len(refused),
        folded=projected.folded,
    )


def _unread(unreadable: Iterable[Unreadable], source: str | None) -> Iterator[Refused]:
    for one in unreadable:
        if source is None:
            raise ValueError("unreadable rows of no source")
        yield quarantine.unreadable(one, source)


@dataclass(slots=True, repr=False)
class _Projected:
    wanted: list[dict[str, Any]]
    strangers: list[Refused]
    folded: int


def _project(
    sessions: Sequence[RoundSession], latest: Mapping[Place, Latest], people: People
) -> _Projected:
    done = _Projected([], [], 0)
    for one in place(sessions, latest, people, done.strangers):
        done.folded += sum(
            len(placed) - len({each.driver for each in placed}) for placed in one.lines.values()
        )
        entrants = people.entrants.get(one.session.round, {})
        done.wanted += rows(one.session.id, entrants, one.lines, one.grids, one.doubted).values()
    return done
