"""Reading blobs of the app's Storage account."""

from datetime import datetime
from typing import Protocol

from azure.core.exceptions import ResourceNotFoundError

from ingestion_core.errors import Unprepared
from ingestion_core.work.account import Account

#: What is in memory at a time, in bytes.
_PART = 4 * 1024 * 1024


class Sink(Protocol):
    """Where a blob goes; what it raises ends the reading and is raised."""

    def write(self, data: bytes) -> object: ...


def fetch(account: Account, address: str, into: Sink) -> datetime | None:
    """Write a blob as it comes; when it was last changed.

    Args:
        account: the app's Storage account.
        address: ``container/name``; a name may hold slashes.
        into: takes the bytes.

    Raises:
        Unprepared: the address has another form, or there is no such blob or account.
        AzureError: the storage does not answer.
    """
    # Here, for hardly any process needs it: only one whose archive is a blob.
    from azure.storage.blob import LinearRetry

    container, _, name = address.partition("/")
    if not (container and name):
        raise Unprepared("ARCHIVE_URL: a blob is named by 'blob:container/name'")
    client = account.blob(
        container,
        name,
        retry_policy=LinearRetry(backoff=1, retry_total=2, random_jitter_range=0),
        connection_timeout=5,
        read_timeout=30,
        max_single_get_size=_PART,
        max_chunk_get_size=_PART,
    )
    with client:
        try:
            blob = client.download_blob(max_concurrency=1)
        except ResourceNotFoundError:
            raise Unprepared("ARCHIVE_URL: there is no such blob in the Storage account") from None
        for part in blob.chunks():
            into.write(part)
        return blob.properties.last_modified
