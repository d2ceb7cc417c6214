"""Coverage in totals: how much of each series and decade every source covers."""

from dataclasses import dataclass
from typing import Final

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from ingestion_core.quality.season import opted_in
from ingestion_core.racing.kinds import SessionStatus

Db = Connection[TupleRow]

# Where results were never opted into, the view does not exist.
_NO_COUNTS: Final = "counts AS (SELECT NULL::uuid AS session)"
_COUNTS: Final = "counts AS (SELECT session FROM ingest.result_counts WHERE results > 0)"

_TOTALS: Final = """
, rounds AS (
    SELECT DISTINCT c.source, r."Id" AS round, s."Slug" AS series, s."Name" AS name,
           y."Year" / 10 * 10 AS decade
    FROM ingest.claims c
    JOIN "Rounds" r ON r."Id" = c.target
    JOIN "Seasons" y ON y."Id" = r."SeasonId" JOIN "Series" s ON s."Id" = y."SeriesId"
    WHERE c.kind = 'round' AND c.source NOT IN ('written', 'product', 'adopted')
), sessions AS (
    SELECT DISTINCT c.source, s."RoundId" AS round, s."Id" AS session,
           s."Status" = %(completed)s AS completed
    FROM ingest.claims c JOIN "Sessions" s ON s."Id" = c.target
    WHERE c.kind = 'session' AND c.source NOT IN ('written', 'product', 'adopted')
), listed AS (
    SELECT DISTINCT source, session FROM ingest.entries
)
SELECT r.source, r.series, r.name, r.decade,
       count(DISTINCT r.round)::int AS rounds,
       count(s.session)::int AS sessions,
       (count(*) FILTER (WHERE s.completed))::int AS completed,
       count(l.session)::int AS with_entrants,
       CASE WHEN %(opted_in)s THEN count(c.session)::int END AS with_results
FROM rounds r
LEFT JOIN sessions s USING (source, round)
LEFT JOIN listed l ON l.source = r.source AND l.session = s.session
LEFT JOIN counts c ON c.session = s.session
GROUP BY r.source, r.series, r.name, r.decade
ORDER BY r.source, r.series, r.decade
"""


@dataclass(frozen=True, slots=True)
class DecadeCoverage:
    """What one source covers of a series in a decade, in counts.

    ``sessions``: that the source speaks of. ``with_entrants``: whose list it gave.
    ``with_results``: for which any source's results are in; None where nobody may know.
    """

    source: str
    series: str
    name: str
    decade: int
    rounds: int
    sessions: int
    completed: int
    with_entrants: int
    with_results: int | None


def decades(db: Db) -> list[DecadeCoverage]:
    """Every source's coverage by series and decade; two statements."""
    known = opted_in(db)
    statement = "WITH " + (_COUNTS if known else _NO_COUNTS) + _TOTALS
    with db.cursor(row_factory=class_row(DecadeCoverage)) as cursor:
        return cursor.execute(
            statement, {"completed": int(SessionStatus.COMPLETED), "opted_in": known}
        ).fetchall()
