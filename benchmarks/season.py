"""The sample season: written, written again, and at the API's pace."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from ingestion_core.catalog import writer
from ingestion_core.settings import Settings
from ingestion_core.tasks import backfill, discover, sync_meeting
from ingestion_core.tasks.app import App
from ingestion_core.tasks.run import run
from ingestion_core.work.messages import Message
from local.replay.limits import Limits
from local.replay.server import ReplayServer
from local.stack import product
from local.stack.azurite import Azurite
from local.stack.postgres import Postgres

TABLES = ("Series", "Seasons", "Circuits", "Teams", "Drivers", "Rounds", "Sessions", "Entrants")


@dataclass
class Bench:
    """The app on a database and queues of its own, asking a replay without limits."""

    app: App
    database: str
    replay: ReplayServer

    def season(self) -> float:
        """Backfill the season without a host; the seconds that the writer took of it."""
        spent = 0.0
        written = writer.write_weekend

        def timed(*args: object, **kwargs: object) -> object:
            nonlocal spent
            began = time.perf_counter()
            try:
                return written(*args, **kwargs)  # type: ignore[arg-type] # handed through
            finally:
                spent += time.perf_counter() - began

        writer.write_weekend = timed  # type: ignore[assignment] # only for the measurement
        try:
            backfill.backfill(self.app, [2024], {})
            while self._deliver():
                pass
        finally:
            writer.write_weekend = written
        return spent

    def _deliver(self) -> int:
        with self.app.db() as db:
            sent = db.execute(
                "SELECT task, item, release, key FROM ingest.items WHERE state = 'sent'"
            ).fetchall()
        for task, item, release, key in sent:
            body = Message(item=item, release=release, key=key).body().encode()
            if task == discover.TASK:
                run(self.app, "years", {task: discover.discover_year}, body)
            else:
                run(self.app, "meetings", {task: sync_meeting.sync_meeting}, body)
        return len(sent)

    def wal(self) -> int:
        """Bytes of write-ahead log so far."""
        with psycopg.connect(self.database) as db:
            row = db.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone()
        return int(row[0]) if row else 0

    def copy(self, target: str) -> float:
        """Seconds for plain COPY of all rows into empty tables with the same indexes."""
        with psycopg.connect(self.database) as db:
            data = {}
            for table in TABLES:
                out = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
                with db.cursor().copy(out) as copy:
                    data[table] = b"".join(copy)
        with psycopg.connect(target) as db:
            began = time.perf_counter()
            for table in TABLES:
                into = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
                with db.cursor().copy(into) as copy:
                    copy.write(data[table])
            db.commit()
            return time.perf_counter() - began


@contextmanager
def bench() -> Iterator[tuple[Bench, str]]:
    """Everything set up; the bench, and a second, empty database of the product."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="parcferme-bench-")).resolve()
        postgres = stack.enter_context(Postgres(home, home / "postgres.log", remove=home))
        azurite = stack.enter_context(Azurite(home / "azurite.log"))
        replay = stack.enter_context(ReplayServer(limits=Limits(per_second=0, per_minute=0)))
        first, second = (postgres.ensure_database(name) for name in ("first", "second"))
        for database in (first, second):
            with psycopg.connect(database) as db:
                db.execute(product.schema().encode())
        app = App(
            Settings.model_validate(
                {
                    "database_url": first,
                    "AzureWebJobsStorage": azurite.connection_string,
                    "openf1_base_url": replay.url,
                    "openf1_requests_per_minute": 6000,
                }
            )
        )
        stack.callback(app.close)
        yield Bench(app, first, replay), second


def main() -> None:
    """A first season against COPY of its rows, and a second against the first."""
    with bench() as (one, empty):
        before = one.wal()
        first = one.season()
        between = one.wal()
        second = one.season()
        after = one.wal()
        copied = one.copy(empty)
        print(f"writing a season, meeting by meeting {first / copied:5.1f} x COPY of its rows")
        print(f"writing it again             {second / first:5.2f} x the first time")
        print(f"write-ahead log of the second time {(after - between) / (between - before):5.2f} x")
        print(f"requests of two seasons      {len(one.replay.requests)}")


if __name__ == "__main__":
    main()
