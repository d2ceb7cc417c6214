"""The stack: what a plan needs, started in order, ended in the reverse one."""

import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Self

from local.stack import host, product
from local.stack.api import Api
from local.stack.azurite import Azurite
from local.stack.home import StackError, home, logs
from local.stack.lock import Lock
from local.stack.plan import Plan, app_settings
from local.stack.postgres import Postgres
from local.stack.process import Process

DATABASE = "parcferme"
_SECONDS_TO_ANSWER = 60.0


@dataclass
class Stack:
    """Everything a plan needs, running inside ``with``; ``say`` gets the lines worth showing."""

    plan: Plan
    say: Callable[[str], None]
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    conninfo: str = field(default="", repr=False)
    storage: str = field(default="", repr=False)
    queues: str | None = None  # Azurite's queue endpoint
    replay_url: str | None = None
    wiki_url: str | None = None
    writes_before: int = 0
    _running: list[Process] = field(default_factory=list, repr=False)
    _opened: ExitStack = field(default_factory=ExitStack, repr=False)

    def __enter__(self) -> Self:
        """Start it.

        Raises:
            StackError: something can't be had, or ended at once; what had started has been ended.
        """
        with ExitStack() as opened:
            folder = home()
            lock = opened.enter_context(Lock(folder / "lock"))
            hold = (lock.descriptor,)
            self._open_database(opened, hold)
            if self.plan.replay:
                replay = host.replay_process(
                    self.plan.options.recording, self.plan.pace, logs() / "replay.log", hold
                )
                self._running.append(opened.enter_context(replay))
            if self.plan.wiki:
                pages = host.wiki_process(self.plan.wiki, logs() / "wiki.log", hold)
                self._running.append(opened.enter_context(pages))
            self._open_storage(opened, hold)
            if self.plan.replay:
                self.replay_url = host.address(replay)
            if self.plan.wiki:
                self.wiki_url = host.address(pages)
            settings = app_settings(
                self.plan, self.conninfo, self.storage, self.replay_url, self.key, self.wiki_url
            )
            self._host, base = host.host_process(settings, logs() / "host.log", hold)
            self._running.append(opened.enter_context(self._host))
            self.api = Api(base or host.address(self._host), self.key)
            self._until_it_answers()
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def check(self) -> None:
        """Raise ProcessEnded, naming the first process that is no more."""
        for process in self._running:
            process.check()

    def stop_host(self) -> None:
        """End the app alone; what it wrote is then complete, statistics included."""
        self._running.remove(self._host)
        self._host.stop()

    def rows_changed(self) -> int:
        """In the product's tables since the start; see ``product.settle`` for what it waits for."""
        product.settle(self.conninfo)
        return product.writes(self.conninfo) - self.writes_before

    def _open_database(self, opened: ExitStack, hold: tuple[int, ...]) -> None:
        embedded = self.plan.conninfo is None
        if embedded:
            server = opened.enter_context(Postgres(home(), logs() / "postgres.log", hold=hold))
            self._running.append(server.process)
            self.conninfo = server.ensure_database(DATABASE)
        else:
            self.conninfo = self.plan.conninfo or ""
        plan = self.plan
        if product.prepare(
            self.conninfo, guard_users=plan.guards_users, confirm=plan.options.confirm
        ):
            self.say("The database had no tables: the product's were made.")
        if embedded:
            product.forget_unfinished_work(self.conninfo)
        self.writes_before = product.writes(self.conninfo)

    def _open_storage(self, opened: ExitStack, hold: tuple[int, ...]) -> None:
        if self.plan.storage is not None:
            self.storage = self.plan.storage
            return
        azurite = opened.enter_context(Azurite(logs() / "azurite.log", hold=hold))
        self._running.append(azurite.process)
        self.storage = azurite.connection_string
        self.queues = azurite.queues

    def _until_it_answers(self) -> None:
        give_up = time.monotonic() + _SECONDS_TO_ANSWER
        while not self.api.is_live():
            if time.monotonic() > give_up:
                raise StackError(f"the app does not answer at {self.api.base} [{self._host.log}]")
            self.check()
            time.sleep(0.1)
