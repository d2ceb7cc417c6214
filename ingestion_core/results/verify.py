"""What always holds of results. What breaks it is told by session and entrant, never by value."""

from collections.abc import Sequence
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.database.invariants import Invariant, Violation, broken
from ingestion_core.results import schema
from ingestion_core.results.errors import without_values

Db = Connection[TupleRow]

_PRODUCT: Final = (
    Invariant(
        "a-result-is-of-its-round",
        "the entrant of a result entered the round of its session",
        """
        SELECT 'session ' || x."SessionId" || ', entrant ' || x."EntrantId"
        FROM "Results" x JOIN "Sessions" s ON s."Id" = x."SessionId"
        JOIN "Entrants" e ON e."Id" = x."EntrantId"
        WHERE e."RoundId" <> s."RoundId"
        """,
    ),
    Invariant(
        "no-result-before-its-session",
        "no session that has yet to begin has results",
        """
        SELECT DISTINCT 'session ' || s."Id" FROM "Results" x
        JOIN "Sessions" s ON s."Id" = x."SessionId" WHERE s."StartTimeUtc" > now()""",
    ),
)
_OURS: Final = (
    Invariant(
        "a-set-has-its-session",
        "every source's set of results is of a session that is there",
        """
        SELECT DISTINCT c.source || ' session ' || c.session FROM spoilers.classifications c
        WHERE NOT EXISTS (SELECT FROM "Sessions" s WHERE s."Id" = c.session)""",
    ),
    Invariant(
        "what-we-wrote-is-of-its-session",
        "a result that was written here stands in the session that it was written for",
        """
        SELECT DISTINCT 'session ' || w.session
        FROM spoilers.written w CROSS JOIN LATERAL unnest(w.results) AS r(id)
        JOIN "Results" x ON x."Id" = r.id WHERE x."SessionId" <> w.session""",
    ),
)
_OFF: Final = Invariant(
    "no-result-unless-opted-in",
    "without RESULTS_ENABLED=true nothing stands in the product's results that was written here",
    """
    SELECT DISTINCT 'session ' || w.session
    FROM spoilers.written w CROSS JOIN LATERAL unnest(w.results) AS r(id)
    JOIN "Results" x ON x."Id" = r.id""",
)


@without_values
def verify(db: Db, opted_in: bool) -> Sequence[Violation]:
    """The invariants of results that do not hold."""
    known = list(_PRODUCT)
    if schema.exists(db):
        known += _OURS if opted_in else [*_OURS, _OFF]
    return broken(db, known)
