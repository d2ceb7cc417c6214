"""What a source calls something, and the seasons in which that occurs."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from ingestion_core.catalog import locks
from ingestion_core.catalog.recompute import Season

Db = Connection[TupleRow]


@dataclass(frozen=True, slots=True)
class Key:
    """What a source calls something: ``kind`` is circuit, team or driver."""

    kind: str
    source: str
    key: str

    def fields(self) -> dict[str, str]:
        """As parameters of a statement."""
        return asdict(self)


_LISTED: Final = """
SELECT DISTINCT x."Slug", y."Year" FROM ingest.entries e
JOIN "Sessions" s ON s."Id" = e.session JOIN "Rounds" r ON r."Id" = s."RoundId"
JOIN "Seasons" y ON y."Id" = r."SeasonId" JOIN "Series" x ON x."Id" = y."SeriesId"
WHERE e.source = %(source)s AND e.{column} = %(key)s
"""
_HELD_AT: Final = """
SELECT DISTINCT x."Slug", y."Year" FROM ingest.claims c
JOIN "Rounds" r ON r."Id" = c.target
JOIN "Seasons" y ON y."Id" = r."SeasonId" JOIN "Series" x ON x."Id" = y."SeriesId"
WHERE c.kind = 'round' AND c.source = %(source)s AND c.fields ->> 'CircuitKey' = %(key)s
"""
_SEASONS: Final = {
    "driver": sql.SQL(_LISTED).format(column=sql.Identifier("driver_key")),
    "team": sql.SQL(_LISTED).format(column=sql.Identifier("team_key")),
    "circuit": sql.SQL(_HELD_AT).format(),
}


def lock(db: Db, keys: Iterable[Key]) -> tuple[Season, ...]:
    """The seasons in which any of the keys occurs, locked with what they share."""
    keys = list(keys)
    return locks.lock(db, lambda: seasons_of(db, keys))


def seasons_of(db: Db, keys: Iterable[Key]) -> set[Season]:
    """The seasons in which any of the keys occurs."""
    return {Season(*row) for key in keys for row in db.execute(_SEASONS[key.kind], key.fields())}
