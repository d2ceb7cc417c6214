"""A source's results taken out: its sets go, and the rows follow from what is left."""

from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.results.errors import without_values
from ingestion_core.results.writer import write

Db = Connection[TupleRow]

_FORGET: Final = """
WITH sets AS (
    DELETE FROM spoilers.classifications WHERE source = %(source)s RETURNING session
), refused AS (
    DELETE FROM spoilers.quarantine WHERE source = %(source)s
)
SELECT DISTINCT s."RoundId"::text FROM "Sessions" s JOIN sets ON sets.session = s."Id" ORDER BY 1
"""
#: Rounds drawn up at a time: what is held in memory stays that of a season or two.
_AT_ONCE: Final = 50


@without_values
def remove(db: Db, source: str) -> int:
    """Forget a source's sets, earlier versions included; how many results changed or went.

    The locks of all seasons that the source knows are held.
    """
    if db.execute("SELECT to_regclass('spoilers.classifications')").fetchone() == (None,):
        return 0
    rounds = [row[0] for row in db.execute(_FORGET, {"source": source})]
    return sum(
        write(db, rounds[place : place + _AT_ONCE], []).rows
        for place in range(0, len(rounds), _AT_ONCE)
    )
