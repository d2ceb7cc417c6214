"""Identity instead of secrets: the SDK's own credentials, against real servers that check them."""

import base64
import datetime as dt
import io
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.storage.blob import ContainerClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg import sql

from ingestion_core.credentials import credential
from ingestion_core.database.connection import open_pool
from ingestion_core.errors import Unprepared
from ingestion_core.settings import Settings
from ingestion_core.tasks.app import App
from ingestion_core.work import blobs
from ingestion_core.work.account import Account
from ingestion_core.work.messages import Message, parse
from ingestion_core.work.queues import Letter, Queues
from local.stack.azurite import Azurite
from local.stack.postgres import Postgres
from tests.support.identities import Identities, identity_endpoint

ROOT = Path(__file__).parents[2]


@pytest.fixture
def identities(monkeypatch: pytest.MonkeyPatch) -> Iterator[Identities]:
    """The app's identity, as Azure serves it."""
    with identity_endpoint(monkeypatch) as serving:
        yield serving


@pytest.fixture
def login(postgres: Postgres) -> Iterator[str]:
    """A login of the server that is let in by its password alone."""
    name = f"app_{uuid4().hex}"
    with psycopg.connect(postgres.conninfo(), autocommit=True) as db:
        db.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
        [(file,)] = db.execute("SHOW hba_file")
        rules = Path(file)
        before = rules.read_text()
        rules.write_text(f"local all {name} password\n{before}")
        db.execute("SELECT pg_reload_conf()")
        try:
            yield name
        finally:
            rules.write_text(before)
            db.execute("SELECT pg_reload_conf()")
            db.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def set_password(postgres: Postgres, login: str, password: str) -> None:
    """What Entra's plug-in of the real server does: only this token is good."""
    with psycopg.connect(postgres.conninfo(), autocommit=True) as db:
        statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
        db.execute(statement.format(sql.Identifier(login), sql.Literal(password)))


def test_a_connection_after_the_tokens_end_is_opened_with_a_new_one(
    postgres: Postgres, identities: Identities, login: str
) -> None:
    """The pool asks for a token per connection; what is open stays open; a good token is kept."""
    chosen = Settings.model_validate(
        {
            "database_url": f"{postgres.conninfo()} user={login}",
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
            "database_credential": "managedidentity",
            "database_client_id": "the-apps-own",
        }
    )
    password = App(chosen).database_password
    assert password is not None
    identities.valid_for = -1
    pool = open_pool(f"{postgres.conninfo()} user={login}", 5, password=password)
    # Each token is only known once it was given: it is made the login's password as it is.
    identities.given_to = partial(set_password, postgres, login)
    try:
        with pool.connection() as one:
            identities.valid_for = 3600
            with pool.connection() as two:
                assert one.execute("SELECT session_user").fetchone() == (login,)
                assert two.execute("SELECT session_user").fetchone() == (login,)
                assert len(identities.given) == 2
                assert identities.given[0] != identities.given[1]
                with pool.connection() as three:
                    assert three.execute("SELECT session_user").fetchone() == (login,)
        assert len(identities.given) == 2
    finally:
        pool.close()
    [asked, _] = identities.asked
    assert asked["resource"] == ["https://ossrdbms-aad.database.windows.net"]
    assert asked["client_id"] == ["the-apps-own"]


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine's loopback address, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return public, private


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Azurite]:
    """A Storage account over https that understands tokens."""
    public, private = certificate(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(public))
    options = ("--oauth", "basic", "--cert", str(public), "--key", str(private))
    with Azurite(tmp_path / "azurite.log", options=options) as running:
        yield running


def account_of(azurite: Azurite) -> Account:
    return Account(
        queues=azurite.queues, blobs=azurite.blobs, identity="managedidentity", client_id="the-apps"
    )


def test_queues_and_blobs_are_reached_by_identity(
    guarded: Azurite, identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message is sent and a blob is read with the identity's token, and no key anywhere."""
    queues = Queues(account_of(guarded))
    queues.send([Letter("meetings", Message(item=7, release=1, key="1229"), 0)])
    queues.reach()
    queues.close()
    with account_of(guarded).queue_service() as service:
        [message] = service.get_queue_client("meetings").receive_messages()
    assert parse(base64.b64decode(message.content)).item == 7
    with ContainerClient(
        guarded.blobs, "archives", credential("managedidentity", "the-apps")
    ) as container:
        container.create_container()
        container.upload_blob("f1.zip", b"seventy-five seasons")
    into = io.BytesIO()
    blobs.fetch(account_of(guarded), "archives/f1.zip", into)
    assert into.getvalue() == b"seventy-five seasons"
    assert {one["client_id"][0] for one in identities.asked} == {"the-apps"}
    assert {one["resource"][0] for one in identities.asked} == {"https://storage.azure.com"}


def test_a_token_that_is_over_is_refused_and_says_no_more(
    guarded: Azurite, identities: Identities
) -> None:
    """So the account does check it."""
    identities.valid_for = -60
    with pytest.raises((ClientAuthenticationError, HttpResponseError)) as refused:
        Queues(account_of(guarded)).reach()
    assert identities.given
    assert not [token for token in identities.given if token in str(refused.value)]


def test_an_account_without_an_address_of_blobs_names_the_setting() -> None:
    """Only an archive in a blob needs it."""
    account = Account(queues="https://a.queue.core.windows.net")
    with pytest.raises(Unprepared, match="AzureWebJobsStorage__blobServiceUri"):
        account.blob("archives", "f1.zip")


def test_azure_identity_is_loaded_only_where_an_identity_is_used() -> None:
    """It would be half of a cold start."""
    script = (
        "import sys\n"
        "from ingestion_core.tasks.app import App\n"
        "from ingestion_core.settings import Settings\n"
        "chosen = {'database_url': 'dbname=none',"
        " 'AzureWebJobsStorage': 'UseDevelopmentStorage=true'}\n"
        "App(Settings.model_validate(chosen)).queues._open()\n"
        "assert 'azure.storage.queue' in sys.modules\n"
        "assert 'azure.identity' not in sys.modules and 'msal' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
