"""Rounds with sessions and entrants, put into a database by hand: what results hang on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ingestion_core.database.prepare import migrate
from ingestion_core.racing.classification import Classification, Facet, Line
from ingestion_core.racing.kinds import ResultStatus, SessionType
from ingestion_core.racing.types import Origin, Unreadable
from ingestion_core.results import schema, writer

Db = Connection[TupleRow]

OBSERVED = datetime(2025, 1, 1, tzinfo=UTC)


class Counting(psycopg.Cursor[TupleRow]):
    """A cursor that counts the statements it is given, COPY included."""

    statements = 0

    def execute(self, *args, **kwargs):  # type: ignore[no-untyped-def] # handed through
        Counting.statements += 1
        return super().execute(*args, **kwargs)

    def copy(self, *args, **kwargs):  # type: ignore[no-untyped-def] # handed through
        Counting.statements += 1
        return super().copy(*args, **kwargs)


class Rounds:
    """Rounds of 1956, each a qualifying and a race, and those who entered all of them."""

    def __init__(self, db: Db, drivers: Sequence[str], rounds: int = 1) -> None:
        self.db = db
        self.drivers = {name: uuid4() for name in drivers}
        self.team = uuid4()
        self.rounds: list[UUID] = []
        self.sessions: dict[str, UUID] = {}
        series, season, circuit = uuid4(), uuid4(), uuid4()
        insert = self._insert
        insert("Series", Id=series, Name="Formula 1", Slug="formula-1")
        insert("Seasons", Id=season, SeriesId=series, Year=1956)
        insert("Circuits", Id=circuit, Name="C", Slug="c", Location="L", Country="C")
        insert("Teams", Id=self.team, Name="T", Slug="t")
        for name, id_ in self.drivers.items():
            insert("Drivers", Id=id_, FirstName=name, LastName=name.title(), Slug=name)
            self.claim("ergast", "driver", name, id_)
        for number in range(1, rounds + 1):
            self._round(season, circuit, number)

    def _round(self, season: UUID, circuit: UUID, number: int) -> None:
        id_ = uuid4()
        self.rounds.append(id_)
        self._insert(
            "Rounds",
            Id=id_,
            SeasonId=season,
            CircuitId=circuit,
            Name="R",
            Slug=f"1956-{number}",
            RoundNumber=number,
            DateStart=OBSERVED.date(),
            DateEnd=OBSERVED.date(),
        )
        for type_ in (SessionType.QUALIFYING, SessionType.RACE):
            session, name = uuid4(), f"{number}/{type_.name.lower()}"
            self.sessions[name] = session
            self._insert(
                "Sessions", Id=session, RoundId=id_, Type=type_, StartTimeUtc=OBSERVED, Status=2
            )
            self.claim("ergast", "session", name, session)
            self.claim("openf1", "session", f"{number}{int(type_)}", session)
        for driver in self.drivers:
            self.enter(driver, number)

    def enter(self, driver: str, number: int = 1) -> UUID:
        """Put a driver into a round's entry list; the entrant."""
        id_ = uuid4()
        self._insert(
            "Entrants",
            Id=id_,
            RoundId=self.rounds[number - 1],
            DriverId=self.drivers[driver],
            TeamId=self.team,
        )
        return id_

    def claim(self, source: str, kind: str, key: str, target: UUID | None) -> None:
        """Decide what a source's key means."""
        self.db.execute(
            "INSERT INTO ingest.claims (source, kind, key, target, observed_at, fields)"
            " VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (source, kind, key) DO UPDATE SET target = excluded.target",
            (source, kind, key, target, OBSERVED, Jsonb({})),
        )

    def listed(self, session: str, driver: str, car: str, source: str = "openf1") -> None:
        """Say who drove which car in a session."""
        self.db.execute(
            "INSERT INTO ingest.entries (source, session, driver, car, team, observed_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (source, self.sessions[session], self.drivers[driver], car, self.team, OBSERVED),
        )

    def _insert(self, table: str, **values: object) -> None:
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join([sql.Placeholder()] * len(values)),
        )
        self.db.execute(statement, list(values.values()))


@contextmanager
def seeded(conninfo: str, *drivers: str, rounds: int = 1) -> Iterator[Rounds]:
    """Rounds in a database whose schemas are ours, too."""
    with psycopg.connect(conninfo, autocommit=True, cursor_factory=Counting) as db:
        migrate(db)
        schema.prepare(db)
        yield Rounds(db, drivers, rounds)


def told(
    session: str,
    *lines: Line,
    source: str = "ergast",
    facet: Facet = Facet.CLASSIFICATION,
    observed_at: datetime = OBSERVED,
    complete: bool = True,
    doubts: tuple[str, ...] = (),
) -> Classification:
    """A source's set of lines."""
    origin = Origin(source, "results", "1956", observed_at)
    return Classification(origin, session, facet, lines, doubts, complete=complete)


def rows_of(db: Db) -> dict[tuple[UUID, str], dict[str, object]]:
    """Every result, by session and driver."""
    found = db.execute(
        'SELECT x."SessionId", d."Slug", to_jsonb(x) FROM "Results" x'
        ' JOIN "Entrants" e ON e."Id" = x."EntrantId" JOIN "Drivers" d ON d."Id" = e."DriverId"'
    )
    return {(session, driver): columns for session, driver, columns in found}


def drive(*drivers: str, car: str | None = None, **fields: Any) -> Line:
    """A line by names; finished unless it says otherwise."""
    return Line(car, **{"status": ResultStatus.FINISHED, "drivers": drivers, **fields})


def write(
    rounds: Rounds, *sets: Classification, unreadable: list[Unreadable] | None = None
) -> writer.Stored:
    """Store sets of the archive, or of whoever they are of, in one transaction."""
    with rounds.db.transaction():
        return writer.write(rounds.db, rounds.rounds, sets, unreadable or [], source="ergast")


def results(rounds: Rounds, session: str) -> dict[str, dict[str, Any]]:
    """A session's rows by driver."""
    id_ = rounds.sessions[session]
    return {driver: row for (one, driver), row in rows_of(rounds.db).items() if one == id_}


def values(rounds: Rounds, session: str, *names: str) -> dict[str, tuple[Any, ...]]:
    """Some columns of a session's rows by driver."""
    return {
        driver: tuple(row[name] for name in names)
        for driver, row in results(rounds, session).items()
    }


def change(rounds: Rounds, session: str, driver: str, **columns: object) -> None:
    """Change a row in the product, by somebody else's hand."""
    assignments = [sql.SQL("{} = %s").format(sql.Identifier(name)) for name in columns]
    statement = sql.SQL(
        'UPDATE "Results" x SET {} FROM "Entrants" e'
        ' WHERE e."Id" = x."EntrantId" AND x."SessionId" = %s AND e."DriverId" = %s'
    ).format(sql.SQL(", ").join(assignments))
    whose = (rounds.sessions[session], rounds.drivers[driver])
    done = rounds.db.execute(statement, (*columns.values(), *whose))
    assert done.rowcount == 1


def foreign(rounds: Rounds, session: str, driver: str, **columns: object) -> UUID:
    """A row that stands there before anything of ours."""
    id_ = uuid4()
    entrant = rounds.db.execute(
        'SELECT "Id" FROM "Entrants" WHERE "DriverId" = %s AND "RoundId" ='
        ' (SELECT "RoundId" FROM "Sessions" WHERE "Id" = %s)',
        (rounds.drivers[driver], rounds.sessions[session]),
    ).fetchone()
    assert entrant
    rounds._insert(
        "Results",
        Id=id_,
        SessionId=rounds.sessions[session],
        EntrantId=entrant[0],
        **{"Status": 0, "FastestLap": False, **columns},
    )
    return id_
