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

from local.stack.azurite import Azurite
from tests.host.processes import eventually
from tests.host.running import Running, starting
from tests.support.product import dump, rows, written

#: Processes of the server that look after its tables.
_AT_IT = "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'autovacuum%'"
_LISTENING = ("import_season", "load_results")
_WISH = {"seasons": {"from": 1950, "to": 2024}, "include_results": True}


@dataclass(frozen=True, repr=False)
class WholeArchive:
    """What importing it twice, with its results, through HTTP, queues and host came to.

    ``name`` is that of the database, to be cloned; ``run`` and ``again`` are as the API shows them,
    ``carried_out`` counts items by task and season, ``written`` are the server's counters by table,
    ``logged`` bytes of write-ahead log the second time; ``peak`` is in MB.
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
    logged: int

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


@contextmanager
def _left_alone(database: str) -> Iterator[None]:
    """What the server does of itself, whenever it likes and to whatever table, its own among them,
    is not what an import logs."""
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("ALTER SYSTEM SET autovacuum = off")
        db.execute("SELECT pg_reload_conf()")
        try:
            eventually(lambda: db.execute(_AT_IT).fetchone() == (0,), 60)
            yield
        finally:
            db.execute("ALTER SYSTEM RESET autovacuum")
            db.execute("SELECT pg_reload_conf()")


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
        app = start(settings=opted, listening=_LISTENING)
        run = app.finished(app.ask("/archive", _WISH)["run"], seconds=240)
        peak = app.peak()
        app.close()
        found, counted = dump(database), written(database, swept=True)
        with _left_alone(database):
            mark = _logged(database)
            second = start(settings=opted, listening=_LISTENING)
            again = second.finished(second.ask("/archive", _WISH)["run"], seconds=240)
            second.close()
            logged, written_again = _logged(database) - mark, written(database)
        yield WholeArchive(
            name=rows(database, "SELECT current_database()")[0][0],
            database=database,
            run=run,
            carried_out=_carried_out(app),
            peak=peak,
            written=counted,
            again=again,
            logged=logged,
            written_again=written_again,
            same=dump(database) == found,
        )
