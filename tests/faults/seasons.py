"""A short season and those who carry it out, as instances of the Functions host would."""

import time
from collections.abc import Iterable
from contextlib import suppress
from threading import Event

import psycopg
from azure.core.exceptions import AzureError
from psycopg import sql
from psycopg_pool import PoolTimeout

from ingestion_core.settings import Settings
from ingestion_core.tasks import backfill, discover
from ingestion_core.tasks.app import App
from ingestion_core.work.messages import Message
from local.replay.limits import Limits
from local.replay.server import ReplayServer
from tests.support.drain import deliver, letters
from tests.support.product import RACING, Dump, dump
from tests.support.product import rows as stored
from tests.support.work import pass_time, rows

UNLIMITED = Limits(per_second=0, per_minute=0)
YEAR = 2024
#: Testing, Bahrain, Saudi Arabia: 13 sessions, 61 entrants, one of whom stood in.
MEETINGS = (1228, 1229, 1230)
#: What the host does with a message whose function raises.
DELIVERIES = 10
#: Nobody waits longer than this, in seconds, and a server that is back is in use after that.
HANG, RECOVERY = 15, 5
#: A server that is away, a connection that broke, a Storage account that does not answer.
BROKEN = (psycopg.Error, PoolTimeout, AzureError)

_OPEN = "SELECT count(*) AS n FROM ingest.items WHERE state IN ('waiting', 'sent', 'running')"
_OURS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'parcferme-ingestion'"
)


def short(server: ReplayServer) -> None:
    """Leave these three meetings of the sample."""
    for resource in ("meetings", "sessions", "drivers"):
        found = server.rows.of(resource)
        server.rows.replace(resource, [row for row in found if row["meeting_key"] in MEETINGS])


def app_on(
    database: str,
    azurite: str,
    replay: ReplayServer | str,
    per_minute: float = 6000,
    timeout: float = 20,
) -> App:
    """An instance of the app, at no pace to speak of."""
    return App(
        Settings.model_validate(
            {
                "database_url": database,
                "AzureWebJobsStorage": azurite,
                "openf1_base_url": replay if isinstance(replay, str) else replay.url,
                "openf1_requests_per_minute": per_minute,
                "openf1_timeout_seconds": timeout,
            }
        )
    )


def listing(app: App) -> None:
    """Ask for the season and read its list; its meetings are sent, and nothing else is done."""
    backfill.backfill(app, [YEAR], {"years": YEAR})
    [(task, message)] = letters(app)
    assert task == discover.TASK
    deliver(app, task, message)
    assert [message.key for _, message in letters(app)] == [str(key) for key in MEETINGS]


def reading(app: App) -> None:
    """Read every meeting, one after the other."""
    for task, message in letters(app):
        deliver(app, task, message)
    assert rows(app, _OPEN) == [{"n": 0}]


def insist(app: App, task: str, message: Message) -> int:
    """Deliver a message as the host does, again while its function raises; how many times."""
    return len(deliveries(app, task, message))


def deliveries(app: App, task: str, message: Message) -> list[float]:
    """The same; what each delivery took, in seconds."""
    seconds: list[float] = []
    while len(seconds) < DELIVERIES:
        began, broke = time.monotonic(), True
        with suppress(*BROKEN):
            deliver(app, task, message)
            broke = False
        seconds.append(time.monotonic() - began)
        if not broke:
            return seconds
    raise AssertionError(f"{task} {message.key} failed {DELIVERIES} times: it would be poison")


def finish(app: App) -> int:
    """Let time pass until everything asked for is over; how many messages that took."""
    delivered = 0
    for _ in range(50):
        for task, message in letters(app):
            delivered += insist(app, task, message)
        if rows(app, _OPEN) == [{"n": 0}]:
            return delivered
        pass_time(app, 16 * 60)
        with suppress(*BROKEN):  # the timer ticks again
            app.release_all()
    raise AssertionError(f"still open after half a day: {letters(app)}")


def unlike(found: Dump, truth: Dump) -> Iterable[str]:
    """The tables whose rows differ from the truth."""
    return [table for table in truth if found[table] != truth[table]]


def settled(app: App, database: str, truth: Dump) -> None:
    """What must hold once all is over.

    I1 to I3: the rows, ids included, are those of one clean run, so none is double and none
    changed. I6, I10: every item is done.
    """
    assert unlike(dump(database), truth) == []
    ended = rows(app, "SELECT DISTINCT state FROM ingest.items WHERE task = 'sync_meeting'")
    assert ended == [{"state": "done"}]


def check(app: App, database: str, truth: Dump) -> None:
    """The same, and I9: reading all of it again writes nothing."""
    settled(app, database, truth)
    before = written(app)
    backfill.backfill(app, [YEAR], {"years": YEAR})
    finish(app)
    assert written(app) == before


def written(app: App) -> list[tuple[str, ...]]:
    """Which row versions the racing tables have: another one stands for every write."""
    versions = sql.SQL('SELECT {name}, "Id"::text, xmin::text FROM {table}')
    everything = sql.SQL(" UNION ALL ").join(
        versions.format(name=sql.Literal(table), table=sql.Identifier(table)) for table in RACING
    )
    with app.db() as db:
        return sorted(db.execute(everything))


def unused(database: str) -> None:
    """Nobody of the app's is connected any more: an ending backend is waited for."""
    deadline = time.monotonic() + RECOVERY
    while stored(database, _OURS) != [(0,)]:
        assert time.monotonic() < deadline, "a connection leaked"
        Event().wait(0.02)
