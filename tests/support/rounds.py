"""Rounds with sessions and entrants, put into a database by hand: what results hang on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ingestion_core.database.prepare import migrate
from ingestion_core.racing.classification import Classification, Facet, Line
from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.types import Origin
from ingestion_core.results import schema

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
        names, places = ", ".join(f'"{name}"' for name in values), ", ".join(["%s"] * len(values))
        statement = f'INSERT INTO "{table}" ({names}) VALUES ({places})'  # noqa: S608 # no input
        self.db.execute(statement.encode(), list(values.values()))


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
