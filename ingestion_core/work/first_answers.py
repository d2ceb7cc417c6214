"""The first answer of each kind is waited for alone: the Storage SDK completes its classes then.

Two threads that do so at once fail with "dictionary changed size during iteration"
(Azure/azure-sdk-for-python, issue 47426), the message sent or not.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_known: set[str] = set()


@contextmanager
def first_alone(kind: str) -> Iterator[None]:
    """Let one thread of the process in at a time until one came through; then everybody."""
    if kind in _known:
        yield
        return
    with _lock:
        yield
        _known.add(kind)
