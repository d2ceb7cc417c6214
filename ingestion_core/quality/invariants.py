"""What always holds of what is stored and of the work, but for results, which have their own."""

from collections.abc import Iterable
from typing import Final

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from ingestion_core.catalog import tables
from ingestion_core.catalog.claims import REMEMBERED
from ingestion_core.catalog.recompute import OWN_ALIASES
from ingestion_core.database.invariants import Invariant, every
from ingestion_core.database.references import references_to

Db = Connection[TupleRow]

_CLAIMED: Final = ("series", "circuit", "team", "driver", "round", "session")

_KEYS: Final = (
    Invariant(
        "a-meeting-is-one-round",
        "no two rounds have the same key of OpenF1 or of Ergast",
        """
        SELECT 'openf1 ' || "OpenF1MeetingKey" FROM "Rounds" WHERE "OpenF1MeetingKey" IS NOT NULL
        GROUP BY "OpenF1MeetingKey" HAVING count(*) > 1
        UNION ALL
        SELECT 'ergast ' || "ErgastRaceId" FROM "Rounds" WHERE "ErgastRaceId" IS NOT NULL
        GROUP BY "ErgastRaceId" HAVING count(*) > 1""",
    ),
    Invariant(
        "a-session-is-there-once",
        "no round has two sessions of one type that begin at the same time",
        """
        SELECT r."Slug" || ', type ' || s."Type"
        FROM "Sessions" s JOIN "Rounds" r ON r."Id" = s."RoundId"
        GROUP BY r."Slug", s."RoundId", s."Type", s."StartTimeUtc" HAVING count(*) > 1""",
    ),
    Invariant(
        "a-number-is-one-round",
        "no two rounds of a season have the same number, tests and cancelled ones apart",
        """
        SELECT s."Slug" || ' ' || y."Year" || ', round ' || r."RoundNumber"
        FROM "Rounds" r JOIN "Seasons" y ON y."Id" = r."SeasonId"
        JOIN "Series" s ON s."Id" = y."SeriesId"
        WHERE r."RoundNumber" > 0
        GROUP BY s."Slug", y."Id", y."Year", r."RoundNumber" HAVING count(*) > 1""",
    ),
    Invariant(
        "a-key-means-one-row",
        "a key that stands in the product is decided to mean the row that it stands in",
        """
        SELECT c.source || ' round ' || c.key FROM ingest.claims c JOIN "Rounds" r
            ON c.source = 'openf1' AND c.key = r."OpenF1MeetingKey"::text
            OR c.source = 'ergast' AND c.key = r."ErgastRaceId"::text
        WHERE c.kind = 'round' AND c.target <> r."Id"
        UNION ALL
        SELECT c.source || ' session ' || c.key FROM ingest.claims c JOIN "Sessions" s
            ON c.key = s."OpenF1SessionKey"::text
        WHERE c.source = 'openf1' AND c.kind = 'session' AND c.target <> s."Id"
        """,
    ),
    Invariant(
        "an-id-is-a-name's",
        "the id of a row that was made here is one that would be made again",
        """
        SELECT w.kind || ' ' || w.target FROM ingest.claims w
        WHERE w.source = 'written' AND w.fields ? 'made here'
          AND (w.key <> w.target::text OR substr(w.target::text, 15, 1) <> '5')""",
    ),
)

_WORK: Final = (
    Invariant(
        "nothing-runs-too-long",
        "no item runs for longer than 25 minutes, after which it is taken back",
        """
        SELECT task || ' ' || key || ', item ' || item FROM ingest.items
        WHERE state = 'running'
          AND coalesce(started_at, 'epoch') < now() - interval '25 minutes'
        """,
    ),
    Invariant(
        "what-is-sent-is-due",
        "whatever was sent says when it is due, or nobody would take it back",
        """
        SELECT task || ' ' || key || ', item ' || item FROM ingest.items
        WHERE state = 'sent' AND due_at IS NULL""",
    ),
    Invariant(
        "what-ended-says-when",
        "an item has an end when, and only when, it is closed",
        """
        SELECT task || ' ' || key || ', item ' || item FROM ingest.items
        WHERE (state IN ('waiting', 'sent', 'running')) = (closed_at IS NOT NULL)""",
    ),
    Invariant(
        "a-decision-holds",
        "a decision that stands is what the source's key means",
        """
        SELECT d.kind || ' of ' || d.source || ': ' || d.key FROM ingest.decisions d
        JOIN ingest.claims c USING (source, kind, key)
        WHERE d.undone_at IS NULL AND c.target IS DISTINCT FROM d.after""",
    ),
)

_ENTRIES: Final = (
    Invariant(
        "an-entry-has-its-rows",
        "every entry is of a session, a driver and a team that are there",
        """
        SELECT e.source || ' session ' || e.session || ', driver ' || e.driver
        FROM ingest.entries e
        LEFT JOIN "Sessions" s ON s."Id" = e.session LEFT JOIN "Drivers" d ON d."Id" = e.driver
        LEFT JOIN "Teams" t ON t."Id" = e.team
        WHERE s."Id" IS NULL OR d."Id" IS NULL OR t."Id" IS NULL""",
    ),
    Invariant(
        "an-entry-has-its-entrant",
        "whoever is listed in a session is an entrant of its round",
        """
        SELECT DISTINCT r."Slug" || ', driver ' || e.driver
        FROM ingest.entries e
        JOIN "Sessions" s ON s."Id" = e.session JOIN "Rounds" r ON r."Id" = s."RoundId"
        LEFT JOIN "Entrants" x ON x."RoundId" = s."RoundId" AND x."DriverId" = e.driver
        WHERE x."Id" IS NULL""",
    ),
    Invariant(
        "a-session-is-in-its-round",
        "every session begins on a day of its round, or the day before or after, as clocks differ",
        """
        SELECT r."Slug" || ', type ' || s."Type"
        FROM "Sessions" s JOIN "Rounds" r ON r."Id" = s."RoundId"
        WHERE (s."StartTimeUtc" AT TIME ZONE 'UTC')::date
            NOT BETWEEN r."DateStart" - 1 AND r."DateEnd" + 1""",
    ),
)


def invariants(db: Db, off: Iterable[str]) -> list[Invariant]:
    """All of them. ``off``: tasks of which, as things are set, no work may wait."""
    found = [*_KEYS, _claimed_rows(), _traced(db), *_ENTRIES, *_WORK]
    if tasks := sorted(off):
        statement = sql.SQL(_WAITING_FOR).format(tasks=sql.Literal(tasks))
        found.append(
            Invariant(
                "no-work-on-what-is-off",
                "nothing waits to load results while they are not opted into",
                statement,
            )
        )
    return found


_WAITING_FOR: Final = """
SELECT task || ' ' || key || ', item ' || item FROM ingest.items
WHERE state IN ('waiting', 'sent') AND task = ANY({tasks})
"""

_WITHOUT_ROW: Final = """
SELECT c.source || ' ' || c.kind || ' ' || c.key FROM ingest.claims c
LEFT JOIN {table} t ON t."Id" = c.target
WHERE c.kind = {kind} AND c.target IS NOT NULL AND t."Id" IS NULL
  AND c.fields - {remembered}::text[] <> '{{}}'
"""

_WITHOUT_SOURCE: Final = """
SELECT w.kind || ' ' || w.target FROM {table} t JOIN ingest.claims w
    ON w.target = t."Id" AND w.kind = {kind} AND w.source = 'written'
WHERE w.fields ? 'made here' AND {free} AND NOT EXISTS (
    SELECT FROM ingest.claims c
    WHERE c.target = t."Id" AND c.kind = {kind}
      AND c.source NOT IN ('written', 'product', 'adopted'))
"""


def _claimed_rows() -> Invariant:
    return Invariant(
        "a-claim-has-its-row",
        "what a source says of a row is said of one that is there",
        every(
            sql.SQL(_WITHOUT_ROW).format(
                table=sql.Identifier(tables.BY_KIND[kind].name),
                kind=sql.Literal(kind),
                remembered=sql.Literal(sorted(REMEMBERED)),
            )
            for kind in (*_CLAIMED, "entrant")
        ),
    )


def _traced(db: Db) -> Invariant:
    """Rows that something refers to may outlive their source: somebody's content keeps them."""
    parts = []
    for kind in _CLAIMED:
        table = tables.BY_KIND[kind].name
        aliases = OWN_ALIASES.get(kind)
        parts.append(
            sql.SQL(_WITHOUT_SOURCE).format(
                table=sql.Identifier(table),
                kind=sql.Literal(kind),
                free=references_to(db, table, [aliases.table] if aliases else ()),
            )
        )
    return Invariant(
        "a-row-has-its-source",
        "a row that was made here is given by a source, unless other rows need it",
        every(parts),
    )
