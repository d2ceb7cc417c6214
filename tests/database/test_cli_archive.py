"""``python -m ingestion_core import-archive``, followed: lines, sums, exit codes."""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from ingestion_core.cli import follow
from ingestion_core.cli.main import main
from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from tests.support.apps import app_with
from tests.support.archives import csv_text, tables, write_csv
from tests.support.commands import on, set_only
from tests.support.drain import drain
from tests.support.product import rows

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small archive: races of 2019 and 2023."""
    return write_csv(tmp_path / "archive", tables())


@pytest.fixture(autouse=True)
def environment(
    database: str, azurite: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.MonkeyPatch]:
    """The command line's settings; it looks often, and is soon surprised that nothing moves."""
    chosen = on(database, azurite, ARCHIVE_URL=str(folder), RESULTS_ENABLED="true")
    monkeypatch.setattr(follow, "_LOOK_AGAIN_SECONDS", 0.02)
    with set_only(monkeypatch, chosen):
        yield monkeypatch


@contextmanager
def app_running(database: str, azurite: str, folder: Path) -> Iterator[App]:
    """Somewhere else, the functions app: it carries out what is sent."""
    app = app_with(database, azurite, archive_url=str(folder), results_enabled=True)
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.02):
            drain(app)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield app
    finally:
        over.set()
        thread.join(30)
        app.close()


def run_of(text: str) -> UUID:
    """The run that a command told of."""
    found = re.search(r"^Run (\S+)$", text, re.MULTILINE)
    assert found, text
    return UUID(found[1])


def test_every_season_is_told_when_it_ends_and_all_of_them_in_the_end(
    database: str, azurite: str, folder: Path, capsys: Captured
) -> None:
    """A line each, with counts; then the sums, and what the archive does not have."""
    with app_running(database, azurite, folder):
        assert main(["import-archive", "--from", "2019", "--to", "2023", "--results"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"^2019 season +1 round, 2 sessions, 2 entrants, \d+ rows", told, re.M), told
    assert re.search(r"^2019 season, results +4 results, \d+ rows written$", told, re.M), told
    assert re.search(r"^2020 season +empty$", told, re.M), told
    assert re.search(r"^Done: 2 seasons, 2 rounds, 7 sessions, 4 entrants, 8 results", told, re.M)
    assert "\nNot in the archive: 2020, 2021, 2022\n" in told


def test_a_season_is_asked_for_without_results_unless_told_so(
    database: str, azurite: str, folder: Path, capsys: Captured
) -> None:
    """Opted in or not."""
    with app_running(database, azurite, folder):
        assert main(["import-archive", "--from", "2019", "--to", "2019"]) == 0
        assert main(["import-archive", "--from", "2019", "--to", "2019", "--no-results"]) == 0
    told = capsys.readouterr().out
    assert not re.search(r"season, results|\d results|With results", told)
    assert told.count("No results: they are spoilers, and nobody asked for them") == 2
    assert rows(database, 'SELECT count(*) FROM "Results"') == [(0,)]


def test_what_failed_is_named_with_the_command_that_asks_again(
    database: str, azurite: str, folder: Path, capsys: Captured
) -> None:
    """All that failed for one reason in one line; mended, the command carries on."""
    (folder / "drivers.csv").unlink()
    with app_running(database, azurite, folder):
        assert main(["import-archive", "--from", "2022", "--to", "2023"]) == 1
        told = capsys.readouterr().out
        why = "failed: archive-unreadable: the archive: lacks the table drivers"
        assert f"\n2022 season, 2023 season: {why}\n" in told
        run = run_of(told)
        assert told.endswith(f"\nAgain: python -m ingestion_core runs retry {run}\n")

        (folder / "drivers.csv").write_text(csv_text("drivers", tables()["drivers"]))
        assert main(["runs", "watch", str(run)]) == 1, "to watch is not to ask again"
        assert main(["runs", "retry", str(run)]) == 0
    assert "Done: 1 season, 1 round" in capsys.readouterr().out


def test_json_is_the_run_and_nothing_else_on_standard_output(
    database: str, azurite: str, folder: Path, capsys: Captured
) -> None:
    """Progress goes to standard error then."""
    with app_running(database, azurite, folder):
        assert main(["import-archive", "--from", "2023", "--to", "2024", "--json"]) == 0
    captured = capsys.readouterr()
    shown = json.loads(captured.out)
    assert (shown["state"], shown["expected"]) == ("done", 2)
    assert {one["key"]: one["outcome"] for one in shown["items"]} == {"2023": "ok", "2024": "empty"}
    assert run_of(captured.err) == UUID(shown["run"])


def test_whoever_does_not_wait_only_asks(database: str, capsys: Captured) -> None:
    """The messages are in the queue, and nobody needs to be there."""
    assert main(["import-archive", "--no-wait"]) == 0
    run = run_of(capsys.readouterr().out)
    assert rows(
        database,
        "SELECT min(i.key), max(i.key)::int >= 2026, count(*) = max(i.key)::int - 1949, i.state"
        " FROM ingest.run_items r JOIN ingest.items i USING (item) WHERE r.run = %s GROUP BY state",
        run,
    ) == [("1950", True, True, "sent")]


def test_nothing_moving_is_said_and_ctrl_c_leaves_the_run_to_go_on(
    database: str, environment: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """Perhaps no functions app is running; the work is kept."""
    environment.setattr(follow, "_STALLED_SECONDS", 0.1)
    naps: list[float] = []
    sleep = time.sleep

    def impatient(seconds: float) -> None:
        naps.append(time.monotonic())
        sleep(seconds)
        # Five looks at least: how long the first took is the machine's affair.
        if len(naps) > 5 and time.monotonic() - naps[0] > 1:
            raise KeyboardInterrupt

    environment.setattr(follow.time, "sleep", impatient)
    assert main(["import-archive", "--from", "2019", "--to", "2019"]) == 130
    told = capsys.readouterr().out
    assert "Nothing has moved for 0 s. Is the functions app running, with this DATABASE_URL" in told
    # It says so ever more rarely: after 0.1, 0.2, 0.4 and 0.8 s.
    assert 1 <= told.count("Nothing has moved") <= 4
    run = run_of(told)
    assert f"To watch it: python -m ingestion_core runs watch {run}\n" in told
    assert rows(database, "SELECT state FROM ingest.run_states WHERE run = %s", run) == [
        ("running",)
    ]


def test_a_paused_source_is_named_as_what_holds_the_run_up(
    database: str, azurite: str, folder: Path, environment: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """Rather than a functions app that may well be running."""
    environment.setattr(follow, "_STALLED_SECONDS", 0.1)
    with app_running(database, azurite, folder) as app:
        backfill.pause_source(app, "ergast", paused=True)

        def resume() -> None:
            backfill.pause_source(app, "ergast", paused=False)

        timer = threading.Timer(1, resume)
        timer.start()
        assert main(["import-archive", "--from", "2019", "--to", "2019"]) == 0
        timer.join()
    assert "Nothing has moved for 0 s. Paused: ergast " in capsys.readouterr().out


@pytest.mark.parametrize(
    "seasons",
    [
        ["--from", "1949"],
        ["--to", "1949"],
        ["--from", "2024", "--to", "2023"],
        ["--to", "2999"],
        ["--from", "first"],
    ],
)
def test_seasons_that_can_not_be_are_misuse(
    seasons: list[str], database: str, capsys: Captured
) -> None:
    """Exit code 2, before anything is asked for."""
    with pytest.raises(SystemExit) as ended:
        main(["import-archive", *seasons])
    assert ended.value.code == 2
    assert "import-archive" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("setting", "value", "arguments", "said"),
    [
        ("ARCHIVE_URL", "", [], "settings: ARCHIVE_URL is not set"),
        ("RESULTS_ENABLED", "false", ["--results"], "set RESULTS_ENABLED=true"),
        ("DATABASE_URL", "", [], "DATABASE_URL: Field required"),
        ("DATABASE_URL", "host=/nowhere dbname=x", [], "the database does not answer"),
    ],
)
def test_what_is_missing_is_named(
    environment: pytest.MonkeyPatch,
    setting: str,
    value: str,
    arguments: list[str],
    said: str,
    capsys: Captured,
) -> None:
    """Exit code 3."""
    environment.setenv(setting, value)
    assert main(["import-archive", *arguments]) == 3
    assert said in capsys.readouterr().err


def test_a_run_that_nobody_asked_for_can_not_be_watched(capsys: Captured) -> None:
    """Exit code 1."""
    assert main(["runs", "watch", str(uuid4())]) == 1
    assert capsys.readouterr().err == "there is no such run\n"
