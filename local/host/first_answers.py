"""The first answer of each kind alone, as ``ingestion_core.work.first_answers`` and for its reason:
the host knows nothing of the app that it serves."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

_first: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
_answered: set[str] = set()


@contextmanager
def first_alone(kind: str) -> Iterator[None]:
    """One thread at a time until there was an answer."""
    if kind in _answered:
        yield
        return
    with _first[kind]:
        yield
    _answered.add(kind)
