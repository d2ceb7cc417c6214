"""The app's Storage account, by connection string or by identity."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.storage.queue import LinearRetry, QueueServiceClient
from pydantic import SecretStr

from ingestion_core.credentials import Identity, credential
from ingestion_core.errors import Unprepared

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient

_NO_STRING = "AzureWebJobsStorage is not a Storage connection string"


@dataclass(frozen=True, slots=True)
class Account:
    """Where the account is and who we are there.

    Args:
        connection_string: with a key; the rest does not count where there is one.
        queues, blobs: addresses of the account's services.
        identity, client_id: see ``credentials``.
    """

    connection_string: SecretStr | None = None
    queues: str | None = None
    blobs: str | None = None
    identity: Identity = "default"
    client_id: str | None = None

    def queue_service(self) -> QueueServiceClient:
        """A client of the account's queues.

        Raises:
            Unprepared: the settings lead to none.
        """
        # The SDK's own retries would sleep for 40 s; the rows remember what was not sent.
        options: dict[str, Any] = {
            "retry_policy": LinearRetry(backoff=1, retry_total=2, random_jitter_range=0),
            "connection_timeout": 5,
            "read_timeout": 10,
        }
        if self.connection_string is None:
            return QueueServiceClient(
                _address(self.queues, "queueServiceUri"),
                credential(self.identity, self.client_id),
                **options,
            )
        try:
            return QueueServiceClient.from_connection_string(
                self.connection_string.get_secret_value(), **options
            )
        except ValueError:
            raise Unprepared(_NO_STRING) from None

    def blob(self, container: str, name: str, **options: Any) -> "BlobClient":
        """A client of one blob.

        Raises:
            Unprepared: the settings lead to none.
        """
        # Here, for hardly any process needs it: only one whose archive is a blob.
        from azure.storage.blob import BlobClient

        if self.connection_string is None:
            return BlobClient(
                _address(self.blobs, "blobServiceUri"),
                container,
                name,
                credential=credential(self.identity, self.client_id),
                **options,
            )
        try:
            return BlobClient.from_connection_string(
                self.connection_string.get_secret_value(), container, name, **options
            )
        except ValueError:
            raise Unprepared(_NO_STRING) from None


def _address(found: str | None, setting: str) -> str:
    if found is None:
        raise Unprepared(f"settings: AzureWebJobsStorage__{setting}: is not set")
    return found
