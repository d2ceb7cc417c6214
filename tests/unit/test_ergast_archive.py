"""Where the archive may lie, how old it is, and what is refused before a row of it is read."""

import gzip
import io
import os
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_httpx import HTTPXMock

from ingestion_core.errors import ArchiveUnreadable, SourceFailing, Unprepared
from ingestion_core.sources.ergast import streams
from ingestion_core.sources.ergast.archive import Fetch, opened, over_https
from ingestion_core.sources.ergast.library import Library, read_library
from ingestion_core.sources.ergast.streams import Capped
from ingestion_core.sources.http import HttpClient
from tests.support import archives
from tests.support.gates import ENTERED, OpenGate

URL = "https://archive.test/f1/f1db_csv.zip?signature=secret"
IN_THE_ZIP = datetime(2024, 12, 9, 10, 20, 30, tzinfo=UTC)
BOMB = b"0" * (8 * streams.MiB)


def csv_members(folder: str = "") -> dict[str, str | bytes]:
    """The made-up archive as members of a zip."""
    return {
        f"{folder}{table}.csv": archives.csv_text(table, rows)
        for table, rows in archives.tables().items()
    }


def library(where: Path | str, https: Fetch | None = None, blob: Fetch | None = None) -> Library:
    """Read what is there."""
    with opened(str(where), https, blob) as archive:
        return read_library(archive)


def is_whole(read: Library) -> bool:
    """Whether everything of the made-up archive is there."""
    return len(read.drivers) == 3 and sorted(read.races) == [2019, 2023] and not read.unreadable


@pytest.fixture
def client() -> Iterator[HttpClient]:
    """A client whose gate is open."""
    opened_client = HttpClient(OpenGate(), timeout=20, user_agent="tests")
    yield opened_client
    opened_client.close()


def test_a_folder_is_as_old_as_its_newest_file(tmp_path: Path) -> None:
    """What it says, it says of that day, whenever it is imported."""
    folder = archives.write_csv(tmp_path / "csv", archives.tables())
    for place, path in enumerate(sorted(folder.iterdir())):
        os.utime(path, (1_700_000_000 + place, 1_700_000_000 + place))
    read = library(folder)
    assert is_whole(read)
    assert read.observed_at == datetime.fromtimestamp(1_700_000_007, UTC)


@pytest.mark.parametrize("folder", ["", "f1db_csv/"])
def test_a_zip_is_as_old_as_its_newest_member(tmp_path: Path, folder: str) -> None:
    """Its tables may lie in a folder; what a desktop put beside them is passed over."""
    members = csv_members(folder) | {
        "__MACOSX/races.csv": "x",
        "._races.csv": "x",
        "readme.txt": "x",
    }
    read = library(archives.write_zip(tmp_path / "any", members))
    assert is_whole(read)
    assert read.observed_at == IN_THE_ZIP


@pytest.mark.parametrize("name", ["f1.sql", "f1.sql.gz", "whatever", "in a folder/f1.sql.gz"])
def test_a_dump_may_be_packed(tmp_path: Path, name: str) -> None:
    """It is told by its first bytes, not by its name; a folder may hold it, too."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    text = archives.dump_text(archives.tables()).encode()
    path.write_bytes(gzip.compress(text) if "gz" in name else text)
    assert is_whole(library(path if path.parent == tmp_path else path.parent))


def test_a_zip_may_hold_a_packed_dump(tmp_path: Path) -> None:
    """As it is published in places."""
    packed = gzip.compress(archives.dump_text(archives.tables()).encode())
    assert is_whole(library(archives.write_zip(tmp_path / "f1.zip", {"f1db.sql.gz": packed})))


def test_a_blob_is_handed_in(tmp_path: Path) -> None:
    """By whoever knows the Storage account; without a date it is as old as this moment."""
    asked: list[str] = []
    packed = archives.write_zip(tmp_path / "f1.zip", csv_members()).read_bytes()

    def fetch(address: str, into: Capped) -> None:
        asked.append(address)
        into.write(packed[:100])
        into.write(packed[100:])

    assert is_whole(library("blob:archives/2024/f1.zip", blob=fetch))
    assert asked == ["archives/2024/f1.zip"]


def test_an_address_is_fetched_through_the_gate(
    tmp_path: Path, client: HttpClient, httpx_mock: HTTPXMock
) -> None:
    """A dump is as old as the address says."""
    dump = archives.dump_text(archives.tables()).encode()
    httpx_mock.add_response(
        url=URL, content=dump, headers={"Last-Modified": "Mon, 09 Dec 2024 11:00:00 +0100"}
    )
    read = library(URL, over_https(client))
    assert is_whole(read)
    assert read.observed_at == datetime(2024, 12, 9, 10, tzinfo=UTC)
    assert isinstance(client.gate, OpenGate)
    assert (client.gate.entered, client.gate.told) == (1, ["well"])


def test_an_address_that_does_not_say_its_date_is_as_old_as_the_request(
    client: HttpClient, httpx_mock: HTTPXMock
) -> None:
    """By the database's clock."""
    httpx_mock.add_response(content=archives.dump_text(archives.tables()).encode())
    assert library(URL, over_https(client)).observed_at == ENTERED


def test_an_address_without_archive_is_named_without_its_signature(
    client: HttpClient, httpx_mock: HTTPXMock
) -> None:
    """The error's text ends up in a run and in logs."""
    httpx_mock.add_response(status_code=404, content=b"no")
    with pytest.raises(ArchiveUnreadable, match=r"^f1db_csv\.zip: the address answers 404$"):
        library(URL, over_https(client))


def test_a_failing_address_defers_the_import(client: HttpClient, httpx_mock: HTTPXMock) -> None:
    """As with any source."""
    httpx_mock.add_response(status_code=503)
    with pytest.raises(SourceFailing, match="http-503"):
        library(URL, over_https(client))


def test_an_endless_download_ends_at_the_limit(
    monkeypatch: pytest.MonkeyPatch, client: HttpClient, httpx_mock: HTTPXMock
) -> None:
    """Before it fills the disk."""
    monkeypatch.setattr(streams, "MAX_UNPACKED", 2 * streams.MiB)
    httpx_mock.add_response(content=BOMB)
    with pytest.raises(ArchiveUnreadable, match="is larger than 2 MiB"):
        library(URL, over_https(client))


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("", "is no folder"),
        ("ftp://archive.test/f1.zip", "is no folder"),
        ("http://archive.test/f1.zip", "is no folder"),
        ("no such folder", "there is no such folder or file"),
        ("https://archive.test/f1.zip", "nothing here can fetch"),
        ("blob:archives/f1.zip", "nothing here can fetch"),
        ("a\0b", "can't be opened"),
    ],
)
def test_a_wrong_setting_is_named(where: str, why: str) -> None:
    """It is the setting that is wrong, not an archive."""
    with pytest.raises(Unprepared, match=f"^ARCHIVE_URL: {why}"):
        library(where)


@pytest.mark.parametrize(
    "name", ["../races.csv", "a/../../races.csv", "/etc/races.csv", "..\\races.csv", "c:/races.csv"]
)
def test_a_path_that_leaves_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    """Though nothing is ever unpacked to a disk: who writes such a path means harm."""
    path = archives.write_zip(tmp_path / "f1.zip", csv_members() | {name: "x"})
    with pytest.raises(ArchiveUnreadable, match=r"f1\.zip: a member's path leaves the archive"):
        library(path)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A table must not be a file of somebody else's."""
    folder = archives.write_csv(tmp_path / "csv", archives.tables())
    (folder / "races.csv").rename(tmp_path / "elsewhere")
    (folder / "races.csv").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ArchiveUnreadable, match=r"races\.csv: leads out of the archive"):
        library(folder)


def test_a_zip_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    """By the ratio, which is named; a table is a sixth of itself at best."""
    path = archives.write_zip(tmp_path / "f1.zip", csv_members() | {"lap_times.csv": BOMB})
    with pytest.raises(ArchiveUnreadable, match=r"f1\.zip: unpacks to more than 100 times"):
        library(path)


def test_a_zip_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All members together, read or not."""
    monkeypatch.setattr(streams, "MAX_UNPACKED", 2 * streams.MiB)
    noise = os.urandom(streams.MiB + 1)
    path = archives.write_zip(tmp_path / "f1.zip", csv_members() | {"a.bin": noise, "b": noise})
    with pytest.raises(ArchiveUnreadable, match="unpacks to more than 2 MiB"):
        library(path)


def test_a_packed_dump_stops_at_the_ratio(tmp_path: Path) -> None:
    """A gzip file does not say how large it will be: it is stopped on the way."""
    path = tmp_path / "f1.sql.gz"
    path.write_bytes(gzip.compress(b"SET a=" + BOMB * 4 + b";"))
    with pytest.raises(ArchiveUnreadable, match="unpacks to more than 100 times its size"):
        library(path)


def test_a_folder_of_endless_tables_stops_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is for all files together."""
    monkeypatch.setattr(streams, "MAX_UNPACKED", 800)
    folder = archives.write_csv(tmp_path / "csv", archives.tables())
    with pytest.raises(ArchiveUnreadable, match="unpacks to more than 0 MiB"):
        library(folder)


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    """Its end is missing, or a member's bytes are wrong."""
    content = bytearray(archives.write_zip(tmp_path / "f1.zip", csv_members()).read_bytes())
    (tmp_path / "cut.zip").write_bytes(content[:-200])
    with pytest.raises(ArchiveUnreadable, match=r"cut\.zip: is no readable zip"):
        library(tmp_path / "cut.zip")
    content[60:90] = bytes(30)
    (tmp_path / "wrong.zip").write_bytes(content)
    with pytest.raises(ArchiveUnreadable, match=r"circuits\.csv: can't be unpacked"):
        library(tmp_path / "wrong.zip")


def test_a_locked_zip_is_refused(tmp_path: Path) -> None:
    """Nobody is asked for a password."""
    path = archives.write_zip(tmp_path / "f1.zip", csv_members())
    content = bytearray(path.read_bytes())
    # Bit 0 of the flags, in the central directory and in every member's own header.
    for start, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        for found in re.finditer(re.escape(start), bytes(content)):
            content[found.start() + at] |= 1
    path.write_bytes(content)
    with pytest.raises(ArchiveUnreadable, match=r"can't be unpacked \(RuntimeError\)"):
        library(path)


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"readme.txt": "x"}, "holds neither CSV tables nor a dump"),
        ({"a.sql": "x", "b.sql": "x"}, "holds several dumps"),
        (csv_members() | {"old/races.csv": "x"}, "table races is there twice"),
        (csv_members() | {"Races.csv": "x"}, "table races is there twice"),
    ],
)
def test_an_archive_of_which_nobody_can_tell_what_to_read_is_refused(
    tmp_path: Path, members: dict[str, str | bytes], why: str
) -> None:
    """Nothing is guessed."""
    with pytest.raises(ArchiveUnreadable, match=why):
        library(archives.write_zip(tmp_path / "f1.zip", members))


def test_too_many_members_are_refused(tmp_path: Path) -> None:
    """A list of a million names is a bomb, too."""
    members: dict[str, str | bytes] = {f"{number}.txt": "" for number in range(1001)}
    with pytest.raises(ArchiveUnreadable, match="has more than 1000 members"):
        library(archives.write_zip(tmp_path / "f1.zip", members))


def test_names_of_an_older_set_are_known(tmp_path: Path) -> None:
    """MySQL's camel case in CSV files."""
    members = csv_members()
    members["sprintResults.csv"] = members.pop("sprint_results.csv")
    assert is_whole(library(archives.write_zip(tmp_path / "f1.zip", members)))


def test_a_zip_is_never_unpacked_to_the_disk(tmp_path: Path) -> None:
    """It is read as it lies."""
    path = archives.write_zip(tmp_path / "f1.zip", csv_members())
    before = path.read_bytes()
    library(path)
    assert [one.name for one in tmp_path.iterdir()] == ["f1.zip"]
    assert path.read_bytes() == before
    assert zipfile.is_zipfile(io.BytesIO(before))
