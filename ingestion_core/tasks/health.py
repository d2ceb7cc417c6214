"""Whether the app can work: each of its parts asked, each fault in words without secrets."""

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import psycopg
from azure.core.exceptions import AzureError
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import PoolTimeout

from ingestion_core.database.prepare import check_product, pending
from ingestion_core.database.roles import too_wide
from ingestion_core.database.troubles import refusal
from ingestion_core.errors import Deferred, SourceFailing, Unprepared
from ingestion_core.sources import openf1, thethirdturn
from ingestion_core.tasks.app import App
from ingestion_core.work import sources

log = logging.getLogger(__name__)

#: ``name``, ``status``, ``why`` it is not well, ``ms`` it took, and what else is known.
Check = dict[str, Any]
Db = Connection[TupleRow]

OK, DEGRADED, FAILING = "ok", "degraded", "failing"
_WORST = (FAILING, DEGRADED, OK)
#: How many rights too many are named.
_RIGHTS_TOLD = 3
#: Clocks further apart than this make lock-outs and embargoes begin at wrong times.
_SKEW = timedelta(seconds=5)
#: How long the one request waits at OpenF1's gate: a turn or two, whoever else is there.
_PATIENCE = 5.0
#: What is not waited out: somebody has to do something about it.
_LOGIN_REFUSED, _PAUSED = "login-refused", "paused"

_SERVER = "SELECT current_setting('server_version')"
_CLOCK = "SELECT clock_timestamp()"


def worst(checks: Iterable[Check]) -> str:
    """How all of them are."""
    found = {check["status"] for check in checks}
    return next(status for status in _WORST if status in found)


def readiness(app: Callable[[], App]) -> list[Check]:
    """Ask settings, database and storage, as an instance uses them; nothing that costs."""
    try:
        ready = app()
    except Unprepared as error:
        return [_settings(error)]
    return [
        {"name": "settings", "status": OK},
        _check("database", lambda: _prepared(ready)),
        _check("storage", lambda: _storage(ready)),
    ]


def health(app: Callable[[], App]) -> list[Check]:
    """Ask every part, the sources as well: at most one request.

    ``app``: one that keeps nothing, since whoever asks wants to know how things are.
    """
    try:
        asked = app()
    except Unprepared as error:
        return [_settings(error)]
    checks = [{"name": "settings", "status": OK}, _check("database", lambda: _server(asked))]
    stored = worst(checks) == OK
    if stored:
        checks += [
            _check("schema", lambda: _schema(asked)),
            _check("prerequisites", lambda: _product(asked)),
            _check("clock", lambda: _clock(asked)),
            _check("rights", lambda: _rights(asked)),
        ]
    checks.append(_check("storage", lambda: _storage(asked)))
    if checks[-1]["status"] != FAILING:
        checks += _queues(asked)
    return [*checks, *_sources(asked, ready=stored and worst(checks[2:4]) == OK)]


def _settings(error: Unprepared) -> Check:
    return {"name": "settings", "status": FAILING, "why": str(error)}


def _check(name: str, look: Callable[[], Check]) -> Check:
    """Look, and time it; whatever does not answer is failing."""
    began = time.monotonic()
    try:
        found = look()
    except Unprepared as error:
        found = {"status": FAILING, "why": str(error)}
    except (psycopg.Error, PoolTimeout, AzureError) as error:
        why = refusal(error) or "it does not answer"
        log.warning("%s: %s", name, why, exc_info=True)
        found = {"status": FAILING, "why": why}
    return {"name": name, **found, "ms": round((time.monotonic() - began) * 1000)}


def _prepared(app: App) -> Check:
    with app.db() as db:
        db.execute("SELECT 1")
    return {"status": OK}


def _server(app: App) -> Check:
    with app.bare() as db:
        return {"status": OK, "version": _value(db, _SERVER)}


def _schema(app: App) -> Check:
    with app.bare() as db:
        missing = pending(db)
    if not missing:
        return {"status": OK}
    why = f"lacks {', '.join(missing)}: the app runs them when it starts"
    return {"status": DEGRADED, "why": f"{why}, or `python -m ingestion_core migrate`"}


def _product(app: App) -> Check:
    with app.bare() as db:
        check_product(db)
    return {"status": OK}


def _rights(app: App) -> Check:
    """Whoever may do more than the app needs lets a bug do more than it should."""
    with app.bare() as db:
        found = too_wide(db, app.settings.results_enabled)
    if not found:
        return {"status": OK}
    more = len(found) - _RIGHTS_TOLD
    told = found[:_RIGHTS_TOLD] + ([f"and {more} more"] if more > 0 else [])
    why = f"wider than the app needs: {', '.join(told)} (docs/roles.md)"
    return {"status": DEGRADED, "why": why}


def _clock(app: App) -> Check:
    with app.bare() as db:
        before = app.now()
        theirs: datetime = _value(db, _CLOCK)
        return _skew(theirs - before - (app.now() - before) / 2, "the database's")


def _skew(apart: timedelta, whose: str) -> Check:
    seconds = round(apart.total_seconds(), 1)
    if abs(apart) <= _SKEW:
        return {"status": OK, "seconds": seconds}
    told = f"our clock and {whose} are {abs(seconds):.0f} s apart"
    return {"status": DEGRADED, "why": told, "seconds": seconds}


def _storage(app: App) -> Check:
    asked = app.now()
    theirs = app.queues.reach()
    if theirs is None or abs(theirs - asked) <= _SKEW:
        return {"status": OK}
    return _skew(theirs - asked, "the storage's")


def _queues(app: App) -> list[Check]:
    """Every queue of ours that there is; a dead letter in its place for long is one too many."""
    found: list[Check] = []
    try:
        lengths = app.queues.lengths()
    except AzureError:
        log.warning("the queues do not answer", exc_info=True)
        return [{"name": "queues", "status": FAILING, "why": "they do not answer"}]
    for name, messages in lengths.items():
        check: Check = {"name": f"queue {name}", "status": OK, "messages": messages}
        if messages and name.endswith("-poison"):
            why = "dead letters that nobody has taken: is the functions app running?"
            check |= {"status": DEGRADED, "why": why}
        found.append(check)
    return found


def _sources(app: App, *, ready: bool) -> list[Check]:
    wanted = [openf1.SOURCE, *([thethirdturn.SOURCE] if app.settings.thirdturn_enabled else [])]
    if not ready:
        why = "not asked: the database is not ready"
        return [{"name": name, "status": DEGRADED, "why": why} for name in wanted]
    checks = [_check(openf1.SOURCE, lambda: _openf1(app))]
    if thethirdturn.SOURCE in wanted:
        checks.append(_check(thethirdturn.SOURCE, lambda: _gate(app, thethirdturn.SOURCE)))
    return checks


def _openf1(app: App) -> Check:
    """One request through the gate. What is waited out by itself is no failure."""
    with closing(app.openf1_with(_PATIENCE)) as client:
        try:
            client.reach()
        except SourceFailing as failing:
            return {"status": FAILING, "why": failing.why}
        except Deferred as deferred:
            if deferred.why == _LOGIN_REFUSED:
                why = "the login is refused: OPENF1_USERNAME, OPENF1_PASSWORD"
                return {"status": FAILING, "why": why}
            if deferred.why == _PAUSED:
                return {"status": DEGRADED, "why": _PAUSED}
            return {"status": DEGRADED, "why": _closed(deferred.why, deferred.until)}
    return {"status": OK}


def _closed(why: str, until: datetime) -> str:
    return f"{why}, until {until:%Y-%m-%d %H:%M:%S}Z"


def _gate(app: App, source: str) -> Check:
    """The state of a source that is not asked for this."""
    with app.bare() as db:
        state = next((one for one in sources.show(db) if one["source"] == source), None)
    if state is None or not (state["paused"] or state["closed_until"]):
        return {"status": OK}
    if state["paused"]:
        return {"status": DEGRADED, "why": _PAUSED}
    return {"status": DEGRADED, "why": _closed(state["closed_why"], state["closed_until"])}


def _value(db: Db, statement: str) -> Any:
    row = db.execute(statement.encode()).fetchone()
    return None if row is None else row[0]
