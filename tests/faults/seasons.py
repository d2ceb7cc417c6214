"""A short season and those who carry it out, as instances of the Functions host would."""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from functools import partial
from threading import Event

import psycopg
from azure.core.exceptions import AzureError
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import PoolTimeout

from ingestion_core.results.errors import ResultsDatabaseError
from ingestion_core.tasks import backfill, discover
from ingestion_core.tasks.app import App
from ingestion_core.tasks.prepared import prepare
from ingestion_core.work.messages import Message
from local.replay.limits import Limits
from local.replay.rows import KEYS
from local.replay.server import ReplayServer
from tests.faults.overheard import listen_here
from tests.support import canaries, users
from tests.support.apps import app_with
from tests.support.drain import deliver, drain, letters
from tests.support.product import RACING, Dump, dump
from tests.support.product import rows as stored
from tests.support.work import pass_time, passing, row, rows

log = logging.getLogger(__name__)

UNLIMITED = Limits(per_second=0, per_minute=0)
YEAR = 2024
#: Testing, Bahrain, Saudi Arabia: 13 sessions, 61 entrants, one of whom stood in.
MEETINGS = (1228, 1229, 1230)
#: What the host does with a message whose function raises.
DELIVERIES = 10
#: Nobody waits longer than this, in seconds, and a server that is back is in use after that.
HANG, RECOVERY = 15, 5
#: A server that is away, a connection that broke, a Storage account that does not answer.
BROKEN = (psycopg.Error, PoolTimeout, AzureError, ResultsDatabaseError)

_OPEN = "SELECT count(*) AS n FROM ingest.items WHERE state IN ('waiting', 'sent', 'running')"
_OURS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND application_name = 'parcferme-ingestion'"
)
_ASKED = """
SELECT EXISTS (SELECT FROM ingest.items
               WHERE task = 'sync_meeting' AND payload ? 'results_now') AS asked
"""
_TOLD = """
SELECT count(*), md5(string_agg(to_jsonb(r)::text, '' ORDER BY "Id")) FROM "Results" r
"""
_SETS = """
SELECT to_jsonb(c) - '{classification, observed_at, lines}'::text[]
FROM spoilers.classifications c ORDER BY source, session, facet, classification
"""
_RACE_AND_PRACTICE = """
SELECT (array_agg("Id"::text ORDER BY "Type" DESC))[1], (array_agg("Id"::text ORDER BY "Type"))[1]
FROM "Sessions"
"""


def short(server: ReplayServer) -> None:
    """Leave these three meetings of the sample, with results and secrets like nobody's."""
    for resource in KEYS:
        found = server.rows.of(resource)
        server.rows.replace(resource, [row for row in found if row["meeting_key"] in MEETINGS])
    canaries.tell_results(server)
    server.api.tokens = canaries.OneToken()


def app_on(
    database: str,
    azurite: str,
    replay: ReplayServer | str,
    per_minute: float = 6000,
    timeout: float = 20,
    *,
    results: bool = True,
    login: bool = False,
) -> App:
    """An instance of the app, at no pace to speak of. What it says is heard, see ``overheard``."""
    listen_here(database)
    secret = {"openf1_username": canaries.LOGIN, "openf1_password": canaries.LOGIN_PASSWORD}
    return app_with(
        make_conninfo(database, password=canaries.DATABASE_PASSWORD),
        azurite,
        openf1_base_url=replay if isinstance(replay, str) else replay.url,
        openf1_requests_per_minute=per_minute,
        openf1_timeout_seconds=timeout,
        results_enabled=results,
        **(secret if login else {}),
    )


def announced(database: str, azurite: str, replay: ReplayServer) -> None:
    """Users have logged and listed sessions of the last meeting: it was read before anybody was
    listed for it, and all its times have been moved since."""
    before = {name: replay.rows.of(name) for name in ("sessions", "drivers")}
    for session in before["sessions"]:
        if session["meeting_key"] == MEETINGS[-1]:
            earlier = {"date_start": session["date_start"].replace("2024-03-", "2024-02-")}
            where = {"session_key": session["session_key"]}
            assert replay.rows.change("sessions", where, earlier) == 1
    replay.rows.change("drivers", {"meeting_key": MEETINGS[-1]}, remove=True)
    with closing(app_on(database, azurite, replay)) as app:
        prepare(app)
        backfill.meeting(app, MEETINGS[-1])
        drain(app)
    for name, all_of_them in before.items():
        replay.rows.replace(name, all_of_them)
    [(logged, listed)] = stored(database, _RACE_AND_PRACTICE)
    users.fill(database, logged=logged, listed=listed)


def listing(app: App) -> None:
    """Ask for the season and read its list; its meetings are sent, and nothing else is done."""
    backfill.backfill(app, [YEAR], {"years": YEAR}, include_results=True)
    [(task, message)] = letters(app)
    assert task == discover.TASK
    deliver(app, task, message)
    assert [message.key for _, message in letters(app)] == [str(key) for key in MEETINGS]


def reading(app: App) -> None:
    """Read every meeting, one after the other, and what they told."""
    drain(app)
    assert rows(app, _OPEN) == [{"n": 0}]


def following(app: App) -> Iterator[tuple[str, Message]]:
    """The messages that are sent, and those that follow from them."""
    while sent := letters(app):
        yield from sent


def insist(app: App, task: str, message: Message) -> int:
    """Deliver a message as the host does, again while its function raises; how many times."""
    return len(deliveries(app, task, message))


def deliveries(app: App, task: str, message: Message) -> list[float]:
    """The same; what each delivery took, in seconds."""
    seconds: list[float] = []
    while len(seconds) < DELIVERIES:
        began, broke = time.monotonic(), False
        try:
            deliver(app, task, message)
        except BROKEN:
            log.exception("the host tells of it, with all that is behind it")
            broke = True
        seconds.append(time.monotonic() - began)
        if not broke:
            return seconds
    raise AssertionError(f"{task} {message.key} failed {DELIVERIES} times: it would be poison")


def finish(app: App) -> int:
    """Let time pass until everything asked for is over; how many messages that took."""
    delivered = 0
    passing(app, partial(pass_time, app))
    for _ in range(50):
        while waiting := letters(app):
            delivered += sum(insist(app, task, message) for task, message in waiting)
        if rows(app, _OPEN) == [{"n": 0}]:
            return delivered
        pass_time(app, 16 * 60)
        with suppress(*BROKEN):  # the timer ticks again
            app.release_all()
    raise AssertionError(f"still open after half a day: {letters(app)}")


def unlike(found: Dump, truth: Dump) -> Iterable[str]:
    """The tables whose rows differ from the truth."""
    return [table for table in truth if found[table] != truth[table]]


def seen(database: str) -> Dump:
    """The racing tables, what is to be known of the results, and all that is the users'.

    Of the results a digest: none is ever shown. Of their sets, superseded ones included, as well.
    """
    told = [dict(zip(("rows", "digest"), one, strict=True)) for one in stored(database, _TOLD)]
    prepared = stored(database, "SELECT to_regclass('spoilers.classifications') IS NOT NULL")
    sets = stored(database, _SETS) if prepared == [(True,)] else []
    used = stored(database, 'SELECT count(*) FROM "AspNetUsers"') != [(0,)]
    return {
        **dump(database),
        "Results": told,
        "sets": [one for (one,) in sets],
        "users": [users.kept(database)] if used else [],
    }


#: Of results that nobody asked for.
_UNTOLD: Dump = {"Results": [{"rows": 0, "digest": None}], "sets": []}


def asked(app: App) -> bool:
    """Whether somebody asked for results, and may."""
    return app.settings.results_enabled and bool(row(app, _ASKED)["asked"])


def settled(app: App, database: str, truth: Dump) -> None:
    """What must hold once all is over.

    I1 to I3: the rows, ids included, are those of one clean run, so none is double and none
    changed. I4: without results, where nobody asked for them. I6, I10: every item is done. I8.
    And no table but those for them holds a result or a secret.
    """
    found, expected = seen(database), {**truth, **({} if asked(app) else _UNTOLD)}
    if not found["users"]:  # a database of its own, that nobody uses
        expected["users"] = []
    differing, leaking = unlike(found, expected), canaries.in_tables(database)
    assert not differing, differing
    assert not leaking, leaking
    ended = "SELECT DISTINCT state FROM ingest.items WHERE task IN ('sync_meeting', 'load_results')"
    assert rows(app, ended) == [{"state": "done"}]


def check(app: App, database: str, truth: Dump, meeting: int | None = None) -> None:
    """The same, and I9: reading all of it again, or that meeting, writes nothing."""
    settled(app, database, truth)
    before, results = written(app), asked(app)
    if meeting:
        backfill.meeting(app, meeting, include_results=results)
    else:
        backfill.backfill(app, [YEAR], {"years": YEAR}, include_results=results)
    finish(app)
    assert written(app) == before


def written(app: App) -> list[tuple[str, ...]]:
    """Which row versions the product's tables have: another one stands for every write."""
    versions = sql.SQL('SELECT {name}, "Id"::text, xmin::text FROM {table}')
    everything = sql.SQL(" UNION ALL ").join(
        versions.format(name=sql.Literal(table), table=sql.Identifier(table))
        for table in (*RACING, "Results")
    )
    with app.db() as db:
        return sorted(db.execute(everything))


def unused(database: str) -> None:
    """Nobody of the app's is connected any more: an ending backend is waited for."""
    deadline = time.monotonic() + RECOVERY
    while stored(database, _OURS) != [(0,)]:
        assert time.monotonic() < deadline, "a connection leaked"
        Event().wait(0.02)
