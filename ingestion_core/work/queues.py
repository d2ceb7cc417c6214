"""Sending: the only place that writes to Storage queues."""

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline import PipelineResponse
from azure.storage.queue import QueueClient, QueueServiceClient, TextBase64EncodePolicy

from ingestion_core.work.account import Account
from ingestion_core.work.first_answers import first_alone
from ingestion_core.work.messages import Message

log = logging.getLogger(__name__)

#: Which queue carries which task; all results go through one, which only exists where they are
#: opted into. The poison queues have the same names with ``-poison``.
QUEUES: Mapping[str, str] = {
    "discover_year": "years",
    "sync_meeting": "meetings",
    "import_season": "archive-seasons",
    "load_results": "results",
    "load_season_results": "results",
    "read_page": "wiki-pages",
    "load_page_results": "results",
}

#: What the host adds to a queue's name where it puts what it gave up on.
POISON = "-poison"

#: A message lives until it is handled: the timetable of a long backfill outlasts the default week.
NEVER = -1


@dataclass(frozen=True, slots=True)
class Letter:
    """A message and how long it stays invisible: whole seconds."""

    queue: str
    message: Message
    visibility: int


class Queues:
    """The queues of one Storage account; clients are made when first needed and kept."""

    def __init__(self, account: Account) -> None:
        self._of = account
        self._clients: dict[str, QueueClient] = {}
        self._lock = threading.Lock()
        self._service: QueueServiceClient | None = None

    def send(self, letters: Iterable[Letter]) -> None:
        """Send; a queue that is missing is made.

        Raises:
            AzureError: the storage can't be reached. What was not sent is sent again by a later
                release, since the items' rows say when their messages were due.
        """
        for letter in letters:
            try:
                self._post(letter)
            except ResourceNotFoundError:
                self._create(letter.queue)
                self._post(letter)

    def reach(self) -> datetime | None:
        """Ask the storage for anything at all; when it answered by its own clock, if it says so.

        Raises:
            AzureError: it does not answer.
        """
        dates: list[str | None] = []

        def note(answer: PipelineResponse[Any, Any]) -> None:
            dates.append(answer.http_response.headers.get("Date"))

        with first_alone("queues"):
            queues = self._account().list_queues(results_per_page=1, raw_response_hook=note)
            next(iter(queues), None)
        return parsedate_to_datetime(dates[0]) if dates and dates[0] else None

    def lengths(self) -> dict[str, int]:
        """Roughly how many messages each of our queues holds, those of dead letters as well.

        One that nothing was ever sent to is not there. Raises as ``reach``.
        """
        ours = {f"{name}{end}" for name in QUEUES.values() for end in ("", POISON)}
        account, found = self._account(), {}
        with first_alone("queues"):
            there = {one.name for one in account.list_queues()}
        for name in sorted(ours & there):
            with account.get_queue_client(name) as queue:
                found[name] = queue.get_queue_properties().approximate_message_count or 0
        return found

    def close(self) -> None:
        """Close every client."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
            if self._service is not None:
                self._service.close()
                self._service = None

    def _post(self, letter: Letter) -> None:
        client, body = self._client(letter.queue), letter.message.body()
        with first_alone("sent"):
            client.send_message(body, visibility_timeout=letter.visibility, time_to_live=NEVER)

    def _create(self, name: str) -> None:
        try:
            self._client(name).create_queue()
        except ResourceExistsError:
            # Another instance made it between our two calls.
            log.debug("queue %s was made by another instance", name)

    def _client(self, name: str) -> QueueClient:
        with self._lock:
            if name not in self._clients:
                self._clients[name] = self._open().get_queue_client(
                    # The SDK encodes nothing by default, the host expects base64.
                    name,
                    message_encode_policy=TextBase64EncodePolicy(),
                )
            return self._clients[name]

    def _account(self) -> QueueServiceClient:
        with self._lock:
            return self._open()

    def _open(self) -> QueueServiceClient:
        if self._service is None:
            self._service = self._of.queue_service()
        return self._service


__all__ = ["QUEUES", "AzureError", "Letter", "Queues"]
