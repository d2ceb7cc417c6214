"""An archive in a blob of the app's Storage account, on a real one."""

import io
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from azure.core.exceptions import AzureError
from azure.storage.blob import ContainerClient
from pydantic import SecretStr

from ingestion_core.errors import ArchiveMissing, ArchiveUnreadable, Unprepared
from ingestion_core.sources.ergast import streams
from ingestion_core.sources.ergast.library import read_library
from ingestion_core.tasks.app import App
from ingestion_core.tasks.archive import opening
from ingestion_core.work import blobs
from ingestion_core.work.account import Account
from tests.support.apps import app_with
from tests.support.archives import csv_text, dump_text, tables, write_zip


@pytest.fixture
def container(azurite: str) -> Iterator[ContainerClient]:
    """A container of this test alone."""
    name = f"archives-{uuid4().hex}"
    with ContainerClient.from_connection_string(azurite, name) as client:
        client.create_container()
        yield client
        client.delete_container()


def app_of(azurite: str, where: str) -> App:
    """An app with its archive in a blob; it opens no database."""
    return app_with("dbname=none", azurite, archive_url=f"blob:{where}")


def test_a_zip_in_a_blob_is_an_archive(
    azurite: str, container: ContainerClient, tmp_path: Path
) -> None:
    """Its seasons, and the zip's own dates."""
    members = {f"{table}.csv": csv_text(table, rows) for table, rows in tables().items()}
    packed = write_zip(tmp_path / "f1.zip", members)
    container.upload_blob("sets/2024/f1.zip", packed.read_bytes())
    where = f"{container.container_name}/sets/2024/f1.zip"
    with opening(app_of(azurite, where)) as archive:
        library = read_library(archive)
    assert set(library.races) == {2019, 2023}
    assert library.observed_at == datetime(2024, 12, 9, 10, 20, 30, tzinfo=UTC)


def test_a_dump_in_a_blob_has_the_blobs_own_date(azurite: str, container: ContainerClient) -> None:
    """When it was put there."""
    container.upload_blob("f1db.sql", dump_text(tables()).encode())
    with opening(app_of(azurite, f"{container.container_name}/f1db.sql")) as archive:
        assert set(read_library(archive).races) == {2019, 2023}
        assert timedelta(0) <= datetime.now(UTC) - archive.observed_at < timedelta(minutes=5)


def test_a_large_blob_comes_in_parts(
    azurite: str, container: ContainerClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Four megabytes a request: never the whole of it in memory at once."""
    content = bytes(9 * 1024 * 1024)
    container.upload_blob("large", content)
    parts: list[bytes] = []

    class Sink:
        def write(self, data: bytes) -> None:
            parts.append(data)

    with caplog.at_level(logging.INFO, "azure.core.pipeline.policies.http_logging_policy"):
        blobs.fetch(Account(SecretStr(azurite)), f"{container.container_name}/large", Sink())
    assert b"".join(parts) == content
    assert sum("Request method: 'GET'" in message for message in caplog.messages) == 3


def test_a_blob_larger_than_any_archive_is_refused_while_it_comes(
    azurite: str, container: ContainerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the same limit as everything else."""
    monkeypatch.setattr(streams, "MAX_UNPACKED", 1000)
    container.upload_blob("bomb.zip", bytes(2000))
    with (
        pytest.raises(ArchiveUnreadable, match=r"^bomb\.zip: is larger than"),
        opening(app_of(azurite, f"{container.container_name}/bomb.zip")),
    ):
        pass


@pytest.mark.parametrize("where", ["no-such-container/x.zip", "{container}/no-such-blob.zip"])
def test_a_blob_that_is_not_there_names_the_setting(
    azurite: str, container: ContainerClient, where: str
) -> None:
    """Container or blob: the address is wrong either way."""
    address = where.format(container=container.container_name)
    with (
        pytest.raises(ArchiveMissing, match="ARCHIVE_URL: there is no such blob"),
        opening(app_of(azurite, address)),
    ):
        pass


@pytest.mark.parametrize("address", ["", "container", "container/", "/name"])
def test_an_address_of_another_form_is_refused(azurite: str, address: str) -> None:
    """With the form that it must have."""
    with pytest.raises(Unprepared, match="'blob:container/name'"):
        blobs.fetch(Account(SecretStr(azurite)), address, io.BytesIO())


def test_a_storage_that_does_not_answer_is_no_fault_of_the_archive() -> None:
    """It raises, and the host delivers again."""
    nowhere = (
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;"
        "BlobEndpoint=http://127.0.0.1:9/a"
    )
    with pytest.raises(AzureError):
        blobs.fetch(Account(SecretStr(nowhere)), "container/name", io.BytesIO())
