"""The tables of the work, as tests look at them and move their times: nobody has to wait."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

from psycopg import sql
from psycopg.rows import dict_row

from ingestion_core.sources.openf1 import SOURCE
from ingestion_core.tasks.app import App
from ingestion_core.work import items
from ingestion_core.work.gate import Gate
from ingestion_core.work.items import Item, Wanted
from ingestion_core.work.messages import Message

Row = dict[str, Any]

_SEND = """
UPDATE ingest.items SET state = 'sent', release = release + 1, due_at = now()
WHERE item = %s RETURNING item, release, key
"""
_PASS = """
UPDATE ingest.sources SET last_start = last_start - %(by)s, closed_until = closed_until - %(by)s,
    next_discovery_at = next_discovery_at - %(by)s;
UPDATE ingest.lockouts SET opens_at = opens_at - %(by)s, closes_at = closes_at - %(by)s;
UPDATE ingest.items SET not_before = not_before - %(by)s, due_at = due_at - %(by)s,
    started_at = started_at - %(by)s, closed_at = closed_at - %(by)s;
UPDATE ingest.fetches SET observed_at = observed_at - %(by)s, next_at = next_at - %(by)s
"""


def rows(app: App, statement: str | sql.Composed, *parameters: object) -> list[Row]:
    """The rows of a statement, by column name."""
    query = statement.encode() if isinstance(statement, str) else statement
    with app.db() as db, db.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, parameters).fetchall()


def row(app: App, statement: str, *parameters: object) -> Row:
    """The only row of a statement."""
    (only,) = rows(app, statement, *parameters)
    return only


def execute(app: App, statement: str, *parameters: object) -> int:
    """Carry out a statement; how many rows it met."""
    with app.db() as db:
        return db.execute(statement.encode(), parameters).rowcount


def passing(app: App, pass_on: Callable[[float], None]) -> None:
    """Let nobody wait at OpenF1's gate: the seconds that it would have slept are passed on."""
    gate = app.openf1._http.gate
    assert isinstance(gate, Gate)
    gate._sleep = pass_on


def pass_time(app: App, seconds: float) -> None:
    """Let time pass: every moment in the work's tables moves that far back."""
    for statement in _PASS.split(";"):
        with app.db() as db:
            db.execute(statement.encode(), {"by": timedelta(seconds=seconds)})


def seconds_until(app: App, moment: datetime) -> float:
    """How far a moment lies ahead, by the database's clock."""
    return float(row(app, "SELECT extract(epoch FROM %s - clock_timestamp()) s", moment)["s"])


def meeting(key: int = 1229, **fields: Any) -> Wanted:
    """A wanted meeting of two requests."""
    return replace(Wanted(SOURCE, "sync_meeting", str(key), requests=2), **fields)


def enqueue(app: App, *wanted: Wanted, runs: Iterable[UUID] = ()) -> list[int]:
    """Ask for work; its open items, in the order in which it was asked for."""
    with app.transaction() as db:
        items.enqueue(db, wanted, runs=runs)
    return [
        row(
            app,
            "SELECT item FROM ingest.items WHERE task = %s AND key = %s"
            " AND state IN ('waiting', 'sent')",
            one.task,
            one.key,
        )["item"]
        for one in wanted
    ]


def new_run(app: App) -> UUID:
    """A run without items."""
    run = uuid4()
    execute(app, "INSERT INTO ingest.runs (run, kind, asked) VALUES (%s, 'test', '{}')", run)
    return run


def send(app: App, item: int) -> Message:
    """Mark an item as sent; the message that would be in its queue."""
    sent = row(app, _SEND, item)
    return Message(item=sent["item"], release=sent["release"], key=sent["key"])


def claim(app: App, message: Message, task: str = "sync_meeting") -> Item | None:
    """Claim the item of a message."""
    with app.db() as db:
        return items.claim(db, message, task)


def claimed(app: App, wanted: Wanted, runs: Iterable[UUID] = ()) -> Item:
    """Work that was asked for, sent and claimed: it runs."""
    (item,) = enqueue(app, wanted, runs=runs)
    taken = claim(app, send(app, item), wanted.task)
    assert taken is not None
    return taken


def item(app: App, number: int) -> Row:
    """An item's row."""
    return row(app, "SELECT * FROM ingest.items WHERE item = %s", number)


def runs_of(app: App, number: int) -> set[UUID]:
    """The runs that an item belongs to."""
    return {
        one["run"] for one in rows(app, "SELECT run FROM ingest.run_items WHERE item=%s", number)
    }


def at_once(*tasks: Callable[[], object]) -> None:
    """Carry out tasks on threads that begin together; the first error of any is raised."""
    barrier, errors = Barrier(len(tasks)), []

    def carry_out(task: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            task()
        except BaseException as error:  # noqa: BLE001 - raised again by the test's own thread
            errors.append(error)

    threads = [Thread(target=carry_out, args=[task]) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "a task hangs"
    if errors:
        raise errors[0]
