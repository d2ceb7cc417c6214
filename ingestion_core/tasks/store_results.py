"""What every source's results end in: the sets are written, and whoever they alone kept goes."""

from collections.abc import Iterable, Sequence

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog.entrants import sweep_after_results
from ingestion_core.identity.ids import Id
from ingestion_core.racing.classification import Classification
from ingestion_core.racing.types import Unreadable
from ingestion_core.results import writer
from ingestion_core.results.writer import Stored

Db = Connection[TupleRow]


def store_results(
    db: Db,
    rounds: Sequence[Id],
    sets: Sequence[Classification],
    unreadable: Iterable[Unreadable],
    *,
    source: str,
) -> Stored:
    """Write sets and project them, as ``results.writer.write``; sweep the rounds' entrants.

    Whoever has no result any more, because an entry list was wrong, may go then.

    Raises:
        ResultsDatabaseError: the database refused; nothing is kept.
    """
    stored = writer.write(db, rounds, sets, unreadable, source=source)
    if stored.removed:
        sweep_after_results(db, rounds)
    return stored
