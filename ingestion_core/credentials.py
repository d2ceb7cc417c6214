"""Identity instead of secrets: the only place that makes credentials of Azure.

azure-identity is loaded where a setting asks for an identity, and nowhere else.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

#: ``managedidentity``: the app's own, in Azure. ``default``: whatever this machine is signed in as
#: (environment, Azure CLI), for whoever works on the real account from a laptop.
Identity = Literal["managedidentity", "default"]

#: What a token for Azure Database for PostgreSQL is asked for.
_DATABASE_SCOPE = "https://ossrdbms-aad.database.windows.net/.default"


@functools.cache
def credential(identity: Identity, client_id: str | None = None) -> "TokenCredential":
    """A credential; it keeps its tokens and renews them before they expire.

    Args:
        identity: whose.
        client_id: which of several user-assigned identities; None where there is one.
    """
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if identity == "managedidentity":
        return ManagedIdentityCredential(client_id=client_id)
    return DefaultAzureCredential(managed_identity_client_id=client_id)


def database_password(identity: Identity, client_id: str | None = None) -> Callable[[], str]:
    """What gives the password of the next connection: a token, valid for an hour or so.

    A connection outlives the token that opened it, so only new ones need another.
    """

    def token() -> str:
        return credential(identity, client_id).get_token(_DATABASE_SCOPE).token

    return token
