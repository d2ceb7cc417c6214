"""A short season, listed and not yet read: what every fault is let loose on."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from functools import partial

import pytest
from psycopg.conninfo import conninfo_to_dict

from local.replay.server import ReplayServer
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.faults.overheard import listening, workers_log
from tests.faults.seasons import UNLIMITED, announced, app_on, listing, reading, seen, short
from tests.support.canaries import leaks
from tests.support.product import Dump


@pytest.fixture(autouse=True)
def nothing_leaks(postgres: Postgres) -> Iterator[None]:
    """Whatever is said meanwhile, in a log at DEBUG, by an error, to a queue: no result of any
    car, no password, key or token."""
    workers = workers_log(postgres.conninfo())
    workers.unlink(missing_ok=True)
    with listening() as said:
        yield
    if workers.exists():
        said.append(workers.read_text(encoding="utf-8", errors="replace"))
    assert leaks("\n".join(said)) == []


@pytest.fixture(scope="module")
def replay() -> Iterator[ReplayServer]:
    """OpenF1 with three meetings of the sample, one of them a test, without limits."""
    with ReplayServer(limits=UNLIMITED) as server:
        short(server)
        yield server


@pytest.fixture(scope="module")
def listed(postgres: Postgres, template: str, azurite: str, replay: ReplayServer) -> Iterator[str]:
    """The name of a database that has the season's list; its meetings' messages are sent.

    One of them is known to users already.
    """
    with cloned(postgres, template) as conninfo:
        announced(conninfo, azurite, replay)
        with closing(app_on(conninfo, azurite, replay)) as app:
            listing(app)
        yield str(conninfo_to_dict(conninfo)["dbname"])


Fresh = Callable[[], AbstractContextManager[str]]


@pytest.fixture(scope="module")
def fresh(postgres: Postgres, listed: str) -> Fresh:
    """Clones of it, each the conninfo of one that nobody else has."""
    return partial(cloned, postgres, listed)


@pytest.fixture(scope="module")
def truth(fresh: Fresh, azurite: str, replay: ReplayServer) -> Dump:
    """The racing tables after one run in order without a fault, ids included."""
    with fresh() as conninfo:
        with closing(app_on(conninfo, azurite, replay)) as app:
            reading(app)
        found = seen(conninfo)
    assert len(found["Sessions"]) == 13
    assert len(found["Entrants"]) == 20 + 20 + 21
    assert found["Results"][0]["rows"] >= 9 * 20
    assert len(found["sets"]) >= 9 + 2
    assert found["users"]
    return found
