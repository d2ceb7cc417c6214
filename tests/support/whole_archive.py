"""The whole recorded archive, imported once per run of the tests: most tests of it only look at
what came of that."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from local.stack.azurite import Azurite
from local.stack.postgres import Postgres
from tests.conftest import cloned, recorded_folder
from tests.support.archive_host import Archive, starting
from tests.support.product import dump, rows, written

_OPTED = {"RESULTS_ENABLED": "true"}
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

    @property
    def counts(self) -> Counter[str]:
        """The sums of what its items counted."""
        sums: Counter[str] = Counter()
        for one in self.run["items"]:
            sums.update(one["counts"])
        return sums


def _carried_out(app: Archive) -> Counter[str]:
    """By what the host logged."""
    found = [re.search(r" (\w+ \d{4}): [\w :,.-]+ in \d", line) for line in app.host.lines]
    return Counter(one[1] for one in found if one)


def _leave_alone(database: str) -> None:
    """What the server does of itself, whenever it likes, is not what an import logs."""
    with psycopg.connect(database, autocommit=True) as db:
        names = db.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND"
            " relnamespace IN ('public'::regnamespace, 'ingest'::regnamespace,"
            " 'spoilers'::regnamespace)"
        ).fetchall()
        for (name,) in names:
            db.execute(f"ALTER TABLE {name} SET (autovacuum_enabled = false)".encode())


def _logged(database: str) -> int:
    [(position,)] = rows(database, "SELECT pg_current_wal_insert_lsn() - '0/0'")
    return int(position)


@pytest.fixture(scope="session")
def whole_archive(
    postgres: Postgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WholeArchive]:
    """Imported by the app under the host, with nobody else on its database or queues."""
    source = recorded_folder() / "ergast"
    folder = tmp_path_factory.mktemp("whole")
    with (
        cloned(postgres, template) as database,
        Azurite(folder / "azurite.log") as storage,
        starting(database, storage.connection_string, folder) as start,
    ):
        app = start(source, _OPTED)
        run = app.finished(app.ask(_WISH), seconds=240)
        peak = app.peak()
        app.close()
        _leave_alone(database)
        found, counted = dump(database), written(database, swept=True)
        mark = _logged(database)
        second = start(source, _OPTED)
        again = second.finished(second.ask(_WISH), seconds=240)
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
