"""The archive's bytes, which stop at the limits whatever a header promised."""

import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, BinaryIO, Final

from ingestion_core.errors import ArchiveUnreadable

MiB: Final = 1024 * 1024
#: Everything, unpacked. The whole archive with all lap times is a tenth of it as a dump.
MAX_UNPACKED: Final = 512 * MiB
#: Unpacked to packed. Tables of numbers shrink to a sixth; a bomb to a thousandth.
MAX_RATIO: Final = 100
#: Below this size no ratio is suspicious.
_SMALL: Final = MiB

Opener = Callable[[], "IO[bytes] | io.RawIOBase"]


def check_size(name: str, unpacked: int, packed: int | None = None) -> None:
    """Refuse a bomb, naming the limit.

    Raises:
        ArchiveUnreadable: ``unpacked`` is more than any archive has, or far more than ``packed``.
    """
    if unpacked > MAX_UNPACKED:
        raise ArchiveUnreadable(name, f"unpacks to more than {MAX_UNPACKED // MiB} MiB")
    if packed is not None and unpacked > max(_SMALL, MAX_RATIO * packed):
        raise ArchiveUnreadable(name, f"unpacks to more than {MAX_RATIO} times its size")


@dataclass(slots=True)
class Limits:
    """How much was read so far of an archive's files: of each, its longest reading."""

    read: dict[str, int] = field(default_factory=dict)

    def spend(self, name: str, total: int) -> None:
        """Note that ``total`` bytes of a file were read."""
        self.read[name] = max(total, self.read.get(name, 0))
        check_size(name, sum(self.read.values()))


def guarded(
    name: str, size: int, opener: Opener, limits: Limits
) -> Callable[[], io.BufferedReader]:
    """Opening a file so that it is unpacked, bounded, and fails in our own words.

    Args:
        name: the file's; one that ends in .gz is unpacked.
        size: in bytes, as it lies there.
        opener: opens it plainly.
        limits: those of the whole archive.
    """

    def opening() -> io.BufferedReader:
        with _translated(name):
            plain = opener()
            if not name.lower().endswith(".gz"):
                return io.BufferedReader(_Guarded(plain, plain, name, None, limits))
            unpacked = gzip.GzipFile(fileobj=plain)
            return io.BufferedReader(_Guarded(unpacked, plain, name, size, limits))

    return opening


@contextmanager
def _translated(name: str) -> Iterator[None]:
    """What a damaged or a locked file can raise, in our own words."""
    try:
        yield
    except (
        *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError),
        *(NotImplementedError, RuntimeError),  # another compression, a password
    ) as error:
        raise ArchiveUnreadable(name, f"can't be unpacked ({type(error).__name__})") from None


class _Guarded(io.RawIOBase):
    def __init__(
        self,
        inner: IO[bytes] | io.RawIOBase | gzip.GzipFile,
        opened: IO[bytes] | io.RawIOBase,
        name: str,
        packed: int | None,
        limits: Limits,
    ) -> None:
        self._inner, self._opened = inner, opened
        self._name, self._packed, self._limits = name, packed, limits
        self._total = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _translated(self._name):
            data = self._inner.read(len(buffer)) or b""
        buffer[: len(data)] = data
        self._total += len(data)
        self._limits.spend(self._name, self._total)
        check_size(self._name, self._total, self._packed)
        return len(data)

    def close(self) -> None:
        self._inner.close()
        self._opened.close()  # a GzipFile leaves open what it was given
        super().close()


class Reread(io.RawIOBase):
    """One reading, from the start, of a file that outlives it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        file.seek(0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Capped:
    """Where to write what is fetched: no more than the largest archive."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name, self._written = file, name, 0

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            ArchiveUnreadable: these are too many.
        """
        self._written += len(data)
        if self._written > MAX_UNPACKED:
            raise ArchiveUnreadable(self._name, f"is larger than {MAX_UNPACKED // MiB} MiB")
        self._file.write(data)
