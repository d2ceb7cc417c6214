"""`make run WIKI=1`, end to end: the invented series through host, queues and functions."""

from collections.abc import Iterator

import psycopg
import pytest

from ingestion_core.database.prepare import migrate
from local.stack import product
from tests.support.processes import command_lines_with
from tests.support.product import rows
from tests.support.stack import Sandbox, sandbox


@pytest.fixture
def machine() -> Iterator[Sandbox]:
    """A machine of its own, left without a process."""
    with sandbox() as found:
        yield found
        assert command_lines_with(str(found.folder)) == []


def _value(lines: list[str], name: str) -> str:
    return next(line.split(name, 1)[1].strip() for line in lines if line.startswith(f"  {name}  "))


def test_the_invented_series_comes_in(machine: Sandbox) -> None:
    """With its results, page by page, at a pace that is told."""
    run = machine.local("run", "--wiki", "1", "--results")
    assert run.end() == 0, run.text
    assert "Lantern Cup Central, 1961 to 1962" in run.lines
    told = {
        name: _value(run.lines, name)
        for name in ("Rounds", "Sessions", "Entrants", "Results", "Requests", "Pages")
    }
    assert told == {
        "Rounds": "5",
        "Sessions": "5",
        "Entrants": "25",
        "Results": "21",
        "Requests": "17",
        "Pages": "2 not there, 14 read",
    }
    assert "✓ Old Quay Oval                    not there" in run.lines
    assert any(line.startswith("✓ 1962 Twelve Lamps  ") for line in run.lines)
    assert "600 times a minute; the real wiki 20" in _value(run.lines, "Pace")
    assert "Data: invented" in run.text


def test_one_folder_s_robots_txt_is_not_the_next_one_s(database: str) -> None:
    """It is kept for a day; a new run on the embedded database asks for it anew."""
    product.forget_unfinished_work(database)  # nothing to forget before the app was ever there
    with psycopg.connect(database) as db:
        migrate(db)
        db.execute("INSERT INTO ingest.robots VALUES ('thethirdturn', 200, 'Disallow: /', now())")
    product.forget_unfinished_work(database)
    assert rows(database, "SELECT count(*) FROM ingest.robots") == [(0,)]
