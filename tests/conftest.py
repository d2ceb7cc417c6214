"""Fixtures for every room: a real PostgreSQL, a real Azurite, the recorded answers."""

import gc
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql
from xdist.scheduler import LoadScopeScheduling

from ingestion_core.database.prepare import migrate
from local.stack import product
from local.stack.azurite import Azurite
from local.stack.home import home_name
from local.stack.postgres import Postgres
from tests.support.memory import in_memory
from tests.support.whole_archive import WholeArchive, imported

# How long an example takes to make is a matter of the machine, and of what else it does.
settings.register_profile("suite", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("suite")

_TEMPLATE = "product_template"
#: In this order, so that the workers end together: what waits for a pace, then what costs most.
_FIRST = (
    "test_season.py",
    "test_archive.py",
    "test_kills.py",
    "test_sample_season.py",
    "test_wiki.py",
    "test_standin_queues.py",
    "test_status_page.py",
    "test_run.py",
    "test_run_wiki.py",
    "test_mishaps.py",
    "test_asking.py",
    "test_spoilers.py",
    "test_seasons.py",
    "test_results.py",
    "test_ergast_recordings.py",
    "test_stack_run.py",
    "test_disorder.py",
    "test_nth_operation.py",
)
#: Files that share what they look at, by what it is.
_TOGETHER = {
    "test_archive.py": "the whole archive",
    "test_archive_results.py": "the whole archive",
    "test_coverage_archive.py": "the whole archive",
    "test_overlap.py": "the whole archive",
    "test_verify_archive.py": "the whole archive",
    "test_disagreements.py": "two seasons of two sources",
    "test_why.py": "two seasons of two sources",
}
#: Each test of these files goes to whichever worker is free: they share next to nothing.
_APART = frozenset({"test_season.py", "test_run.py", "test_stack_run.py"})


class ByFile(LoadScopeScheduling):
    """The tests of a file share what was costly, so one worker gets them all.

    Not by xdist's own groups: with pytest 9.2 its loadgroup takes no notice of them.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        name = Path(path).name
        return nodeid if name in _APART else _TOGETHER.get(name, path)


tempfile.tempdir = in_memory()


@pytest.hookimpl(optionalhook=True)  # there is no such hook without xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    """Whatever --dist says."""
    return ByFile(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: the long tests wait for a pace or a lease. More would have no core left,
    and each costs ten seconds of one: its imports, its collection, its servers."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first."""
    order = {name: place for place, name in enumerate(_FIRST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


Measured = Callable[[str], None]


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """Takes lines that whoever runs the tests shall see, however they end."""
    lines = request.node.user_properties
    return lambda line: lines.append(("measured", line))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The lines of what was measured, by test."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        lines = [line for name, line in report.user_properties if name == "measured"]
        if lines and report.when == "call":
            terminalreporter.section(report.nodeid)
        for line in lines if report.when == "call" else []:
            terminalreporter.write_line(line)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was collected stays to the end: the collector need not look through it each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)  # nor at what a test holds, after every seven hundred new objects


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server of this test run alone, in a folder that goes with it, even when it is killed."""
    # Not pytest's tmp_path: as root the server is another account, which may not enter it.
    home = Path(tempfile.mkdtemp(prefix=f"{home_name()}-test-")).resolve()
    with Postgres(home, home / "postgres.log", remove=home) as server:
        yield server


def copied(postgres: Postgres, template: str, name: str) -> str:
    """Make a database like another one; its conninfo."""
    # As files: a third of the work of the other strategy, where nothing waits for a disk.
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    return postgres.conninfo(name)


@pytest.fixture(scope="session")
def product_template(postgres: Postgres) -> str:
    """The name of a database with the product's tables, all empty, to be cloned."""
    with psycopg.connect(postgres.ensure_database(_TEMPLATE)) as connection:
        connection.execute(product.schema().encode())
    return _TEMPLATE


@pytest.fixture(scope="session")
def template(postgres: Postgres, product_template: str) -> str:
    """The same once an app was there, without results: no test has to wait for its migrations."""
    with psycopg.connect(copied(postgres, product_template, "app_template")) as connection:
        migrate(connection)
    return "app_template"


@contextmanager
def cloned(postgres: Postgres, template: str) -> Iterator[str]:
    """The conninfo of a fresh clone of a database, dropped afterwards."""
    name = f"test_{uuid.uuid4().hex}"
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
    conninfo = copied(postgres, template, name)
    try:
        yield conninfo
    finally:
        with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
            connection.execute(drop)


@pytest.fixture
def database(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[str]:
    """The conninfo of a fresh database of product and app, dropped afterwards.

    For tests marked ``unprepared`` no app was there: it has the product's tables alone.
    """
    unprepared = request.node.get_closest_marker("unprepared")
    name = request.getfixturevalue("product_template" if unprepared else "template")
    with cloned(postgres, name) as conninfo:
        yield conninfo


@pytest.fixture
def empty_database(postgres: Postgres) -> Iterator[str]:
    """The conninfo of a fresh database without any table, dropped afterwards."""
    with cloned(postgres, "template1") as conninfo:
        yield conninfo


@pytest.fixture(scope="session")
def azurite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of a Storage account in memory, for the whole test run."""
    log = tmp_path_factory.mktemp("azurite") / "azurite.log"
    with Azurite(log) as running:
        yield running.connection_string


def recorded_folder() -> Path:
    """The folder of recorded answers, which are not the project's to ship; skips without it."""
    folder = os.environ.get("PARCFERME_RECORDINGS")
    if not folder:
        pytest.skip("PARCFERME_RECORDINGS names no folder of recorded answers")
    path = Path(folder)
    assert path.is_dir(), f"PARCFERME_RECORDINGS={folder} is no folder"
    return path


@pytest.fixture
def recordings() -> Path:
    """The same, for a test."""
    return recorded_folder()


@pytest.fixture(scope="session")
def whole_archive(
    postgres: Postgres, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WholeArchive]:
    """The recorded archive, imported once for all tests that look at it."""
    archive = recorded_folder() / "ergast"
    folder = tmp_path_factory.mktemp("whole")
    with cloned(postgres, template) as database, imported(archive, database, folder) as found:
        yield found
