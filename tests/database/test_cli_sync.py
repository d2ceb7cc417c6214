"""``sync``, ``bulk-sync``, ``runs`` and ``sources``: what is asked for, told, and refused."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from ingestion_core.cli import follow
from ingestion_core.cli.main import main
from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from local.replay.faults import Fault
from local.replay.sample import load_sample
from local.replay.server import ReplayServer
from tests.support.commands import on, set_only
from tests.support.drain import drain
from tests.support.product import rows
from tests.support.results import only

Captured = pytest.CaptureFixture[str]

KEYS = [one["meeting_key"] for one in load_sample().of("meetings")[:3]]


@pytest.fixture(autouse=True)
def environment(
    database: str, azurite: str, replay: ReplayServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.MonkeyPatch]:
    """The command line's settings; OpenF1 has the first three meetings of 2024."""
    only(replay, *KEYS)
    monkeypatch.setattr(follow, "_LOOK_AGAIN_SECONDS", 0.02)
    with set_only(monkeypatch, on(database, azurite, replay)):
        yield monkeypatch


@contextmanager
def working(app: App) -> Iterator[None]:
    """Somewhere else, the functions app: it carries out what is sent."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.02):
            drain(app)
            # What failed comes when the source is open again: here, at once.
            with app.db() as db:
                db.execute("UPDATE ingest.sources SET closed_until = 'epoch'")
                db.execute("UPDATE ingest.items SET not_before = now() WHERE outcome = 'deferred'")
            app.release_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(30)


def run_of(text: str) -> UUID:
    """The run that a command told of."""
    found = re.search(r"^Run (\S+)$", text, re.MULTILINE)
    assert found, text
    return UUID(found[1])


def asked(database: str) -> list[tuple[object, ...]]:
    """The newest run: its kind, what was asked, its items' keys and attempts."""
    return rows(
        database,
        "SELECT r.kind, r.asked, array_agg(i.key ORDER BY i.key), min(i.max_attempts)"
        " FROM ingest.runs r JOIN ingest.run_items USING (run) JOIN ingest.items i USING (item)"
        " GROUP BY r.run ORDER BY r.created_at DESC LIMIT 1",
    )


def test_a_season_is_followed_to_its_end_and_summed_up(
    app: App, database: str, capsys: Captured
) -> None:
    """A line for each meeting, the totals, and that results were not asked for."""
    with working(app):
        assert main(["sync", "--year", "2024"]) == 0
    told = capsys.readouterr().out
    assert re.search(
        r"^Bahrain Grand Prix +1 round, 5 sessions, 20 entrants, \d+ rows written$", told, re.M
    ), told
    assert re.search(
        r"^Done: 1 season, 3 rounds, 13 sessions, 61 entrants, \d+ rows written, 7 requests,"
        r" in \d+\.\d s$",
        told,
        re.M,
    ), told
    assert told.endswith("No results: they are spoilers, and nobody asked for them\n")
    assert rows(database, "SELECT count(*) FROM ingest.items WHERE task LIKE '%results%'") == [(0,)]


def test_the_run_as_json_has_its_summary(app: App, capsys: Captured) -> None:
    """Words go to standard error; a second run writes nothing."""
    with working(app):
        assert main(["sync", "--year", "2024", "--no-wait"]) == 0
        assert main(["sync", "--year", "2024", "--json"]) == 0
        capsys.readouterr()
        assert main(["bulk-sync", "--start-year", "2023", "--end-year", "2024", "--json"]) == 0
    captured = capsys.readouterr()
    shown = json.loads(captured.out)
    assert run_of(captured.err) == UUID(shown["run"])
    summary = shown["summary"]
    assert summary["years"] == {
        "attempted": [2023, 2024],
        "succeeded": [2023, 2024],
        "failed": [],
        "empty": [2023],
    }
    totals = {what: summary["totals"][what] for what in ("rounds", "sessions", "rows", "requests")}
    assert totals == {"rounds": 3, "sessions": 13, "rows": 0, "requests": 8}
    assert (summary["results"], summary["again"]) == ("withheld", None)
    assert summary["seconds"] >= 0


@pytest.mark.parametrize(
    ("now", "arguments", "kind", "wish", "keys", "attempts"),
    [
        ("2024-06-01", ["sync"], "backfill", {"years": 2024}, ["2024"], 8),
        ("2024-06-01", ["sync", "--year", "2023"], "backfill", {"years": 2023}, ["2023"], 8),
        (
            *("2026-01-02", ["sync", "--recent", "7"], "backfill", {"recent_days": 7}),
            *(["2025", "2026"], 8),
        ),
        (
            *("2026-06-02", ["sync", "--recent", "7"], "backfill", {"recent_days": 7}),
            *(["2026"], 8),
        ),
        (
            *("2025-06-01", ["bulk-sync", "--all", "--max-retries", "3"], "backfill"),
            {"years": {"from": 2023, "to": 2025}, "max_attempts": 3},
            *(["2023", "2024", "2025"], 3),
        ),
        (
            *("2025-06-01", ["bulk-sync", "--current", "--pause", "5"], "backfill"),
            {"years": {"from": 2025, "to": 2025}, "spacing_seconds": 5.0},
            *(["2025"], 8),
        ),
        (
            *("2025-06-01", ["bulk-sync", "--start-year", "2024"], "backfill"),
            {"years": {"from": 2024, "to": 2025}},
            *(["2024", "2025"], 8),
        ),
    ],
)
def test_what_is_asked_for(
    environment: pytest.MonkeyPatch,
    database: str,
    now: str,
    arguments: list[str],
    kind: str,
    wish: dict[str, object],
    keys: list[str],
    attempts: int,
) -> None:
    """The seasons, whether lately, how slowly, how often; never results."""
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    environment.setattr(App, "now", lambda _: moment)
    assert main([*arguments, "--no-wait"]) == 0
    assert asked(database) == [(kind, {**wish, "include_results": False}, keys, attempts)]


def test_a_pause_spaces_the_meetings_out(app: App, database: str) -> None:
    """At least so long between two of them."""
    assert main(["bulk-sync", "--start-year", "2024", "--pause", "300", "--no-wait"]) == 0
    drain(app)
    apart = rows(
        database,
        "SELECT extract(epoch FROM max(not_before) - min(not_before))::int, count(*)"
        " FROM ingest.items WHERE task = 'sync_meeting'",
    )
    assert apart == [(600, 3)]


def test_one_meeting_comes_before_all_bulk(app: App, database: str, capsys: Captured) -> None:
    """By its key; one that OpenF1 does not know fails by name."""
    with working(app):
        assert main(["sync", "--meeting", "1229"]) == 0
        assert re.search(r"^Done: 1 round, 5 sessions, 20 entrants", capsys.readouterr().out, re.M)
        assert rows(database, "SELECT lane, payload FROM ingest.items") == [(0, {})]
        assert main(["sync", "--meeting", "9"]) == 1
    assert "\n9: failed: unknown-meeting\n" in capsys.readouterr().out


def test_a_source_that_keeps_failing_costs_as_many_attempts_as_were_allowed(
    app: App, database: str, replay: ReplayServer, capsys: Captured
) -> None:
    """Then the year has failed, and the command that retries it is told; mended, it works."""
    replay.faults.add(Fault(kind="status", match="/v1/sessions?=1229", times=None))
    with working(app):
        year = ["--start-year", "2024", "--end-year", "2024"]
        assert main(["bulk-sync", *year, "--max-retries", "2"]) == 1
        told = capsys.readouterr().out
        run = run_of(told)
        assert "\nSeasons: 1 asked for, 0 succeeded, 1 failed: 2024\n" in told
        assert "\nBahrain Grand Prix: failed: http-502\n" in told
        assert told.endswith(f"\nAgain: python -m ingestion_core runs retry {run}\n")
        failed = "SELECT item, attempts FROM ingest.items WHERE state = 'failed'"
        [(item, attempts)] = rows(database, failed)
        assert attempts == 2

        replay.faults.clear()
        assert main(["runs", "show", str(run)]) == 0
        told = capsys.readouterr().out
        assert re.search(rf"^ +{item}  Bahrain Grand Prix +failed: http-502$", told, re.M), told
        assert main(["runs", "retry", "--item", str(item)]) == 0
        assert re.search(r"^Bahrain Grand Prix +1 round, 5 s", capsys.readouterr().out, re.M)
        assert main(["runs", "watch", str(run)]) == 0, "its run waited for that item as well"


def test_what_was_cancelled_can_be_asked_for_again(
    app: App, database: str, capsys: Captured
) -> None:
    """And is listed meanwhile, without an item being carried out."""
    assert main(["sync", "--meeting", "1229", "--no-wait"]) == 0
    run = str(run_of(capsys.readouterr().out))
    assert main(["runs", "show", run]) == 0
    assert re.search(r"^ +1  1229 +sent, due \d\d:\d\d:\d\dZ$", capsys.readouterr().out, re.M)
    assert main(["runs", "cancel", run]) == 0
    assert capsys.readouterr().out == "1 taken back\n"
    assert main(["runs", "list"]) == 0
    assert re.search(
        rf"^{run}  \S+ \S+Z  cancelled meeting  0/1 done, 1 cancelled$", capsys.readouterr().out
    )
    assert main(["runs", "watch", run]) == 1
    capsys.readouterr()
    with working(app):
        assert main(["runs", "retry", run]) == 0
    assert "1 asked for again\n" in capsys.readouterr().out
    assert main(["runs", "list", "--json", "--limit", "1"]) == 0
    [listed] = json.loads(capsys.readouterr().out)
    assert (listed["run"], listed["state"]) == (run, "done")


def test_a_source_is_paused_and_resumed(app: App, capsys: Captured) -> None:
    """Its state, its pace and the work ahead are told."""
    assert main(["sync", "--year", "2024", "--no-wait"]) == 0
    capsys.readouterr()
    assert main(["sources", "pause", "openf1"]) == 0
    pace = "0.01 s between requests"
    assert capsys.readouterr().out == f"openf1       paused, {pace}, 1 items ahead, never read\n"
    assert main(["sources", "list", "--json"]) == 0
    assert [one["paused"] for one in json.loads(capsys.readouterr().out)] == [True]
    assert main(["sources", "resume", "openf1"]) == 0
    assert "openf1       open, " in capsys.readouterr().out
    drain(app)
    assert main(["sources", "list"]) == 0
    assert re.search(r", 0 items ahead, answered 20\S+ \S+Z$", capsys.readouterr().out.strip())
    assert main(["sources", "pause", "nobody"]) == 1


@pytest.mark.unprepared
@pytest.mark.parametrize(
    "command",
    [
        ["sync", "--year", "2024"],
        ["sync", "--meeting", "1229"],
        ["sync", "--recent", "3"],
        ["bulk-sync", "--current"],
        ["import-archive"],
    ],
)
def test_results_are_refused_where_they_are_off(
    command: list[str], database: str, capsys: Captured
) -> None:
    """By the name of the setting, before anything is asked for."""
    assert main([*command, "--results", "--no-wait"]) == 3
    captured = capsys.readouterr()
    assert "set RESULTS_ENABLED=true to opt in, or leave out '--results'" in captured.err
    assert captured.out == ""
    made = "SELECT to_regclass('ingest.runs') IS NOT NULL"
    assert rows(database, made) == [(False,)], "not even the database was opened"


def test_results_are_announced_before_anything_begins(
    environment: pytest.MonkeyPatch, database: str, capsys: Captured
) -> None:
    """That spoilers will be stored, by which function, and from when on."""
    environment.setenv("RESULTS_ENABLED", "true")
    environment.setenv("RESULTS_EMBARGO_HOURS", "36")
    assert main(["sync", "--year", "2024", "--results", "--no-wait"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert "spoilers will be stored, by the function load_results" in first
    assert "less than 36 h ago" in first
    assert [one[1] for one in asked(database)] == [{"years": 2024, "include_results": True}]


@pytest.mark.parametrize(
    "arguments",
    [
        ["sync", "--year", "1999"],
        ["sync", "--year", "2999"],
        ["sync", "--year", "2024", "--recent", "7"],
        ["sync", "--recent", "-1"],
        ["sync", "--recent", "367"],
        ["sync", "--meeting", "0"],
        ["sync", "--meeting", "99999999999"],
        ["bulk-sync"],
        ["bulk-sync", "--all", "--current"],
        ["bulk-sync", "--all", "--end-year", "2024"],
        ["bulk-sync", "--start-year", "2025", "--end-year", "2024"],
        ["bulk-sync", "--start-year", "2022"],
        ["bulk-sync", "--all", "--pause", "-1"],
        ["bulk-sync", "--all", "--pause", "nan"],
        ["bulk-sync", "--all", "--max-retries", "0"],
        ["runs", "retry"],
        ["runs", "retry", str(UUID(int=1)), "--item", "1"],
        ["runs", "retry", "--item", "0"],
        ["runs", "list", "--limit", "none"],
        ["runs", "show", "1"],
        ["sources", "stop", "openf1"],
    ],
    ids=" ".join,
)
def test_misuse_is_named_before_anything_is_asked_for(
    arguments: list[str], capsys: Captured
) -> None:
    """Exit code 2."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_ctrl_c_before_anything_is_asked_for_is_a_word_and_no_traceback(
    environment: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """Exit code 130 as well."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    environment.setattr(backfill, "backfill", interrupted)
    assert main(["sync"]) == 130
    assert capsys.readouterr().err == "interrupted\n"


@pytest.mark.parametrize("action", ["show", "watch", "retry", "cancel"])
def test_a_run_that_nobody_asked_for_is_told(action: str, capsys: Captured) -> None:
    """Exit code 1."""
    assert main(["runs", action, str(uuid4())]) == 1
    assert capsys.readouterr().err == "there is no such run\n"


def test_an_item_that_did_not_fail_is_told(capsys: Captured) -> None:
    """By its number, with exit code 1."""
    assert main(["runs", "retry", "--item", "77"]) == 1
    assert capsys.readouterr().err == "no item 77 has failed or was cancelled\n"


def test_without_any_run_the_list_says_so(capsys: Captured) -> None:
    """Rather than nothing."""
    assert main(["runs", "list"]) == 0
    assert capsys.readouterr().out == "nothing was asked for yet\n"
