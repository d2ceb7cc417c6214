"""Something that has to wait for a lock of somebody else's, until that one is done."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

_WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE wait_event_type = 'Lock' AND datname = current_database()"
)


@contextmanager
def waiting(conninfo: str, does: Callable[..., Any], *arguments: object) -> Iterator[None]:
    """While it waits for a lock, whoever holds it may go on; in the end it came through."""
    thread = threading.Thread(target=does, args=arguments)
    thread.start()
    with psycopg.connect(conninfo, autocommit=True) as watcher:
        while thread.is_alive() and watcher.execute(_WAITING).fetchone() == (0,):
            pass
    assert thread.is_alive(), "nothing was waited for"
    yield
    thread.join(60)
    assert not thread.is_alive()
