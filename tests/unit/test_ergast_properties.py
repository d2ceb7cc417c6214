"""Whatever an archive's bytes are: rows, rows set apart, or one error that names the place.

Never another error, nor a hang: an example that takes longer than its deadline fails.
"""

import contextlib
import html
import io
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_core.errors import ArchiveUnreadable
from ingestion_core.sources.ergast.archive import Archive, File, opened
from ingestion_core.sources.ergast.library import read_library
from ingestion_core.sources.ergast.results import classifications, read_results
from ingestion_core.sources.ergast.season import season
from ingestion_core.sources.ergast.tables import MAX_ROW
from ingestion_core.sources.ergast.wire import ConstructorRow, read_rows
from tests.support import archives
from tests.support.fuzzing import fuzzed

TABLES = archives.tables()
TEXTS = {table: archives.csv_text(table, rows).encode() for table, rows in TABLES.items()}
DUMP = archives.dump_text(TABLES).encode()

# What damaged files are made of: the marks of both formats, nulls, other encodings, control
# characters, and values that almost are what stands there.
PIECES = st.sampled_from(
    [
        *(b'"', b'""', b'\\"', b"'", b"\\", b",", b",,", b"\n", b"\r", b"\r\n", b"\n\n", b"\\N"),
        *(b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"\xe9", b"\xc3", b"\xe2\x80\xa8", b"\x1a"),
        *(
            b"-1",
            b"0",
            b"1e5",
            b"1_0",
            b"\xd9\xa3",
            b"NaN",
            b"9" * 30,
            b"2024-13-07",
            b"0000-00-00",
        ),
        *(b"24:00:00", b"NULL", b"(", b")", b";", b"--", b"/*", b"`", b"&amp;", b" ", b"\t"),
        *(b"9999-12-31", b"2100-01-01", b"1", b"2", b"10", b"20"),
    ]
)

Change = Callable[[bytes], bytes]


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """One thing done to a file's bytes: put in, cut out, doubled, exchanged, written otherwise."""
    place, length = draw(st.floats(0, 1)), draw(st.integers(1, 60))
    piece = draw(st.one_of(PIECES, st.binary(max_size=8)))

    def change(content: bytes) -> bytes:
        at = int(place * len(content))
        before, there, after = content[:at], content[at : at + length], content[at + length :]
        # Cells and lines are what tables are made of: most changes replace or move a whole one.
        cell = min((n for mark in (b",", b"\n") if (n := after.find(mark)) >= 0), default=0)
        line = after.find(b"\n") + 1
        return done(before, there, after, cell, line)

    def done(before: bytes, there: bytes, after: bytes, cell: int, line: int) -> bytes:
        match kind:
            case "put in":
                return before + piece + there + after
            case "cut out":
                return before + after
            case "cut off":
                return before
            case "cell":
                return before + there + piece + after[cell:]
            case "line twice":
                return before + there + after[:line] + after
            case "huge":
                return before + b"x" * (MAX_ROW + length) + there + after
            case _:
                return (before + there + after).decode(errors="replace").encode(kind, "replace")

    kind = draw(
        st.sampled_from(
            [
                *("put in", "put in", "put in", "cell", "cell", "cell", "cut out", "cut off"),
                *("line twice", "huge", "utf-16", "latin-1", "utf-8-sig", "cp037"),
            ]
        )
    )
    return change


def changed(content: bytes, them: list[Change]) -> bytes:
    """All of it, one after the other."""
    for change in them:
        content = change(content)
    return content


CHANGES = st.lists(changes(), min_size=1, max_size=4)


def file(name: str, content: bytes) -> File:
    """A file of the archive that holds this."""
    return File(
        name,
        datetime(2024, 12, 9, tzinfo=UTC),
        lambda: io.BufferedReader(io.BytesIO(content)),
    )


def read_all(archive: Archive) -> None:
    """Everything that is ever made of an archive."""
    library, results = read_library(archive), read_results(archive)
    for year in {*library.races, 1950, 2024}:
        shaped = season(library, year)
        sets, refused = classifications(results, year)
        assert all(one.reason for one in (*shaped.unreadable, *refused))
        assert len({one.session for one in sets}) == len(sets)


def refused(archive: Archive) -> ArchiveUnreadable | None:
    """The error that the archive is refused with; None if it is read."""
    try:
        read_all(archive)
    except ArchiveUnreadable as error:
        return error
    return None


def csv_set(texts: dict[str, bytes]) -> Archive:
    """An archive of one file for each table."""
    files = (file(f"{table}.csv", content) for table, content in texts.items())
    return Archive(tuple(files), dump=False)


def names_its_place(error: ArchiveUnreadable | None, name: str) -> bool:
    """Whether there is no error, or one that begins with the file's name and a line in it."""
    return error is None or str(error).startswith(f"{name}, line {error.line}")


@pytest.mark.parametrize("table", TEXTS)
@fuzzed(len(TEXTS))
@given(them=CHANGES)
def test_a_damaged_table_costs_its_rows_or_is_refused_by_place(
    table: str, them: list[Change]
) -> None:
    """Never another error, and never another table's fault."""
    archive = csv_set(TEXTS | {table: changed(TEXTS[table], them)})
    assert names_its_place(refused(archive), f"{table}.csv")


@pytest.mark.parametrize("table", TEXTS)
@fuzzed(len(TEXTS))
@given(content=st.binary())
def test_any_bytes_for_a_table_are_read_or_refused(table: str, content: bytes) -> None:
    """Behind its own header, too, so that they are taken for rows."""
    header = TEXTS[table].split(b"\n", 1)[0] + b"\n"
    for there in (content, header + content):
        archive = csv_set(TEXTS | {table: there})
        assert names_its_place(refused(archive), f"{table}.csv")


@fuzzed()
@given(them=CHANGES)
def test_a_damaged_dump_is_read_or_refused_by_place(them: list[Change]) -> None:
    """A dump has one place for each fault; what it lacks altogether is named without one."""
    error = refused(Archive((file("f1.sql", changed(DUMP, them)),), dump=True))
    assert names_its_place(error, "f1.sql") or "f1.sql: lacks the table" in str(error)


@fuzzed()
@given(them=CHANGES, method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_a_damaged_zip_is_read_or_refused(them: list[Change], method: int) -> None:
    """Whichever of its bytes are wrong: headers, sizes, names, checksums, the packed data."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as writer:
        for table, content in TEXTS.items():
            writer.writestr(
                zipfile.ZipInfo(f"{table}.csv", (2024, 12, 9, 0, 0, 0)), content, method
            )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f1.zip"
        path.write_bytes(changed(packed.getvalue(), them))
        with contextlib.suppress(ArchiveUnreadable), opened(str(path)) as archive:
            read_all(archive)


@given(st.text(alphabet="Lotus-PÉ&<>\"'; amp#39", min_size=1).filter(str.strip))
def test_a_name_from_a_web_page_is_the_name(name: str) -> None:
    """Lotus-Pratt &amp; Whitney would have its entity in its public address for good."""
    page = html.escape(name)
    [row], refused = read_rows("constructors", ConstructorRow, [("1", "ref", page, None, None)], ())
    assert (row.name, refused) == (" ".join(name.split()), [])
