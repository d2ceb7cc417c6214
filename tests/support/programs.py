"""A program of ours as a process that is forked from a warm one, and what it says."""

import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from local.stack.home import ROOT
from tests.support import warm


def be(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    out: Connection,
    err: Connection,
) -> None:
    """Be ``python -m`` with these words, in this folder, with nothing else of the environment."""
    for stream, pipe in ((sys.stdout, out), (sys.stderr, err)):
        os.dup2(pipe.fileno(), stream.fileno())
    out.close()
    err.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = list(words)
    if not hasattr(sys.modules.get(words[0]), "__path__"):  # as main it is run once more
        sys.modules.pop(words[0], None)
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)


@dataclass(frozen=True)
class Said:
    """How a program ended, and what it wrote."""

    code: int
    out: str
    err: str


def said(*words: str, environment: Mapping[str, str]) -> Said:
    """What ``python -m`` with these words says in the checkout, once it is over."""
    pipes = [warm.pipe() for _ in range(2)]
    process = warm.start(be, words, ROOT, environment, *(writing for _, writing in pipes))
    texts = []
    for reading, writing in pipes:
        writing.close()
        with os.fdopen(os.dup(reading.fileno()), encoding="utf-8") as found:
            texts.append(found.read())
        reading.close()
    process.join()
    assert process.exitcode is not None
    return Said(process.exitcode, *texts)
