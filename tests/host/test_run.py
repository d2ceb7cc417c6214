"""`make run`, end to end: the sample season through host, queues and functions, twice."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from local.stack.postgres import Postgres
from tests.support.processes import command_lines_with
from tests.support.stack import ROOT, Sandbox, sandbox

_IDS = """
SELECT 'round', "Id" FROM "Rounds" UNION ALL SELECT 'session', "Id" FROM "Sessions"
UNION ALL SELECT 'entrant', "Id" FROM "Entrants" UNION ALL SELECT 'driver', "Id" FROM "Drivers"
"""


@pytest.fixture
def machine() -> Iterator[Sandbox]:
    """A machine of its own, left without a process."""
    with sandbox() as found:
        yield found
        assert command_lines_with(str(found.folder)) == []


def _ids(machine: Sandbox) -> set[tuple[str, str]]:
    with (
        Postgres(machine.home, machine.folder / "log") as server,
        psycopg.connect(server.conninfo("parcferme")) as connection,
    ):
        return {(kind, str(id_)) for kind, id_ in connection.execute(_IDS)}


def _value(lines: list[str], name: str) -> str:
    return next(line.split(name, 1)[1].strip() for line in lines if line.startswith(f"  {name}  "))


def test_the_sample_season_comes_in_and_a_second_run_changes_nothing(machine: Sandbox) -> None:
    """The numbers of 2024, in less than 30 seconds; then 0 rows changed and every id kept."""
    first = machine.local("run")
    assert first.end() == 0, first.text
    told = {
        name: _value(first.lines, name)
        for name in ("Rounds", "Sessions", "Drivers", "Entrants", "Requests")
    }
    assert told == {
        "Rounds": "24 and 1 of testing or cancelled",
        "Sessions": "123",
        "Drivers": "33",
        "Entrants": "523",
        "Requests": "51",
    }
    assert float(_value(first.lines, "Seconds")) < 30
    assert _value(first.lines, "Results withheld").startswith("123 sessions")
    assert sum(line.startswith("✓ ") for line in first.lines) == 25
    ids = _ids(machine)

    second = machine.local("run")
    assert second.end() == 0, second.text
    assert _value(second.lines, "Rows changed") == "0 in the product's tables"
    assert _ids(machine) == ids


def test_a_killed_run_leaves_no_work_that_the_next_one_waits_for(machine: Sandbox) -> None:
    """kill -9 in the middle of the season: the next run finds a whole one of its own."""
    killed = machine.local("run")
    killed.wait_for("✓ Bahrain Grand Prix")
    killed.process.kill()
    run = machine.local("run")
    assert run.end() == 0, run.text
    assert _value(run.lines, "Entrants") == "523"
    assert float(_value(run.lines, "Seconds")) < 30
    killed.end()


def test_ctrl_c_in_the_middle_of_a_run_leaves_no_process(machine: Sandbox) -> None:
    """However much is under way; the exit code says by which signal."""
    run = machine.local("run")
    run.wait_for("✓ Bahrain Grand Prix")
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 128 + signal.SIGINT
    assert command_lines_with(str(machine.folder)) == []


def test_a_recorded_season_comes_in(machine: Sandbox, recordings: Path) -> None:
    """RECORDING with a folder: its years, from first to last."""
    run = machine.local("run", "--recording", str(recordings / "openf1" / "2023"))
    assert run.end() == 0, run.text
    assert "Season 2023" in run.lines
    assert _value(run.lines, "Entrants") == "458"
    assert _value(run.lines, "Sessions") == "110"


def test_make_passes_its_variables_on() -> None:
    """What the user writes behind make run is what python -m local gets."""
    shown = subprocess.run(
        [
            *("make", "--dry-run", "run", "RESULTS=1", "LIVE=0", "YEAR=2024"),
            *("RECORDING=a folder", "CONFIRM=parcferme"),
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "-m local run" in shown
    for option in ("--results", "--year '2024'", "--recording 'a folder'", "--confirm 'parcferme'"):
        assert option in shown
    assert "--live" not in shown
