"""The archive's tables, row by row, whichever form they come in. Columns go by name.

A row is a tuple of texts in the order in which its columns were asked for; None is null. What
follows a column that is missing at a row's end is null too: newer sets have ragged rows.
"""

import csv
import hashlib
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from ingestion_core.errors import ArchiveUnreadable
from ingestion_core.sources.ergast.archive import Archive, File

#: The tables as documented, their columns in the order of the dumps.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "circuits": (
        *("circuitId", "circuitRef", "name", "location", "country"),
        *("lat", "lng", "alt", "url"),
    ),
    "constructors": ("constructorId", "constructorRef", "name", "nationality", "url"),
    "drivers": (
        *("driverId", "driverRef", "number", "code", "forename", "surname"),
        *("dob", "nationality", "url"),
    ),
    "races": (
        *("raceId", "year", "round", "circuitId", "name", "date", "time", "url"),
        *("fp1_date", "fp1_time", "fp2_date", "fp2_time", "fp3_date", "fp3_time"),
        *("quali_date", "quali_time", "sprint_date", "sprint_time"),
    ),
    "results": (
        *("resultId", "raceId", "driverId", "constructorId", "number", "grid"),
        *("position", "positionText", "positionOrder", "points", "laps", "time", "milliseconds"),
        *("fastestLap", "rank", "fastestLapTime", "fastestLapSpeed", "statusId"),
    ),
    "sprint_results": (
        *("resultId", "raceId", "driverId", "constructorId", "number", "grid"),
        *("position", "positionText", "positionOrder", "points", "laps", "time", "milliseconds"),
        *("fastestLap", "fastestLapTime", "statusId"),
        *("rank", "fastestLapSpeed"),  # only newer sets, if any: at the end, where they may lack
    ),
    "qualifying": (
        *("qualifyId", "raceId", "driverId", "constructorId", "number", "position"),
        *("q1", "q2", "q3"),
    ),
    "status": ("statusId", "status"),
}

#: A row is some 200 characters; what is longer than this is none.
MAX_ROW: Final = 64 * 1024

Values = tuple[str | None, ...]

_NULL: Final = "\\N"


def same(name: str) -> str:
    """The form in which two spellings of a table or column agree: sprint_results, sprintResults."""
    return name.strip().replace("_", "").lower()


TABLE_OF: Final = {same(name): name for name in COLUMNS}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The columns to read of a table, and those without which nothing can be said of a row."""

    columns: tuple[str, ...]
    needed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Damaged:
    """A row whose values can't be told apart.

    ``first`` is its first value where that is a number: a primary key. The text itself is not
    kept, since nobody knows what stands where in it.
    """

    reason: str
    first: str | None
    length: int
    digest: str


def damaged(text: str, reason: str) -> Damaged:
    """Take note of such a row."""
    first = text[:20].split(",", 1)[0].strip(" \"'(")
    return Damaged(
        reason=reason,
        first=first if first.isascii() and first.isdigit() else None,
        length=len(text),
        digest=hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16],
    )


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Which of a row's values are wanted, in which order."""

    width: int
    places: tuple[int | None, ...]

    def apply(self, row: Sequence[str | None]) -> Values | None:
        """The wanted values; None when there are more of them than there are columns."""
        count = len(row)
        if count > self.width and any(row[self.width :]):
            return None
        return tuple(
            _value(row[place]) if place is not None and place < count else None
            for place in self.places
        )


def arrange(columns: Sequence[str], wanted: Wanted, file: str, line: int) -> Arrangement:
    """Find the wanted columns among those that a file has.

    Raises:
        ArchiveUnreadable: one that is needed is missing, or stands there twice.
    """
    names = [same(column) for column in columns]
    for column in wanted.columns:
        count = names.count(same(column))
        if count > 1 or (count == 0 and column in wanted.needed):
            why = "stands there twice" if count else "is missing"
            raise ArchiveUnreadable(file, why, line, column)
    known = {name: place for place, name in enumerate(names)}
    return Arrangement(len(names), tuple(known.get(same(column)) for column in wanted.columns))


def check_tables(archive: Archive, wanted: Mapping[str, Wanted]) -> Mapping[str, File]:
    """The file of each wanted table of a CSV set.

    Raises:
        ArchiveUnreadable: tables are missing, all of them named, or one is there twice.
    """
    found: dict[str, File] = {}
    for file in archive.files:
        table = TABLE_OF.get(same(file.stem))
        if table in wanted and table in found:
            raise ArchiveUnreadable(file.name, f"table {table} is there twice")
        if table is not None:
            found[table] = file
    refuse_missing("the archive", wanted, found)
    return {table: found[table] for table in wanted}


def refuse_missing(archive: str, wanted: Mapping[str, Wanted], found: Container[str]) -> None:
    """Name every table that is needed and not there."""
    missing = [table for table in wanted if table not in found]
    if missing:
        word = "tables" if len(missing) > 1 else "table"
        raise ArchiveUnreadable(archive, f"lacks the {word} {', '.join(missing)}")


def read_csv(file: File, wanted: Wanted) -> Iterator[Values | Damaged]:
    """The rows of one CSV file, whatever its quoting, each in its own line.

    Raises:
        ArchiveUnreadable: it has no header, lacks a needed column, or is no text of UTF-8.
    """
    lines = _lines(file)
    number, header = next(lines, (1, ""))
    names = _split(header)
    if not header.strip() or names is None:
        raise ArchiveUnreadable(file.name, "there is no header", number)
    arrangement = arrange(names, wanted, file.name, number)
    for _, line in lines:
        if not line:
            continue
        row = _split(line)
        if row is None:
            yield damaged(line, "unreadable: quotes")
        else:
            yield arrangement.apply(row) or damaged(line, "unreadable: more values than columns")


def _split(line: str) -> list[str] | None:
    """The values of a line; None where its quotes don't close.

    Each line is read alone: an open quote would swallow the rows after it.
    """
    if '\\"' in line:  # as MySQL escapes quotes when it exports CSV
        line = line.replace('\\"', '""')
    try:
        return next(csv.reader((line,), strict=True), [])
    except csv.Error:
        return None


def _lines(file: File) -> Iterator[tuple[int, str]]:
    with closing(file.open()) as stream:
        number = 0
        while raw := stream.readline(MAX_ROW + 1):
            number += 1
            if len(raw) > MAX_ROW:
                raise ArchiveUnreadable(file.name, "no row is so long", number, MAX_ROW)
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                column = len(error.object[: error.start].decode()) + 1
                raise ArchiveUnreadable(file.name, "is not UTF-8", number, column) from None
            yield number, text.strip("\r\n")


def _value(text: str | None) -> str | None:
    return None if text is None or text == _NULL or not text else text
