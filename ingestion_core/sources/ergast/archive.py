"""Where the archive lies and which files it has; nothing outside it is ever read."""

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from io import BufferedReader
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Final, cast

from ingestion_core.errors import ArchiveUnreadable, Unprepared
from ingestion_core.sources.ergast.streams import (
    Capped,
    Limits,
    Opener,
    Reread,
    check_size,
    guarded,
)
from ingestion_core.sources.http import HttpClient

_MAX_MEMBERS: Final = 1000
_IN_MEMORY: Final = 16 * 1024 * 1024

BLOB: Final = "blob:"
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_EMPTY_ZIP: Final = b"PK\x05\x06"

#: Writes what an address names into a file and returns when that was last changed, if it is said.
#: For https the address is the URL, for a blob ``container/name``.
Fetch = Callable[[str, Capped], datetime | None]


@dataclass(frozen=True, slots=True)
class File:
    """One file of the archive, opened anew for each reading; ``name`` is for errors."""

    name: str
    modified: datetime
    open: Callable[[], BufferedReader] = field(repr=False)

    @property
    def stem(self) -> str:
        """The file's name without folders and suffixes."""
        return self.name.rsplit("/", 1)[-1].split(".", 1)[0]


@dataclass(frozen=True, slots=True)
class Archive:
    """The files to read: a CSV per table, or one ``dump``.

    ``observed_at`` is the newest date of any of them: what the archive says, it says of that day,
    whenever it is imported.
    """

    files: tuple[File, ...]
    dump: bool

    @property
    def observed_at(self) -> datetime:
        return max(file.modified for file in self.files)


@contextmanager
def opened(where: str, https: Fetch | None = None, blob: Fetch | None = None) -> Iterator[Archive]:
    """The archive that ``ARCHIVE_URL`` names, for as long as the context lasts.

    Args:
        where: a folder, a file (.zip, .sql, .sql.gz), an https address of such a file, or
            ``blob:container/name`` in the app's Storage account.
        https: how to fetch an address, see ``over_https``.
        blob: how to fetch a blob.

    Raises:
        Unprepared: ``where`` has another form, names nothing, or nobody can fetch it.
        ArchiveUnreadable: what is there is no archive, or not a safe one.
        Deferred: the address does not answer for now.
    """
    with ExitStack() as stack:
        if where.startswith(BLOB):
            yield _fetched(stack, where.removeprefix(BLOB), blob)
        elif where.startswith("https://"):
            yield _fetched(stack, where, https)
        elif "://" in where or not where.strip():
            raise Unprepared("ARCHIVE_URL: is no folder, file, https address or blob")
        else:
            yield _on_disk(stack, Path(where))


def over_https(client: HttpClient) -> Fetch:
    """Fetching through the gate of the archive's source."""

    def fetch(address: str, into: Capped) -> datetime:
        answer = client.download(address, into)
        if answer.status != HTTPStatus.OK:
            raise ArchiveUnreadable(_shown(address), f"the address answers {answer.status}")
        client.understood(answer)
        return answer.modified or answer.observed_at

    return fetch


def _shown(address: str) -> str:
    """The last part of an address: the rest may hold a signature."""
    return address.split("?", 1)[0].split("#", 1)[0].rstrip("/").rsplit("/", 1)[-1]


def _fetched(stack: ExitStack, address: str, fetch: Fetch | None) -> Archive:
    if fetch is None:
        raise Unprepared("ARCHIVE_URL: nothing here can fetch an archive from such an address")
    spooled = stack.enter_context(SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 -- closed by the stack
    file = cast("BinaryIO", spooled)  # which it is, though not declared so
    name = _shown(address)
    modified = fetch(address, Capped(file, name))
    return _of_file(stack, file, name, modified or datetime.now(UTC))


def _on_disk(stack: ExitStack, path: Path) -> Archive:
    try:
        if path.is_dir():
            return _folder(path)
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return _of_file(stack, stack.enter_context(path.open("rb")), path.name, modified)
    except (FileNotFoundError, NotADirectoryError):
        raise Unprepared("ARCHIVE_URL: there is no such folder or file") from None
    except (OSError, ValueError) as error:
        raise Unprepared(f"ARCHIVE_URL: can't be opened ({type(error).__name__})") from None


def _folder(folder: Path) -> Archive:
    files = []
    for path in sorted(folder.iterdir()):
        if not path.name.lower().endswith((".csv", ".sql", ".sql.gz")):
            continue
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ArchiveUnreadable(path.name, "leads out of the archive")
        if path.is_file():
            stat = path.stat()
            modified = datetime.fromtimestamp(stat.st_mtime, UTC)
            files.append((path.name, modified, stat.st_size, _opener(path)))
    return _archive(folder.name, files)


def _opener(path: Path) -> Opener:
    return lambda: path.open("rb")


def _of_file(stack: ExitStack, file: BinaryIO, name: str, modified: datetime) -> Archive:
    """A file by what it begins with: an address need not end in a suffix."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    start = file.read(4)
    if start in (_ZIP, _EMPTY_ZIP):
        return _zipped(stack, file, name, size)
    suffix = ".sql.gz" if start.startswith(_GZIP) else ".sql"

    return _archive(name, [(name.split(".", 1)[0] + suffix, modified, size, lambda: Reread(file))])


def _zipped(stack: ExitStack, file: BinaryIO, name: str, size: int) -> Archive:
    try:
        packed = stack.enter_context(zipfile.ZipFile(file))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise ArchiveUnreadable(name, f"is no readable zip ({type(error).__name__})") from None
    members = packed.infolist()
    if len(members) > _MAX_MEMBERS:
        raise ArchiveUnreadable(name, f"has more than {_MAX_MEMBERS} members")
    for member in members:
        # As it stands in the file: zipfile has already made slashes of backslashes, and cut at NUL.
        _check_name(name, member.orig_filename)
    unpacked = sum(member.file_size for member in members)
    check_size(name, unpacked, size)
    files = []
    for member in members:
        path = member.filename
        hidden = any(part.startswith((".", "__")) for part in path.split("/"))
        if hidden or not path.lower().endswith((".csv", ".sql", ".sql.gz")):
            continue
        try:
            modified = datetime(*member.date_time, tzinfo=UTC)
        except ValueError:  # a member without a date: zeros
            modified = datetime(1980, 1, 1, tzinfo=UTC)
        files.append((path, modified, member.file_size, _member(packed, member)))
    return _archive(name, files)


def _member(packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> Opener:
    return lambda: packed.open(member)


def _check_name(archive: str, name: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or ":" in parts[0] or "\0" in name:
        raise ArchiveUnreadable(archive, "a member's path leaves the archive")


def _archive(name: str, found: Sequence[tuple[str, datetime, int, Opener]]) -> Archive:
    """The CSV files if there are any, else the one dump."""
    tables = [one for one in found if one[0].lower().endswith(".csv")]
    if not tables and len(found) != 1:
        what = "several dumps" if found else "neither CSV tables nor a dump"
        raise ArchiveUnreadable(name, f"holds {what}")
    limits = Limits()
    return Archive(
        tuple(
            File(path, modified, guarded(path, size, opener, limits))
            for path, modified, size, opener in tables or found
        ),
        dump=not tables,
    )
