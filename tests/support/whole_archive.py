"""The whole recorded archive, imported once per run of the tests: most tests of it only look at
what came of that."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from local.stack.azurite import Azurite
from tests.host.running import Running, starting
from tests.support.product import dump, rows, written

_WISH = {"seasons": {"from": 1950, "to": 2024}, "include_results": True}


@dataclass(frozen=True, repr=False)
class WholeArchive:
    """What importing it twice, with its results, through HTTP, queues and host came to.

    ``name`` is that of the database, to be cloned; ``run`` and ``again`` are as the API shows them,
    ``carried_out`` counts items by task and season, ``written`` are the server's counters by table,
    ``logged`` bytes of write-ahead log, before and after the second time; ``peak`` is in MB.
    """

    name: str
    database: str
    run: dict[str, Any]
    carried_out: Counter[str]
    peak: int
    written: dict[str, tuple[int, int, int, int]]
    again: dict[str, Any]
    written_again: dict[str, tuple[int, int, int, int]]
    same: bool
    logged: tuple[int, int]

    def counts(self, *tasks: str) -> Counter[str]:
        """The sums of what the items of these tasks counted."""
        sums: Counter[str] = Counter()
        for one in self.run["items"]:
            if one["task"] in tasks:
                sums.update(one["counts"])
        return sums


def _carried_out(app: Running) -> Counter[str]:
    """By what the host logged."""
    item = re.compile(r"\bitem run=\S+ item=\d+ release=\d+ task=(\w+) key=(\d{4}) state=")
    found = [item.search(line) for line in app.host.lines]
    return Counter(f"{one[1]} {one[2]}" for one in found if one)


def _leave_alone(database: str) -> None:
    """What the server does of itself, whenever it likes, is not what an import logs."""
    with psycopg.connect(database, autocommit=True) as db:
        names = db.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname IN ('public', 'ingest', 'spoilers')"
        ).fetchall()
        for name in names:
            statement = "ALTER TABLE {} SET (autovacuum_enabled = false)"
            db.execute(sql.SQL(statement).format(sql.Identifier(*name)))


def _logged(database: str) -> int:
    [(position,)] = rows(database, "SELECT pg_current_wal_insert_lsn() - '0/0'")
    return int(position)


@contextmanager
def imported(archive: Path, database: str, folder: Path) -> Iterator[WholeArchive]:
    """Imported by the app under the host, with nobody else on its database or queues.

    Args:
        archive: its folder.
        database: with the product's tables, all empty.
        folder: a temporary one.
    """
    opted = {"ARCHIVE_URL": str(archive), "RESULTS_ENABLED": "true"}
    with (
        Azurite(folder / "azurite.log") as storage,
        starting(database, storage.connection_string, folder) as start,
    ):
        app = start(settings=opted)
        run = app.finished(app.ask("/archive", _WISH)["run"], seconds=240)
        peak = app.peak()
        app.close()
        _leave_alone(database)
        found, counted = dump(database), written(database, swept=True)
        mark = _logged(database)
        second = start(settings=opted)
        again = second.finished(second.ask("/archive", _WISH)["run"], seconds=240)
        second.close()
        yield WholeArchive(
            name=rows(database, "SELECT current_database()")[0][0],
            database=database,
            run=run,
            carried_out=_carried_out(app),
            peak=peak,
            written=counted,
            again=again,
            logged=(mark, _logged(database)),
            written_again=written(database),
            same=dump(database) == found,
        )
