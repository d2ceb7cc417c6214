"""The archive's results through their writer, a transaction per season, against plain COPY."""

import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from ingestion_core.catalog import writer as catalog
from ingestion_core.catalog.meetings import stored_rounds
from ingestion_core.database.prepare import migrate
from ingestion_core.identity.ids import Id
from ingestion_core.racing.classification import Classification
from ingestion_core.results import schema, writer
from ingestion_core.sources.ergast import SERIES, SOURCE
from ingestion_core.sources.ergast.archive import opened
from ingestion_core.sources.ergast.library import read_library
from ingestion_core.sources.ergast.results import classifications, read_results
from ingestion_core.sources.ergast.season import season
from local.stack import product
from local.stack.postgres import Postgres

#: Times COPY of the same rows into the same table with its indexes and foreign keys.
AT_MOST = 3.0
ROUNDS = 5

Db = psycopg.Connection[TupleRow]
#: Ids of a season's rounds, and its results.
Season = tuple[list[Id], list[Classification]]


class Watched(psycopg.Cursor[TupleRow]):
    """A cursor that knows how long it waited for reading, for sets and for rows."""

    spent: ClassVar[Counter[str]] = Counter()

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> "Watched":
        """As ever, and timed."""
        began = time.perf_counter()
        super().execute(query, *args, **kwargs)
        Watched.spent[_part(str(query))] += time.perf_counter() - began
        return self

    @contextmanager
    def copy(self, statement: Any, *args: Any, **kwargs: Any) -> Iterator[psycopg.Copy]:
        """The same."""
        began = time.perf_counter()
        with super().copy(statement, *args, **kwargs) as copy:
            yield copy
        Watched.spent[_part(str(statement))] += time.perf_counter() - began


def _part(statement: str) -> str:
    found = re.search(r"\b(SELECT|COPY|INSERT|UPDATE|DELETE)\b", statement)
    if found and found[0] == "SELECT":
        return "reading"
    return "sets" if "classifications" in statement else "rows"


@dataclass
class Bench:
    """A database with every season's rounds and entrants, and the results of them all."""

    db: Db
    seasons: Sequence[Season]

    def write(self) -> tuple[float, Counter[str]]:
        """All seasons' results: seconds, and what of them was spent on what."""
        Watched.spent.clear()
        began = time.perf_counter()
        for rounds, sets in self.seasons:
            with self.db.transaction():
                writer.write(self.db, rounds, sets)
        whole = time.perf_counter() - began
        parts = Watched.spent | Counter()
        parts["Python"] = whole - parts.total()
        return whole, parts

    def clear(self) -> None:
        """No result, and nothing known of any."""
        self.db.execute(
            'TRUNCATE "Results", spoilers.classifications, spoilers.written, spoilers.quarantine'
        )
        self.db.execute("CHECKPOINT")

    def dumped(self) -> list[bytes]:
        """The rows by season, as COPY has them."""
        found = []
        for rounds, _ in self.seasons:
            out = sql.SQL(
                'COPY (SELECT x.* FROM "Results" x JOIN "Sessions" s ON s."Id" = x."SessionId"'
                ' WHERE s."RoundId" = ANY({}) ORDER BY x."Id") TO STDOUT'
            ).format(sql.Literal(rounds))
            with self.db.cursor().copy(out) as copy:
                found.append(b"".join(copy))
        return found

    def copied(self, data: Sequence[bytes]) -> float:
        """Seconds for plain COPY of the rows into the empty table, in one transaction."""
        self.clear()
        began = time.perf_counter()
        with (
            self.db.transaction(),
            self.db.cursor().copy('COPY "Results" FROM STDIN') as copy,
        ):
            for one in data:
                copy.write(one)
        return time.perf_counter() - began

    def wal(self, work: Callable[[], object]) -> int:
        """Bytes of write-ahead log that something costs."""
        marks = []
        for step in (lambda: None, work):
            step()
            row = self.db.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone()
            marks.append(int(row[0]) if row else 0)
        return marks[1] - marks[0]


@contextmanager
def bench(archive: Path) -> Iterator[Bench]:
    """The archive read, and stored up to its results."""
    with opened(str(archive)) as files:
        entries, results = read_library(files), read_results(files)
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="parcferme-bench-")).resolve()
        postgres = stack.enter_context(Postgres(home, home / "postgres.log", remove=home))
        db = stack.enter_context(
            psycopg.connect(
                postgres.ensure_database("results"),
                autocommit=True,
                prepare_threshold=None,
                cursor_factory=Watched,
            )
        )
        db.execute(product.schema().encode())
        migrate(db)
        schema.prepare(db)
        seasons = []
        for year in sorted(entries.races):
            with db.transaction():
                catalog.lock_season(db, SERIES, year)
                catalog.write_season(db, season(entries, year), datetime.now(UTC))
            sets, _ = classifications(results, year)
            seasons.append((stored_rounds(db, SOURCE, SERIES, year), sets))
        db.execute("ANALYZE")
        yield Bench(db, seasons)


def main() -> None:
    """The middle one of several, each between two of COPY."""
    recordings = os.environ.get("PARCFERME_RECORDINGS")
    if not recordings:
        print("the archive's results        not measured: PARCFERME_RECORDINGS names none")
        return
    with bench(Path(recordings) / "ergast") as one:
        one.clear()
        logged = one.wal(one.write)
        logged_again = one.wal(one.write)
        data = one.dumped()
        found = []
        for _ in range(ROUNDS):
            before = one.copied(data)
            one.clear()
            whole, parts = one.write()
            again = one.write()[0]
            # Before and after: whatever else the machine does, it does to both.
            copied = (before + one.copied(data)) / 2
            shares = {name: parts[name] / copied for name in parts}
            found.append((whole / copied, again / whole, shares))
        ratio, repeated, shares = sorted(found, key=lambda each: each[0])[ROUNDS // 2]
        told = ", ".join(f"{name} {shares[name]:.2f}" for name in sorted(shares))
        print(f"the archive's results        {ratio:5.2f} x COPY, at most {AT_MOST}: {told}")
        print(f"the same again               {repeated:5.2f} x the first time")
        print(f"write-ahead log of that      {logged_again / logged:5.2f} x")


if __name__ == "__main__":
    main()
