"""The archive's readers: by header, row by row, in whatever form; all else is refused by place."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingestion_core.errors import ArchiveUnreadable
from ingestion_core.sources.ergast import dump, tables
from ingestion_core.sources.ergast.archive import File, opened
from ingestion_core.sources.ergast.dump import read_dump
from ingestion_core.sources.ergast.library import Library, read_library
from ingestion_core.sources.ergast.results import ResultRow, classifications, read_results
from ingestion_core.sources.ergast.season import season
from ingestion_core.sources.ergast.tables import Damaged, Wanted, read_csv
from ingestion_core.sources.ergast.wire import DriverRow, RaceRow, read_rows, wanted
from tests.support import archives

WANTED = wanted("drivers", DriverRow)
HEADER = "driverId,driverRef,number,code,forename,surname,dob,nationality,url\n"
ROW = '1,"one",44,"ONE","Ana","One","1985-01-07","British","https://wiki.test/One"\n'
KEYS = [("1", "one"), ("2", "two"), ("3", "three")]


def file(content: bytes | str, name: str = "drivers.csv") -> File:
    """A file of the archive that holds this."""
    raw = content.encode() if isinstance(content, str) else content
    return File(name, datetime(2024, 12, 9, tzinfo=UTC), lambda: io.BufferedReader(io.BytesIO(raw)))  # type: ignore[arg-type]  # declared for raw streams, works with any


def drivers(content: bytes | str) -> list[DriverRow]:
    """The drivers that are understood."""
    rows = [row for row in read_csv(file(content), WANTED) if not isinstance(row, Damaged)]
    return read_rows("drivers", DriverRow, rows, ("driverId",))[0]


def bad(content: bytes | str) -> list[str]:
    """Of each row that is not: what it is called, and why."""
    read = list(read_csv(file(content), WANTED))
    plain = [row for row in read if not isinstance(row, Damaged)]
    refused = read_rows("drivers", DriverRow, plain, ("driverId",))[1]
    return [f"{one.row_key}: {one.reason}" for one in refused] + [
        f"{one.first}: {one.reason}" for one in read if isinstance(one, Damaged)
    ]


def library(path: Path) -> Library:
    """The archive there."""
    with opened(str(path)) as archive:
        return read_library(archive)


@pytest.mark.parametrize(
    "content",
    [
        HEADER + ROW,
        "\ufeff" + HEADER + ROW,
        (HEADER + ROW).replace("\n", "\r\n"),
        HEADER + ROW.replace('"', ""),
        HEADER + "\n" + ROW.rstrip("\n"),
        (
            "url,nationality,dob,surname,forename,code,number,driverRef,driverId\n"
            "https://wiki.test/One,British,1985-01-07,One,Ana,ONE,44,one,1\n"
        ),
        HEADER.replace("url", "url,new_column") + ROW.replace("\n", ",7\n"),
        HEADER + ROW.replace("\n", ",,\n"),
        HEADER.replace("driverId", '"driver_id"') + ROW,
    ],
    ids=[
        *("plain", "byte order mark", "CRLF", "unquoted", "blank line", "another order"),
        *("a new column", "empty columns too many", "snake case"),
    ],
)
def test_a_row_is_the_same_however_it_is_written(content: str) -> None:
    """Columns go by name; quoting, line ends and order say nothing."""
    plain = drivers(HEADER + ROW)
    assert plain[0].surname == "One"
    assert drivers(content) == plain
    assert not bad(content)


def test_missing_trailing_columns_are_null() -> None:
    """Newer sets have ragged rows."""
    [row] = drivers(HEADER + "1,one,44,ONE,Ana,One\n")
    assert (row.dob, row.nationality, row.url) == (None, None, None)


@pytest.mark.parametrize("null", ["\\N", "", '""'])
def test_a_null_is_written_in_three_ways(null: str) -> None:
    """An empty text is what some sets have for a null."""
    [row] = drivers(HEADER + f"1,one,{null},{null},Ana,One\n")
    assert (row.number, row.code) == (None, None)


@pytest.mark.parametrize("quote", ['""', '\\"'])
def test_quotes_inside_quotes_are_doubled_or_escaped(quote: str) -> None:
    """RFC 4180 writes them twice, MySQL's export with a backslash."""
    [row] = drivers(HEADER + f'1,one,\\N,\\N,"Ana {quote}A{quote}","One, Jr."\n')
    assert (row.forename, row.surname) == ('Ana "A"', "One, Jr.")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('2,two,x,\\N,Bo,Two,"1985-01-07"\n', "driverId=2: unreadable: number"),
        ("2,two,1_0,\\N,Bo,Two\n", "driverId=2: unreadable: number"),
        ("2,two,7,\\N,Bo,\\N,1985-13-07\n", "driverId=2: unreadable: surname, dob"),
        ("2,two,7,\\N,Bo,Two,473385600\n", "driverId=2: unreadable: dob"),
        ("2,two\n", "driverId=2: unreadable: forename, surname"),
        ("x,two,7,\\N,Bo,Two\n", "driverId=x: unreadable: driverId"),
        ('2,two,7,\\N,"Bo,Two\n', "2: unreadable: quotes"),
        ('2,two,7,\\N,"Bo"x,Two\n', "2: unreadable: quotes"),
        ("2,two,7,\\N,Bo,Two,1985-01-07,British,https://w.test,more\n", "2: unreadable: more"),
        ("2,two,7,\\N,Bo\x07,Two\n", "driverId=2: unreadable: forename"),
        ("2,two,7,\\N,Bo,Two,\\N,\\N,javascript:x\n", "driverId=2: unreadable: url"),
    ],
)
def test_one_bad_row_never_costs_its_neighbours(line: str, why: str) -> None:
    """It is named by its key and says which columns are at fault, never with their values."""
    third = ROW.replace("1,", "3,", 1)
    assert [row.driver_id for row in drivers(HEADER + ROW + line + third)] == [1, 3]
    [said] = bad(HEADER + ROW + line + third)
    assert said.startswith(why)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "drivers.csv, line 1: there is no header"),
        (b"\n" + ROW.encode(), "drivers.csv, line 1: there is no header"),
        (ROW.encode(), "drivers.csv, line 1, column driverId: is missing"),
        (
            HEADER.replace("surname", "name").encode(),
            "drivers.csv, line 1, column surname: is missing",
        ),
        (
            HEADER.replace("code", "surname").encode(),
            "drivers.csv, line 1, column surname: stands there twice",
        ),
        (
            HEADER.encode() + ROW.encode() + "2,Jérôme\n".encode("latin-1"),
            "drivers.csv, line 3, column 4: is not UTF-8",
        ),
        ((HEADER + ROW).encode("utf-16"), "drivers.csv, line 1, column 1: is not UTF-8"),
        (HEADER.encode() + b"x" * 70_000, "drivers.csv, line 2, column 65536: no row is so long"),
    ],
)
def test_what_cannot_be_read_is_refused_with_file_line_and_column(
    content: bytes, place: str
) -> None:
    """Whoever made the file can find the place."""
    with pytest.raises(ArchiveUnreadable, match=f"^{re.escape(place)}$"):
        list(read_csv(file(content), WANTED))


@pytest.mark.parametrize("clock", ["06:00:00", "06:00:00Z", "06:00", "6:00:00.000Z"])
def test_times_may_end_in_z(clock: str) -> None:
    """They are UTC with and without it."""
    row = ("1", "2024", "1", "1", "A Grand Prix", "2024-03-02", clock, *([None] * 11))
    [race], refused = read_rows("races", RaceRow, [row], ("raceId",))
    assert race.time is not None
    assert (race.time.isoformat(), race.time.tzinfo, refused) == ("06:00:00", None, [])


@pytest.mark.parametrize("clock", ["25:00:00", "06:00:00+02:00", "noon", "06-00"])
def test_a_time_of_another_form_is_not_guessed(clock: str) -> None:
    """An offset would be ignored otherwise."""
    row = ("1", "2024", "1", "1", "A Grand Prix", "2024-03-02", clock, *([None] * 11))
    _, [refused] = read_rows("races", RaceRow, [row], ("raceId",))
    assert refused.reason == "unreadable: time"


def everything(path: Path) -> list[object]:
    """Whatever the readers make of an archive, but for its date."""
    with opened(str(path)) as archive:
        read = read_results(archive)
    found: list[object] = [read.unreadable]
    for year in (2019, 2023):
        one = season(library(path), year)
        sets, refused = classifications(read, year)
        found += [[replace(each, origin=None) for each in one.weekends], one.unreadable]
        found += [[(each.session, each.lines, each.complete) for each in sets], refused]
    return found


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("window", [1, 7, 64, 256 * 1024])
def test_a_dump_says_what_the_csv_files_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int, create: bool, listed: bool
) -> None:
    """Whether or not it lists its columns, and wherever the window that reads it ends."""
    monkeypatch.setattr(dump, "_CHUNK", window)
    monkeypatch.setattr(dump, "MAX_ROW", 1000)
    folder = archives.write_csv(tmp_path / "csv", archives.tables())
    written = tmp_path / "f1.sql"
    written.write_text(archives.dump_text(archives.tables(), create=create, listed=listed))
    said = everything(written)
    assert said == everything(folder)
    assert len(str(said)) > 2000


@pytest.mark.parametrize("window", [1, 2, 13])
def test_a_statement_longer_than_the_window_is_read_row_by_row(
    monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    """Wherever the window ends: in a row, before a comma, in the white space after it."""
    monkeypatch.setattr(dump, "_CHUNK", window)
    monkeypatch.setattr(dump, "MAX_ROW", 60)
    rows = " ,\n  ".join(f"({number},'it\\'s {number}')" for number in range(1, 100))
    form = {"status": Wanted(("statusId", "status"), frozenset())}
    content = "INSERT INTO status VALUES " + rows + " ;\nSET x = 1;"  # noqa: S608 -- no database sees it
    found = list(read_dump(file(content), form))
    assert found == [("status", (str(n), f"it's {n}")) for n in range(1, 100)]


def test_a_dump_has_the_columns_of_its_own_create_table(tmp_path: Path) -> None:
    """Not the documented order, where the two differ."""
    content = "CREATE TABLE `status` (`status` varchar(9), `statusId` int(11), PRIMARY KEY (`x`));"
    content += "INSERT INTO `status` VALUES ('Finished',1);"
    form = {"status": Wanted(("statusId", "status"), frozenset())}
    assert list(read_dump(file(content), form)) == [("status", ("1", "Finished"))]


def test_what_mysql_escapes_is_unescaped() -> None:
    """Quotes doubled or escaped, backslashes, line breaks, a semicolon and a bracket in texts."""
    content = "/* a; b */ insert ignore into db.status (`statusId`, status) values "
    content += r"(1,'a\'b''c\\d\ne;),(f'),"
    content += "\n ( -2.50 , NULL ) ;"
    form = {"status": Wanted(("statusId", "status"), frozenset())}
    assert [row for _, row in read_dump(file(content), form)] == [
        ("1", "a'b'c\\d\ne;),(f"),
        ("-2.50", None),
    ]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("INSERT INTO status VALUES (1,'a'),\n(2,'b", "line 2, column 1: is no row of values"),
        ("INSERT INTO status VALUES (1,'a')", "line 1, column 34: neither another row"),
        ("INSERT INTO status VALUES (1,'a')\n (2,'b');", "line 2, column 2: neither another row"),
        ("INSERT INTO status VALUES (1,now());", "line 1, column 27: is no row of values"),
        ("\nDROP TABLE x", "line 2, column 13: the dump ends in the middle"),
        ("SET a = 'b;\n", "line 1, column 9: the dump ends in the middle"),
        ("INSERT INTO status (name) VALUES ('a');", "line 1, column statusId: is missing"),
        ("-- nothing\n", "status.sql: lacks the table status"),
        (b"SET a=1;\nSET b='\xff';", "line 2, column 8: is not UTF-8"),
    ],
)
def test_a_damaged_dump_is_refused_with_its_place(content: bytes | str, place: str) -> None:
    """A dump that was cut off never passes for a whole one."""
    form = {"status": Wanted(("statusId", "status"), frozenset({"statusId"}))}
    with pytest.raises(ArchiveUnreadable, match=re.escape(place)):
        list(read_dump(file(content, "status.sql"), form))


@pytest.mark.parametrize("form", ["csv", "sql"])
@pytest.mark.parametrize("missing", [["qualifying"], ["circuits", "sprint_results"]])
def test_every_missing_table_is_named(tmp_path: Path, form: str, missing: list[str]) -> None:
    """Before anything is made of the others."""
    content = archives.tables()
    for table in missing:
        del content[table]
    path = archives.write_csv(tmp_path / "csv", content)
    if form == "sql":
        path = tmp_path / "f1.sql"
        path.write_text(archives.dump_text(content))
    with pytest.raises(ArchiveUnreadable, match=f"lacks the tables? {', '.join(missing)}$"):
        library(path)


def test_missing_tables_are_named_before_any_file_is_opened(tmp_path: Path) -> None:
    """A broken file elsewhere says nothing of them."""
    content = archives.tables()
    del content["races"]
    folder = archives.write_csv(tmp_path / "csv", content)
    (folder / "circuits.csv").write_bytes(b"\xff\xff")
    with pytest.raises(ArchiveUnreadable, match="lacks the table races"):
        library(folder)


@given(st.one_of(st.binary(), st.binary().map(lambda end: (HEADER + ROW).encode() + end)))
@example(b'driverId,driverRef,forename,surname\n"')
@example((HEADER + ROW).encode() + b"\x00,\r,")
def test_any_bytes_are_rows_or_refused_rows_or_one_error(content: bytes) -> None:
    """The reader of CSV is total."""
    try:
        read = list(read_csv(file(content), WANTED))
    except ArchiveUnreadable:
        return
    plain = [row for row in read if not isinstance(row, Damaged)]
    good, refused = read_rows("drivers", DriverRow, plain, ("driverId",))
    assert len(good) + len(refused) == len(plain)


SQL = st.sampled_from(
    [
        *("INSERT INTO `status` VALUES ", "(1,'a')", "CREATE TABLE `status` (", "`statusId` int,"),
        *(",", ";", "'", "\\", "(", ")", "`", "--", "/*", "*/", "\n", "NULL", "1e5", '"', "#", "é"),
    ]
)


@given(st.one_of(st.binary(), st.lists(SQL, max_size=40).map(lambda some: "".join(some).encode())))
def test_any_bytes_are_a_dump_or_one_error(content: bytes) -> None:
    """The reader of dumps is total, too, and never hangs."""
    form = {"status": Wanted(("statusId", "status"), frozenset({"statusId"}))}
    try:
        read = list(read_dump(file(content, "f1.sql"), form))
    except ArchiveUnreadable:
        return
    for table, row in read:
        assert table == "status"
        assert isinstance(row, Damaged) or len(row) == 2


@given(st.lists(st.lists(st.text(max_size=6), max_size=20).map(tuple), max_size=5))
def test_any_values_are_a_row_of_results_or_refused_without_their_values(
    rows: list[tuple[str, ...]],
) -> None:
    """The reason names columns alone."""
    width = len(wanted("results", ResultRow).columns)
    full = [(*row, *([None] * width))[:width] for row in rows]
    good, refused = read_rows("results", ResultRow, full, ("resultId",))
    assert len(good) + len(refused) == len(rows)
    for one in refused:
        assert set(one.reason.removeprefix("unreadable: ").split(", ")) <= set(
            tables.COLUMNS["results"]
        )


def test_rows_of_one_key_are_kept_apart(tmp_path: Path) -> None:
    """Merging two drivers would move a career; the second and its entries are quarantined."""
    content = archives.tables()
    content["drivers"].append(["9", "one", None, None, "Another", "One"])
    content["drivers"].append(["1", "ten", None, None, "Third", "One"])
    read = library(archives.write_csv(tmp_path / "csv", content))
    assert [(one.row_key, one.reason) for one in read.unreadable] == [
        ("driverId=9", "key-twice"),
        ("driverId=1", "key-twice"),
    ]
    assert [(str(key), row.driver_ref) for key, row in read.drivers.items()] == KEYS


def test_a_result_of_no_race_is_quarantined_by_what_it_is_about(tmp_path: Path) -> None:
    """Never by its id: ids of results count up in the finishing order."""
    content = archives.tables()
    content["results"].append(["7", "99", "1", "2", *archives.nulls(3), "1"])
    content["results"].append(["8", "x", "2", "2", *archives.nulls(3), "1"])
    read = library(archives.write_csv(tmp_path / "csv", content))
    assert [(one.resource, one.row_key, one.reason) for one in read.unreadable] == [
        ("results", "raceId=99 driverId=1 constructorId=2", "unknown-race"),
        ("results", "raceId=x driverId=2 constructorId=2", "unknown-race"),
    ]
    assert all(set(one.row) <= {"raceId", "driverId", "constructorId", "number"}
               for one in read.unreadable)  # fmt: skip
