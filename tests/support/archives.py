"""Archives in Ergast's shape, small and made up, as CSV, dump or zip."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ingestion_core.sources.ergast.tables import COLUMNS

Rows = list[list[str | None]]
Tables = dict[str, Rows]

#: MySQL's names, where they differ.
CAMEL = {"sprint_results": "sprintResults"}
NULL = "\\N"
W = "https://wiki.test/"


def nulls(count: int) -> list[str | None]:
    """So many of them."""
    return [None] * count


def tables() -> Tables:
    """Two races of 2019 and 2023, three men, a sprint, and every table that is needed."""
    return {
        "circuits": [
            ["6", "monaco", "Circuit de Monaco", "Monte-Carlo", "Monaco", "43.7", "7.4", "7", W],
            ["70", "red_bull_ring", "Red Bull Ring", "Spielberg", "Austria", "47.2", "14.7", *(
                ["678", W + "Ring"]
            )],
        ],
        "constructors": [
            ["1", "alpha", "Alpha", "British", W + "Alpha"],
            ["2", "beta", 'Beta "B" Racing', "Italian", None],
        ],
        "drivers": [
            ["1", "one", "44", "ONE", "Ana", "One", "1985-01-07", "British", W + "One"],
            ["2", "two", "7", None, "Bo", "O'Two, Jr.", None, "Finnish ", None],
            ["3", "three", "5", "THR", "Çelik", "Three", "1990-02-03", "Turkish", W + "Three"],
        ],
        "races": [
            ["10", "2019", "6", "6", "Monaco Grand Prix", "2019-05-26", "13:10:00", W + "M",
             *nulls(10)],
            ["20", "2023", "9", "70", "Austrian Grand Prix", "2023-07-02", "13:00:00Z", W + "A",
             *("2023-06-30", "11:30:00", "2023-07-01", "10:30:00", None, None),
             *("2023-06-30", "15:00:00", "2023-07-01", None)],
        ],
        "results": [
            ["1", "10", "1", "1", "44", "2", "1", "1", "1", "25.5", "78", "1:43:28.437",
             "6208437", "30", "2", "1:15.163", "159.8", "1"],
            ["2", "10", "2", "2", "7", "0", None, "R", "2", "0", "12", *nulls(2), *nulls(4), "5"],
            ["3", "20", "1", "1", "44", "1", "1", "1", "1", "25", "71", "1:25:33.607",
             "5133607", "8", "0", "1:08.000", "\\N", "1"],
            ["4", "20", "2", "2", "7", "3", None, "W", "2", "0", "0", *nulls(6), "9"],
        ],
        "sprint_results": [
            ["1", "20", "1", "1", "44", "1", "1", "1", "1", "8", "24", "30:26.730", "1826730",
             "9", "1:09.1", "1"],
        ],
        "qualifying": [
            ["1", "10", "1", "1", "44", "1", "1:10.9", "1:10.5", "1:10.166"],
            ["2", "10", "2", "2", "7", "2", "1:12.25", "", None],
            ["3", "20", "1", "1", "44", "1", "1:05.116", "1:04.951", "1:04.391"],
        ],
        "status": [["1", "Finished"], ["5", "Engine"], ["9", "Withdrew"]],
    }  # fmt: skip


def csv_text(
    table: str,
    rows: Sequence[Sequence[str | None]],
    *,
    quoted: bool = True,
    newline: str = "\n",
    header: Sequence[str] | None = None,
) -> str:
    """A table as CSV, as the archive writes it: texts in quotes or bare, nulls as \\N."""
    out = io.StringIO()
    style = csv.QUOTE_NONNUMERIC if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(out, quoting=style, lineterminator=newline)
    names = header or COLUMNS[table][: max([len(row) for row in rows], default=99)]
    csv.writer(out, lineterminator=newline).writerow(names)
    for row in rows:
        writer.writerow([NULL if value is None else value for value in row])
    # A null never stands in quotes.
    return out.getvalue().replace(f'"{NULL}"', NULL)


def write_csv(folder: Path, content: Mapping[str, Sequence[Sequence[str | None]]]) -> Path:
    """An archive as a folder of CSV files."""
    folder.mkdir(exist_ok=True, parents=True)
    for table, rows in content.items():
        (folder / f"{table}.csv").write_text(csv_text(table, rows), encoding="utf-8")
    return folder


def write_zip(path: Path, members: Mapping[str, str | bytes]) -> Path:
    """A zip of these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            member = zipfile.ZipInfo(name, (2024, 12, 9, 10, 20, 30))
            packed.writestr(member, content, zipfile.ZIP_DEFLATED)
    return path


def dump_text(
    content: Mapping[str, Sequence[Sequence[str | None]]],
    *,
    create: bool = True,
    listed: bool = False,
) -> str:
    """An archive as mysqldump writes it."""
    parts = ["-- MySQL dump 10.13; it's one\n/* it's; */\n/*!40101 SET NAMES utf8 */;\n"]
    parts.append("SET FOO='a;b\\';c';\n")
    for table, rows in content.items():
        name = CAMEL.get(table, table)
        columns = COLUMNS[table][: max([len(row) for row in rows], default=99)]
        if create:
            defined = ",\n".join(f"  `{one}` varchar(255) DEFAULT NULL" for one in columns)
            key = f"PRIMARY KEY (`{columns[0]}`), UNIQUE KEY `u` (`{columns[0]}`,`{columns[1]}`)"
            parts.append(f"CREATE TABLE `{name}` (\n{defined},\n  {key}\n) ENGINE=MyISAM;\n")
        parts.append(f"LOCK TABLES `{name}` WRITE;\n")
        into = f" ({', '.join(f'`{one}`' for one in columns)})" if listed else ""
        values = " ,\n ".join(f"({','.join(map(_literal, row))})" for row in rows)
        if values:
            statement = f"INSERT INTO `{name}`{into} VALUES {values};\n"  # noqa: S608 -- no database sees it
            parts.append(statement)
        parts.append("UNLOCK TABLES;\n")
    return "".join(parts) + "-- Dump completed\n"


def _literal(value: str | None) -> str:
    if value is None or value == NULL:
        return "NULL"
    if value.replace(".", "", 1).isdigit():
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"
