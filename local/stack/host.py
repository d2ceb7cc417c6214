"""The function app's host: Core Tools where they are, else the stand-in."""

import os
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.stack.home import ROOT
from local.stack.process import Process
from local.stack.wiki import Wiki


def host_process(
    settings: Mapping[str, str], log: Path, hold: Sequence[int]
) -> tuple[Process, str | None]:
    """The host of this checkout's app, not yet started, and its base address, if already known.

    Core Tools tell theirs in a form of each version: they get a port.
    """
    environment = {**os.environ, **settings}
    # Core Tools start the worker with whatever python they find first.
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment["VIRTUAL_ENV"] = sys.prefix
    environment["PYTHONUNBUFFERED"] = "1"
    base = None
    command = [sys.executable, "-m", "local.host", "--root", str(ROOT), "--port", "0"]
    if core_tools := shutil.which("func"):
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        command = [core_tools, "start", "--port", str(port)]
    process = Process(
        "the host", command, log=log, environment=environment, folder=ROOT, hold=hold, grace=20
    )
    return process, base


def address(process: Process) -> str:
    """The base address that the started replay, or the stand-in, tells."""
    return process.wait_for(r"Listening on (http\S+)", seconds=60)[1]


def replay_process(
    recording: Sequence[Path], pace: float, log: Path, hold: Sequence[int]
) -> Process:
    """The replay of OpenF1, not yet started; its limits are those that the app keeps to."""
    arguments = [
        *("--per-minute", str(max(1, int(pace))), "--per-second", str(max(3, int(pace / 6)))),
        *(part for folder in recording for part in ("--recording", str(folder.resolve()))),
    ]
    return _replay("the replay", "local.replay", arguments, log, hold)


def wiki_process(wiki: Wiki, log: Path, hold: Sequence[int]) -> Process:
    """The replay of The Third Turn, not yet started; its pace is the one that the app keeps to."""
    arguments = ["--pages", str(wiki.folder), "--seconds", f"{wiki.seconds:g}"]
    return _replay("the wiki's replay", "local.replay.wiki", arguments, log, hold)


def _replay(
    name: str, module: str, arguments: Sequence[str], log: Path, hold: Sequence[int]
) -> Process:
    return Process(
        name,
        [sys.executable, "-m", module, "--port", "0", *arguments],
        log=log,
        environment={**os.environ, "PYTHONUNBUFFERED": "1"},
        folder=ROOT,
        hold=hold,
        grace=5,
    )


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
