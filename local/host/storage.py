"""The one module that speaks to Storage queues: raw texts, leases, poison queues."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
)
from azure.storage.queue import QueueClient

from local.host.first_answers import first_alone

POISON_SUFFIX = "-poison"

# What the service answers when a message belongs to somebody else by now, or is gone.
_STALE = frozenset({"PopReceiptMismatch", "MessageNotFound", "QueueNotFound", "QueueBeingDeleted"})


@dataclass(frozen=True, slots=True)
class Received:
    """A message under lease: its text as it is stored, and the receipt that owns it for now."""

    id: str
    receipt: str
    text: str
    dequeue_count: int
    inserted: datetime
    expires: datetime
    visible_again: datetime


class StorageQueue:
    """One queue. Blocking; every call raises azure.core's AzureError while storage is away."""

    def __init__(self, connection: str, name: str) -> None:
        """Raise ValueError when the connection string is malformed. Asks nothing yet."""
        # No retries of its own: the listener's back-off is the one that shows and stops.
        self._client = QueueClient.from_connection_string(
            connection, name, retry_total=0, connection_timeout=5, read_timeout=30
        )
        self._connection = connection
        self.name = name

    @property
    def address(self) -> str:
        """Where the queue is, without key or signature."""
        parts = urlsplit(self._client.primary_endpoint)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"

    @property
    def poison(self) -> "StorageQueue | None":
        """Where this queue's hopeless messages go; a poison queue's own go nowhere."""
        if self.name.endswith(POISON_SUFFIX):
            return None
        return StorageQueue(self._connection, self.name + POISON_SUFFIX)

    def create(self) -> None:
        """Create the queue unless it is there."""
        try:
            self._client.create_queue()
        except ResourceExistsError:
            return

    def receive(self, limit: int, lease_seconds: int) -> list[Received]:
        """Up to limit (1 to 32) visible messages, invisible to others for the lease.

        A queue that somebody deleted is created again and counts as empty.
        """
        try:
            with first_alone("received"):
                messages = self._client.receive_messages(
                    messages_per_page=limit, max_messages=limit, visibility_timeout=lease_seconds
                )
                return list(_received(messages))
        except ResourceNotFoundError:
            self.create()
            return []

    def hide(self, message_id: str, receipt: str, seconds: int) -> str | None:
        """Make a message visible `seconds` from now; its new receipt, None when it is not ours."""
        try:
            updated = self._client.update_message(message_id, receipt, visibility_timeout=seconds)
        except HttpResponseError as error:
            if _is_stale(error):
                return None
            raise
        return str(updated.pop_receipt)

    def delete(self, message_id: str, receipt: str) -> bool:
        """Delete a message; False when it is not ours any more."""
        try:
            self._client.delete_message(message_id, receipt)
        except HttpResponseError as error:
            if _is_stale(error):
                return False
            raise
        return True

    def send(self, text: str) -> None:
        """Put a text in as it is, creating the queue when needed."""
        try:
            self._put(text)
        except ResourceNotFoundError:
            self.create()
            self._put(text)

    def _put(self, text: str) -> None:
        with first_alone("sent"):
            self._client.send_message(text)


def _received(messages: Iterable[Any]) -> Iterable[Received]:
    # Any: the SDK types each field as optional, and a received message has them all.
    for message in messages:
        yield Received(
            id=message.id,
            receipt=message.pop_receipt,
            text=message.content,
            dequeue_count=message.dequeue_count,
            inserted=message.inserted_on,
            expires=message.expires_on,
            visible_again=message.next_visible_on,
        )


def _is_stale(error: HttpResponseError) -> bool:
    return getattr(error, "error_code", None) in _STALE


def one_line(error: AzureError) -> str:
    """An error of Storage for a log line, without the address: that may hold a signature."""
    if isinstance(error, HttpResponseError):
        return f"HTTP {error.status_code} {getattr(error, 'error_code', None) or error.reason}"
    cause = re.search(r"\[Errno -?\d+\] ([\w ]+)", str(error))
    return cause[1] if cause else type(error).__name__
