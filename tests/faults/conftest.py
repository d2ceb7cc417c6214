"""A short season, listed and not yet read: what every fault is let loose on."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest
from psycopg.conninfo import conninfo_to_dict

from local.replay.server import ReplayServer
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.faults.seasons import UNLIMITED, app_on, listing, reading, short
from tests.support.product import Dump, dump


@pytest.fixture(scope="module")
def replay() -> Iterator[ReplayServer]:
    """OpenF1 with three meetings of the sample, one of them a test, without limits."""
    with ReplayServer(limits=UNLIMITED) as server:
        short(server)
        yield server


@pytest.fixture(scope="module")
def listed(postgres: Postgres, template: str, azurite: str, replay: ReplayServer) -> Iterator[str]:
    """The name of a database that has the season's list; its meetings' messages are sent."""
    with cloned(postgres, template) as conninfo:
        app = app_on(conninfo, azurite, replay)
        listing(app)
        app.close()
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
        app = app_on(conninfo, azurite, replay)
        reading(app)
        app.close()
        found = dump(conninfo)
    assert len(found["Sessions"]) == 13
    assert len(found["Entrants"]) == 20 + 20 + 21
    return found
