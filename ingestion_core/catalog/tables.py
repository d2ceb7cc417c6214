"""The product's tables as this project writes them: which columns are ours, which are set once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ingestion_core.identity.ids import Id


@dataclass(frozen=True)
class Table:
    """``columns`` are kept up to date, ``once`` are set with the row and never changed by us.

    Both map a column to its SQL type.
    """

    name: str
    columns: Mapping[str, str]
    once: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def write(self) -> bytes:
        """One statement for new rows and changed ones.

        A changed row is only touched if it still is what the change was computed from: whatever
        somebody did in the product meanwhile stays, and is found by the next synchronisation. Its
        parameters are the rows, and once more the ids: of rows made from JSON the planner expects
        a hundred, and would read the whole table for them.
        """
        ours = [sql.Identifier(name) for name in self.columns]
        everything = [sql.Identifier(name) for name in ("Id", *self.once, *self.columns)]
        typed = [
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(type_))
            for name, type_ in (
                ("Id", "uuid"),
                *self.once.items(),
                *self.columns.items(),
                *((f"was {name}", type_) for name, type_ in self.columns.items()),
                ("new", "boolean"),
            )
        ]
        return (
            sql.SQL(
                """
            WITH r AS (SELECT * FROM jsonb_to_recordset(%s) AS r({typed})),
            added AS (
                INSERT INTO {table} ({everything})
                SELECT {everything} FROM r WHERE r."new" ORDER BY "Id" RETURNING 1
            ), changed AS (
                UPDATE {table} t SET {assignments} FROM r
                WHERE NOT r."new" AND t."Id" = r."Id" AND t."Id" = ANY(%s::uuid[])
                  AND ({now}) IS NOT DISTINCT FROM ({was})
                RETURNING 1
            )
            SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM changed)
            """
            )
            .format(
                typed=sql.SQL(", ").join(typed),
                table=sql.Identifier(self.name),
                everything=sql.SQL(", ").join(everything),
                assignments=sql.SQL(", ").join(
                    sql.SQL("{0} = r.{0}").format(column) for column in ours
                ),
                now=sql.SQL(", ").join(sql.SQL("t.{}").format(column) for column in ours),
                was=sql.SQL(", ").join(
                    sql.SQL("r.{}").format(sql.Identifier(f"was {name}")) for name in self.columns
                ),
            )
            .as_bytes()
        )


SERIES = Table("Series", {"Name": "text", "GoverningBody": "text"}, once={"Slug": "text"})
CIRCUITS = Table(
    "Circuits",
    {
        "Name": "text",
        "Location": "text",
        "Country": "text",
        "CountryCode": "text",
        "Latitude": "double precision",
        "Longitude": "double precision",
        "Altitude": "integer",
        "WikipediaUrl": "text",
        "LengthMeters": "integer",
        "TrackType": "text",
        "TrackStatus": "text",
        "OpenedYear": "integer",
    },
    once={"Slug": "text"},
)
TEAMS = Table(
    "Teams",
    {
        "Name": "text",
        "ShortName": "text",
        "PrimaryColor": "text",
        "Nationality": "text",
        "WikipediaUrl": "text",
    },
    once={"Slug": "text"},
)
DRIVERS = Table(
    "Drivers",
    {
        "FirstName": "text",
        "LastName": "text",
        "Abbreviation": "text",
        "Nationality": "text",
        "HeadshotUrl": "text",
        "DriverNumber": "integer",
        "OpenF1DriverNumber": "integer",
        "DateOfBirth": "date",
        "WikipediaUrl": "text",
        "Nickname": "text",
        "PlaceOfBirth": "text",
    },
    once={"Slug": "text"},
)
ROUNDS = Table(
    "Rounds",
    {
        "CircuitId": "uuid",
        "Name": "text",
        "RoundNumber": "integer",
        "DateStart": "date",
        "DateEnd": "date",
        "OpenF1MeetingKey": "integer",
        "ErgastRaceId": "integer",
        "WikipediaUrl": "text",
    },
    once={"SeasonId": "uuid", "Slug": "text"},
)
SESSIONS = Table(
    "Sessions",
    {
        "Type": "integer",
        "StartTimeUtc": "timestamptz",
        "Status": "integer",
        "OpenF1SessionKey": "integer",
    },
    once={"RoundId": "uuid"},
)
ENTRANTS = Table(
    "Entrants", {"TeamId": "uuid", "Role": "integer"}, once={"RoundId": "uuid", "DriverId": "uuid"}
)

#: In the order of their foreign keys.
BY_KIND: Mapping[str, Table] = {
    "series": SERIES,
    "circuit": CIRCUITS,
    "team": TEAMS,
    "driver": DRIVERS,
    "round": ROUNDS,
    "session": SESSIONS,
    "entrant": ENTRANTS,
}
#: The columns in which the product keeps a source's own key of a thing.
KEY_COLUMNS: Mapping[tuple[str, str], str] = {
    ("openf1", "round"): "OpenF1MeetingKey",
    ("openf1", "session"): "OpenF1SessionKey",
    ("ergast", "round"): "ErgastRaceId",
}
#: Kinds that every season shares; changing one takes the identity lock.
SHARED = frozenset({"series", "circuit", "team", "driver"})


def plural(kind: str) -> str:
    """Rows of a kind; series are one or many."""
    return kind if kind == "series" else f"{kind}s"


def write(db: Connection[TupleRow], table: Table, rows: Mapping[Id, Mapping[str, Any]]) -> int:
    """Write new and changed rows, by id, in one statement; how many were added or changed.

    Raises:
        psycopg.errors.UniqueViolation: somebody made the same thing meanwhile; the next attempt
            will find it.
    """
    if not rows:
        return 0
    ids = sorted(rows)
    row = db.execute(table.write, (Jsonb([rows[id_] for id_ in ids]), ids)).fetchone()
    return sum(row) if row else 0
