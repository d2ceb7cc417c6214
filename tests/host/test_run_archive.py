"""`make run ARCHIVE=...`, end to end: a small archive through host, queues and functions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.archives import csv_text, tables, write_csv, write_zip
from tests.support.processes import command_lines_with
from tests.support.stack import Sandbox, sandbox


@pytest.fixture
def machine() -> Iterator[Sandbox]:
    """A machine of its own, left without a process."""
    with sandbox() as found:
        yield found
        assert command_lines_with(str(found.folder)) == []


def _value(lines: list[str], name: str) -> str:
    return next(line.split(name, 1)[1].strip() for line in lines if line.startswith(f"  {name}  "))


def test_an_archive_comes_in_and_a_second_run_changes_nothing(
    machine: Sandbox, tmp_path: Path
) -> None:
    """From a folder, then as a .zip with its results; then 0 rows changed."""
    folder = write_csv(tmp_path / "archive", tables())
    first = machine.local("run", "--archive", str(folder))
    assert first.end() == 0, first.text
    assert "Season 2019 to 2023" in first.lines
    told = {name: _value(first.lines, name) for name in ("Rounds", "Sessions", "Drivers")}
    assert told == {"Rounds": "2", "Sessions": "7", "Drivers": "2"}
    assert _value(first.lines, "Results withheld").startswith("7 sessions")
    assert "✓ 2018 season                      empty: the source has none of it" in first.lines
    assert "Data: the Ergast archive" in first.text

    members = {f"{table}.csv": csv_text(table, rows) for table, rows in tables().items()}
    packed = write_zip(tmp_path / "archive.zip", members)
    for rows_changed in ("8", "0"):
        run = machine.local("run", "--archive", str(packed), "--results")
        assert run.end() == 0, run.text
        assert (_value(run.lines, "Results"), _value(run.lines, "Folded drives")) == ("8", "0")
        assert _value(run.lines, "Rows changed") == f"{rows_changed} in the product's tables"


def test_an_archive_that_lacks_a_table_is_refused_by_its_name(
    machine: Sandbox, tmp_path: Path
) -> None:
    """Exit code 1; what is missing stands in the last line."""
    folder = write_csv(tmp_path / "archive", tables())
    (folder / "races.csv").unlink()
    run = machine.local("run", "--archive", str(folder), "--year", "2019")
    assert run.end() == 1
    assert run.lines[-1].endswith("lacks the table races")
    assert _value(run.lines, "Rows changed") == "0 in the product's tables"
