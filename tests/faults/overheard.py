"""What the app says under fire: every line of every logger, and every message that it sends."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from multiprocessing import parent_process
from pathlib import Path
from typing import Any
from unittest.mock import patch

from azure.storage.queue import QueueClient
from psycopg.conninfo import conninfo_to_dict

from tests.support.canaries import shown

log = logging.getLogger(__name__)

_send = QueueClient.send_message


class Ear(logging.Handler):
    """Keeps all that is said, in a file where this is another process's."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []
        self._file = path.open("a", encoding="utf-8") if path else None

    def emit(self, record: logging.LogRecord) -> None:
        text = shown(record)
        if self._file is None:
            self.said.append(text)
        else:
            self._file.write(f"{text}\n")
            self._file.flush()


@wraps(_send)
def _telling(client: QueueClient, content: Any, **options: Any) -> Any:
    log.debug("sent to %s: %s", client.queue_name, content)
    return _send(client, content, **options)


_heard_on_its_way = patch.object(QueueClient, "send_message", _telling)


def _listen(ear: Ear) -> dict[logging.Handler, int]:
    """Let everybody tell everything, and whoever else listens hear what they did before."""
    root = logging.getLogger()
    before = {handler: handler.level for handler in root.handlers}
    for handler in before:
        handler.setLevel(max(handler.level, root.level))
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    _heard_on_its_way.start()
    return before


@contextmanager
def listening() -> Iterator[list[str]]:
    """All that is said meanwhile in this process."""
    root, ear = logging.getLogger(), Ear()
    level = root.level
    before = _listen(ear)
    try:
        yield ear.said
    finally:
        _heard_on_its_way.stop()
        root.removeHandler(ear)
        root.setLevel(level)
        for handler, its in before.items():
            handler.setLevel(its)


def workers_log(conninfo: str) -> Path:
    """Where the processes that a test starts write down what they say: it goes with the server."""
    return Path(str(conninfo_to_dict(conninfo)["host"])).parent / "workers.log"


def listen_here(conninfo: str) -> None:
    """In a process that a test started: it may be killed, its words are kept."""
    root = logging.getLogger()
    if parent_process() is not None and not any(isinstance(one, Ear) for one in root.handlers):
        _listen(Ear(workers_log(conninfo)))
