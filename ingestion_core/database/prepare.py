"""Before the first write: our schemas brought up to date, the product's tables checked.

Ours are migrated by numbered files under an advisory lock. The product's tables belong to its
.NET API and are never touched: what we need of them and is not there is named, with the cure.
"""

import logging
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from psycopg import Connection, sql
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import TupleRow

from ingestion_core.errors import Unprepared
from ingestion_core.telemetry import tell

log = logging.getLogger(__name__)

_MIGRATION_LOCK = 0x5046_494E_4745_5354  # "PFINGEST"

#: Columns that this project writes or reads: (table, column, type, may be null).
_NEEDED_COLUMNS = """
"Series": Id uuid, Name text, Slug text, GoverningBody text?
"SeriesAliases": Id uuid, SeriesId uuid, AliasName text, AliasSlug text, ValidFrom date?,
    ValidUntil date?, Source text?
"Seasons": Id uuid, SeriesId uuid, Year integer
"Circuits": Id uuid, Name text, Slug text, Location text, Country text, CountryCode text?,
    Latitude double precision?, Longitude double precision?, Altitude integer?, WikipediaUrl text?,
    LengthMeters integer?, TrackType text?, TrackStatus text?, OpenedYear integer?
"CircuitAliases": CircuitId uuid, AliasSlug text
"Rounds": Id uuid, SeasonId uuid, CircuitId uuid, Name text, Slug text, RoundNumber integer,
    DateStart date, DateEnd date, OpenF1MeetingKey integer?, ErgastRaceId integer?,
    WikipediaUrl text?
"Sessions": Id uuid, RoundId uuid, Type integer, StartTimeUtc timestamp with time zone,
    Status integer, OpenF1SessionKey integer?
"Drivers": Id uuid, FirstName text, LastName text, Slug text, Abbreviation text?,
    Nationality text?, HeadshotUrl text?, DriverNumber integer?, OpenF1DriverNumber integer?,
    DateOfBirth date?, WikipediaUrl text?, Nickname text?, PlaceOfBirth text?
"DriverAliases": DriverId uuid, AliasSlug text
"Teams": Id uuid, Name text, Slug text, ShortName text?, PrimaryColor text?, Nationality text?,
    WikipediaUrl text?
"TeamAliases": Id uuid, TeamId uuid, AliasName text, AliasSlug text, SeriesId uuid?,
    ValidFrom date?, ValidUntil date?, Source text?
"Entrants": Id uuid, RoundId uuid, DriverId uuid, TeamId uuid, Role integer
"PendingMatches": Id uuid, EntityType integer, IncomingName text, IncomingDataJson jsonb?,
    CandidateEntityId uuid?, CandidateEntityName text?, MatchScore numeric, SignalsJson jsonb?,
    Source text, Status integer, ResolvedAt timestamp with time zone?, ResolvedBy text?,
    Resolution integer?, ResolutionNotes text?, CreatedAt timestamp with time zone
"""

#: Unique keys, each a choice of column sets: documents and migrations name two for Entrants.
_NEEDED_KEYS: tuple[tuple[str, tuple[frozenset[str], ...]], ...] = (
    ("Series", (frozenset({"Slug"}),)),
    ("Seasons", (frozenset({"SeriesId", "Year"}),)),
    ("Circuits", (frozenset({"Slug"}),)),
    ("Rounds", (frozenset({"Slug"}),)),
    ("Sessions", (frozenset({"OpenF1SessionKey"}),)),
    ("Drivers", (frozenset({"Slug"}),)),
    ("Teams", (frozenset({"Slug"}),)),
    (
        "Entrants",
        (frozenset({"RoundId", "DriverId"}), frozenset({"RoundId", "DriverId", "TeamId"})),
    ),
)

_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, NULL), NOT a.attnotnull
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(%s)
  AND a.attnum > 0 AND NOT a.attisdropped
"""

_UNIQUE_KEYS = """
SELECT c.relname, array_agg(a.attname::text)
FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_attribute a
  ON a.attrelid = c.oid AND a.attnum = ANY((i.indkey::int2[])[0:i.indnkeyatts - 1])
WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique AND i.indisvalid AND i.indimmediate
  AND i.indpred IS NULL AND i.indexprs IS NULL
  AND c.relname = ANY(%s)
GROUP BY c.relname, i.indexrelid
"""


@dataclass(frozen=True, slots=True)
class Schema:
    """One of our schemas and the package that holds its numbered files."""

    name: str
    package: str

    def files(self) -> list[Traversable]:
        """The files, in order."""
        found = resources.files(self.package).iterdir()
        return sorted((file for file in found if file.name.endswith(".sql")), key=_name)

    @property
    def ledger(self) -> sql.Identifier:
        """The table that remembers which were run."""
        return sql.Identifier(self.name, "migrations")


INGEST = Schema("ingest", "ingestion_core.database.migrations")


def migrate(connection: Connection[TupleRow], schema: Schema = INGEST) -> list[str]:
    """Bring a schema up to date; the names of the files that were run.

    Safe at any number of instances at once: the second waits and finds nothing to do.
    """
    done: list[str] = []
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
        # Even of one that is there, CREATE SCHEMA IF NOT EXISTS asks for more than owning it. Read
        # from the table: by a name's look-up, what was made while we waited may not be seen yet.
        there = "SELECT FROM pg_namespace WHERE nspname = %s"
        if connection.execute(there, (schema.name,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema.name)))
        connection.execute(
            sql.SQL(
                "CREATE TABLE IF NOT EXISTS {}"
                " (name text PRIMARY KEY, run_at timestamptz NOT NULL DEFAULT now())"
            ).format(schema.ledger)
        )
        known = {
            row[0]
            for row in connection.execute(sql.SQL("SELECT name FROM {}").format(schema.ledger))
        }
        for file in schema.files():
            if file.name in known:
                continue
            # Our own file, shipped with the code: trusted text, which no parameter reaches.
            connection.execute(file.read_bytes())
            connection.execute(
                sql.SQL("INSERT INTO {} (name) VALUES (%s)").format(schema.ledger), (file.name,)
            )
            done.append(file.name)
    if done:
        tell(log, logging.INFO, "migrate", {"schema": schema.name, "files": ",".join(done)})
    return done


def ensure_current(connection: Connection[TupleRow], schema: Schema = INGEST) -> None:
    """Bring a schema up to date where it is not and we may; one read where it is.

    Raises:
        Unprepared: it is older than this version needs, and our role may not change it.
    """
    try:
        if not is_current(connection, schema):
            migrate(connection, schema)
    except InsufficientPrivilege:
        raise Unprepared(
            f"schema {schema.name} is not as this version needs it, and this login may not change"
            " it: run `python -m ingestion_core migrate` as a login with parcferme_migrate"
        ) from None


def is_current(connection: Connection[TupleRow], schema: Schema = INGEST) -> bool:
    """Whether every migration has been run: starting up must not take locks."""
    return not pending(connection, schema)


def pending(connection: Connection[TupleRow], schema: Schema = INGEST) -> list[str]:
    """The names of the files that were not run yet, in order; read, without a lock."""
    names = [file.name for file in schema.files()]
    present = connection.execute(
        "SELECT to_regclass(%s) IS NOT NULL", (f"{schema.name}.migrations",)
    ).fetchone()
    if present is None or not present[0]:
        return names
    known = {
        row[0] for row in connection.execute(sql.SQL("SELECT name FROM {}").format(schema.ledger))
    }
    return [name for name in names if name not in known]


def _name(file: Traversable) -> str:
    return file.name


def check_product(connection: Connection[TupleRow]) -> None:
    """Refuse a product database that lacks what we need.

    Raises:
        Unprepared: names every missing table, column, type, nullability and unique key.
    """
    needed = _needed_columns()
    tables = list(needed)
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    for table, column, type_, nullable in connection.execute(_COLUMNS, (tables,)):
        found.setdefault(table, {})[column] = (type_, nullable)
    faults = [
        fault
        for table, columns in needed.items()
        for fault in _column_faults(table, columns, found.get(table))
    ]
    keys: dict[str, list[frozenset[str]]] = {}
    for table, columns in connection.execute(_UNIQUE_KEYS, (tables,)):
        keys.setdefault(table, []).append(frozenset(columns))
    for table, choices in _NEEDED_KEYS:
        if table in found and not any(choice in keys.get(table, []) for choice in choices):
            named = " or ".join(f"({', '.join(sorted(choice))})" for choice in choices)
            faults.append(f'"{table}" has no unique key on {named}')
    if faults:
        raise Unprepared(
            "the product's database is not as this version needs it: "
            + "; ".join(faults)
            + ". Its tables belong to its API: run `dotnet ef database update` there"
        )


def _needed_columns() -> dict[str, dict[str, tuple[str, bool]]]:
    needed: dict[str, dict[str, tuple[str, bool]]] = {}
    for line in _NEEDED_COLUMNS.replace(",\n", ", ").strip().splitlines():
        table, _, columns = line.partition(": ")
        for column in columns.split(","):
            name, _, type_ = column.strip().partition(" ")
            needed.setdefault(table.strip('"'), {})[name] = (type_.rstrip("?"), type_[-1] == "?")
    return needed


def _column_faults(
    table: str,
    needed: dict[str, tuple[str, bool]],
    found: dict[str, tuple[str, bool]] | None,
) -> list[str]:
    if found is None:
        return [f'table "{table}" is missing']
    faults = []
    for column, (type_, nullable) in needed.items():
        if column not in found:
            faults.append(f'"{table}"."{column}" is missing')
        elif found[column][0] != type_:
            faults.append(f'"{table}"."{column}" is {found[column][0]}, not {type_}')
        elif nullable and not found[column][1]:
            faults.append(f'"{table}"."{column}" does not allow null')
    return faults
