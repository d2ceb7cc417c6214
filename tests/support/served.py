"""The stand-in host as a process that is forked from a warm one."""

import os
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import local.host.__main__ as program


def serve(
    arguments: list[str], folder: Path, environment: dict[str, str], output: Connection
) -> None:
    """Be ``python -m local.host``: with these arguments, in this folder, with nothing else of the
    environment; all that it says goes to output."""
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output.fileno(), stream.fileno())
    output.close()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["local.host", *arguments]
    sys.exit(program.main())
