"""Weekends that only add to rounds which other sources give: Formula One's, told by the wiki.

They make no season, no round and no number. One whose round nobody gives is left out whole, its
people and its circuit included, and kept as unreadable: it is stored when its page is read again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import profiles
from ingestion_core.catalog.named import Named, question
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.rounds import to_join
from ingestion_core.catalog.state import read
from ingestion_core.racing.types import Unreadable, Weekend

Db = Connection[TupleRow]

NO_ROUND: Final = "no-round-to-join"


@dataclass(frozen=True, slots=True)
class Stray:
    """A weekend without a round to join, for the quarantine."""

    source: str
    key: str
    row: Unreadable


def joining(db: Db, weekends: Sequence[Weekend]) -> tuple[list[Weekend], list[Stray]]:
    """The weekends that can be written, and those that join nothing; one read where any joins.

    The season's lock is held.
    """
    asking = [one for one in weekends if one.joins]
    if not asking:
        return list(weekends), []
    named = Named.of(asking)
    state = read(db, question(named, asking))
    plan = Plan(state, asking[0].origin.observed_at.isoformat(), fill_only=False)
    circuits = profiles.match(plan, named.source, "circuit", named.wanted["circuit"])
    joined = {
        one.key for one in asking if to_join(plan, one, circuits[one.circuit.key].id) is not None
    }
    return (
        [one for one in weekends if not one.joins or one.key in joined],
        [_stray(one) for one in asking if one.key not in joined],
    )


def _stray(weekend: Weekend) -> Stray:
    return Stray(
        weekend.origin.source,
        weekend.key,
        Unreadable(
            resource="round",
            row_key=f"round={weekend.key}",
            reason=NO_ROUND,
            row={
                "name": weekend.name,
                "day": weekend.last_day.isoformat(),
                "circuit": weekend.circuit.key,
            },
        ),
    )
