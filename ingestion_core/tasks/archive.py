"""The archive as the tasks see it: opened where ``ARCHIVE_URL`` says, read once per import."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import SecretStr

from ingestion_core.errors import ArchiveMissing, Dropped, Unprepared
from ingestion_core.settings import Settings
from ingestion_core.sources.ergast.archive import Archive, opened, over_https
from ingestion_core.sources.ergast.streams import Capped
from ingestion_core.sources.http import HttpClient
from ingestion_core.tasks.app import USER_AGENT, App
from ingestion_core.telemetry import tell
from ingestion_core.work import blobs
from ingestion_core.work.items import Item

log = logging.getLogger(__name__)

#: A payload's word for when the import was asked for: an earlier reading is not good enough.
ASKED_AT = "asked_at"
#: How long, in seconds, an address may leave us without a byte.
_SILENCE = 30.0

T = TypeVar("T")


def address(settings: Settings) -> str:
    """Where the archive is.

    Raises:
        Unprepared: names the setting.
    """
    if settings.archive_url is None:
        raise Unprepared(
            "settings: ARCHIVE_URL is not set: it names the archive, a folder, a file,"
            " an https address or blob:container/name"
        )
    return settings.archive_url.get_secret_value()


class Shelf(Generic[T]):
    """What was read of the archive, kept for the process's life; or why it could not be read.

    Whoever asks for the archive later than this was asked for has it read again: it may be another
    by now. All items of one import were asked for together, hence one reading.

    Args:
        read: what to make of the opened archive.
    """

    def __init__(self, read: Callable[[Archive], T]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._kept: _Kept[T] | None = None

    def get(self, app: App, item: Item) -> T:
        """What is in the archive; several threads at once wait for one reading.

        Raises:
            ArchiveUnreadable, ArchiveMissing: to every item of the import alike.
            Deferred: the archive's address does not answer for now.
        """
        where = app.settings.archive_url
        asked_at = datetime.fromisoformat(item.payload[ASKED_AT])
        with self._lock:
            kept = self._kept
            if kept is None or kept.where != where or kept.asked_at < asked_at:
                self._kept = None  # first: two of them need not be in memory at once
                kept = self._kept = _Kept(where, asked_at, self._attempt(app))
        if isinstance(kept.found, Dropped):
            raise kept.found.with_traceback(None)
        return kept.found

    def _attempt(self, app: App) -> T | Dropped:
        began = time.monotonic()
        try:
            with opening(app) as archive:
                found = self._read(archive)
        except Dropped as dropped:
            tell(log, logging.ERROR, "archive", {"error": dropped.told})
            return dropped
        tell(log, logging.INFO, "archive", {"seconds": time.monotonic() - began})
        return found


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    where: SecretStr | None
    asked_at: datetime
    found: T | Dropped


@contextmanager
def opening(app: App) -> Iterator[Archive]:
    """The app's archive, opened.

    Raises:
        ArchiveMissing, ArchiveUnreadable, Deferred: see ``Shelf.get``.
    """

    def https(url: str, into: Capped) -> datetime | None:
        with closing(HttpClient(app.archive_gate, _SILENCE, USER_AGENT)) as client:
            try:
                return over_https(client)(url, into)
            except ValueError:
                raise Unprepared("ARCHIVE_URL: is no https address") from None

    def blob(name: str, into: Capped) -> datetime | None:
        return blobs.fetch(app.account, name, into)

    try:
        with opened(address(app.settings), https=https, blob=blob) as archive:
            yield archive
    except Unprepared as error:
        raise ArchiveMissing(str(error)) from None
