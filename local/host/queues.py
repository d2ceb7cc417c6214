"""A queue function's listener: polls, leases, invokes, and sees each message to its end."""

import asyncio
import base64
import binascii
import logging
import math
import os
from collections.abc import Awaitable, Callable

from azure.core.exceptions import AzureError
from azure.functions.queue import QueueMessage

from local.host.hostjson import Queues
from local.host.polling import PollingDelay
from local.host.runner import Outcome
from local.host.storage import Received, StorageQueue, one_line

_log = logging.getLogger(__name__)


def decode_body(text: str, encoding: str) -> str:
    """The message a sender meant: base64 of UTF-8, or the text itself when encoding is none.

    Raises ValueError when it is neither; such a message can never be processed.
    """
    if encoding == "none":
        return text
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(f"not base64 of UTF-8: {error}") from error


def trigger_message(message: Received, body: str) -> QueueMessage:
    """What the function gets."""
    return QueueMessage(
        id=message.id,
        body=body,
        dequeue_count=message.dequeue_count,
        expiration_time=message.expires,
        insertion_time=message.inserted,
        time_next_visible=message.visible_again,
        pop_receipt=message.receipt,
    )


class QueueListener:
    """The life of a queue's messages, as long as stop is not set."""

    def __init__(
        self,
        queue: StorageQueue,
        settings: Queues,
        invoke: Callable[[QueueMessage], Awaitable[Outcome]],
        *,
        lease_seconds: int,
    ) -> None:
        self._queue = queue
        self._poison = queue.poison
        self._settings = settings
        self._invoke = invoke
        self._lease_seconds = lease_seconds
        self._threshold = settings.threshold(os.cpu_count() or 1)
        self._in_work: set[asyncio.Task[None]] = set()
        self._reachable = True

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until stop is set, then wait for the messages in work."""
        delay = PollingDelay(self._settings.max_polling_interval.total_seconds())
        found = False
        while not stop.is_set():
            messages = await self._poll()
            if stop.is_set():
                await self._give_back(messages)
            elif messages:
                found = True
                self._start(messages)
                await self._until_in_work(self._threshold)
            else:
                await _happened(stop, delay.next_seconds(found=found))
                found = False
        await self._until_in_work(0)

    async def _poll(self) -> list[Received]:
        """A batch; none while Storage is away, which is logged when it begins and when it ends."""
        try:
            messages = await asyncio.to_thread(
                self._queue.receive, self._settings.batch_size, self._lease_seconds
            )
        except AzureError as error:
            if self._reachable:
                name = self._queue.name
                _log.error("queue %s can't be read, trying on: %s", name, one_line(error))
            self._reachable = False
            return []
        if not self._reachable:
            _log.warning("queue %s can be read again", self._queue.name)
        self._reachable = True
        return messages

    def _start(self, messages: list[Received]) -> None:
        for message in messages:
            task = asyncio.create_task(self._see_through(message))
            self._in_work.add(task)
            task.add_done_callback(self._in_work.discard)

    async def _until_in_work(self, most: int) -> None:
        while len(self._in_work) > most:
            await asyncio.wait(self._in_work, return_when=asyncio.FIRST_COMPLETED)

    async def _give_back(self, messages: list[Received]) -> None:
        """What arrived while stopping is somebody else's, at once."""
        for message in messages:
            try:
                await asyncio.to_thread(self._queue.hide, message.id, message.receipt, 0)
            except AzureError as error:
                self._leave(message, error)

    async def _see_through(self, message: Received) -> None:
        """A message whose end can't be written down comes back when its lease ends."""
        try:
            await self._process(message)
        except AzureError as error:
            self._leave(message, error)

    def _leave(self, message: Received, error: AzureError) -> None:
        queue = self._queue.name
        _log.error("message %s of %s left to its lease: %s", message.id, queue, one_line(error))

    async def _process(self, message: Received) -> None:
        try:
            body = decode_body(message.text, self._settings.message_encoding)
        except ValueError as error:
            _log.error("message %s of %s: %s", message.id, self._queue.name, error)
            await self._bury(message, message.receipt)
            return
        if self._poison is not None and message.dequeue_count > self._settings.max_dequeue_count:
            # It took the process down with it the last time it was allowed to run.
            await self._bury(message, message.receipt)
            return
        done = asyncio.Event()
        renewing = asyncio.create_task(self._renew(message, done))
        try:
            outcome = await self._invoke(trigger_message(message, body))
        finally:
            done.set()
            receipt = await renewing
        await self._close(message, receipt, outcome)

    async def _renew(self, message: Received, done: asyncio.Event) -> str:
        """Extend the lease at half time until done, sooner while Storage does not answer.

        Returns the receipt that owned the message last: every renewal changes it.
        """
        receipt = message.receipt
        half = self._lease_seconds / 2
        wait = half
        while not await _happened(done, wait):
            try:
                renewed = await asyncio.to_thread(
                    self._queue.hide, message.id, receipt, self._lease_seconds
                )
            except AzureError as error:
                _log.warning("lease of message %s not renewed: %s", message.id, one_line(error))
                wait = max(wait / 2, half / 10)
                continue
            if renewed is None:
                break  # the function moved its own message, or the lease was lost
            receipt = renewed
            wait = half
        return receipt

    async def _close(self, message: Received, receipt: str, outcome: Outcome) -> None:
        if outcome.succeeded:
            await asyncio.to_thread(self._queue.delete, message.id, receipt)
        elif self._poison is None:
            return  # as the host: left to its lease, so that it is not tried again at once
        elif message.dequeue_count >= self._settings.max_dequeue_count:
            await self._bury(message, receipt)
        else:
            seconds = math.ceil(self._settings.visibility_timeout.total_seconds())
            await asyncio.to_thread(self._queue.hide, message.id, receipt, seconds)

    async def _bury(self, message: Received, receipt: str) -> None:
        """Move a message to the poison queue, its text as it was stored."""
        if self._poison is None:
            return
        _log.warning(
            "message %s moves to %s after %d deliveries",
            message.id,
            self._poison.name,
            message.dequeue_count,
        )
        await asyncio.to_thread(self._poison.send, message.text)
        await asyncio.to_thread(self._queue.delete, message.id, receipt)


async def _happened(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event is set within the time."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
