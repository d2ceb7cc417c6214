"""The status page's words and choices, apart from any browser."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Never
from uuid import UUID

import azure.functions as func
import psycopg
import pytest

from functions import status as doors
from functions.html import words
from ingestion_core.errors import Unprepared
from ingestion_core.quality.failures import Failure
from ingestion_core.quality.states import State
from ingestion_core.tasks.app import App
from ingestion_core.tasks.status import _worth_showing

ROOT = Path(__file__).parents[2]
NOW = datetime(2024, 3, 2, 17, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "asked", "told"),
    [
        ("backfill", {"years": 2024}, "Backfill of 2024"),
        ("backfill", {"years": {"from": 2023, "to": 2026}}, "Backfill of 2023–2026"),
        ("backfill", {"years": {"from": 2024, "to": 2024}}, "Backfill of 2024"),
        ("backfill", {"years": "all"}, "Backfill of all years"),
        ("backfill", {"years": "current"}, "Backfill of this year"),
        ("backfill", {"recent_days": 7}, "Backfill of the last 7 days"),
        ("meeting", {"meeting": 1229}, "Meeting 1229"),
        ("archive", {"seasons": {"from": 1950, "to": 1959}}, "Archive, 1950–1959"),
        ("archive", {}, "Archive, all seasons"),
        ("wiki", {"series": "NASCAR_Cup_Series"}, "The Third Turn, NASCAR Cup Series"),
        ("wiki", {"index": True}, "The Third Turn, index"),
        ("timer", {"years": [2024]}, "Discovery by the timer"),
        ("another", {}, "Another"),
    ],
)
def test_a_run_is_told_as_what_somebody_asked_for(kind: str, asked: Any, told: str) -> None:
    """Whatever kind of run it is."""
    assert words.asked({"kind": kind, "asked": asked}) == told


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (date(2024, 2, 29), date(2024, 3, 2), "29 Feb – 2 Mar"),
        (date(2024, 3, 7), date(2024, 3, 9), "7–9 Mar"),
        (date(1950, 5, 13), date(1950, 5, 13), "13 May"),
        (date(2024, 3, 7), None, "7 Mar"),
        (None, None, "no date"),
    ],
)
def test_days_of_a_weekend_are_told_shortly(
    first: date | None, last: date | None, told: str
) -> None:
    """Without their year, which stands above them."""
    assert words.days(first, last) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, ""),
        (0, "about 1 s to go"),
        (89, "about 89 s to go"),
        (90, "about 2 min to go"),
        (5399, "about 90 min to go"),
        (7200, "about 2 h to go"),
    ],
)
def test_time_ahead_is_told_in_the_unit_that_fits(seconds: float | None, told: str) -> None:
    """Seconds, minutes, hours."""
    assert words.ahead(seconds) == told


def test_a_moment_is_told_in_utc_and_what_never_was_as_never() -> None:
    """A column that begins with the epoch says never."""
    assert words.moment(NOW) == "2 Mar 2024, 17:05 UTC"
    assert words.moment(None) == words.moment(datetime.fromtimestamp(0, UTC)) == "never"


def failure(code: str) -> Failure:
    """Something that failed."""
    return Failure(7, "openf1", "sync_meeting", "1232", None, code, False, 8, NOW, UUID(int=1))


def test_a_code_is_told_in_words_with_what_stands_behind_it() -> None:
    """A file and a line of ours; a code that nobody has words for is told as it is."""
    assert words.why(failure("unknown-meeting")) == "the source does not know this meeting"
    told = words.why(failure("archive-unreadable: races.csv, line 3: no year"))
    assert told == "the archive can't be read: races.csv, line 3: no year"
    assert words.why(failure("timeout")) == "timeout"
    assert words.failed(failure("x")) == "sessions and entrants, OpenF1 1232"


def test_runs_that_go_on_come_first_and_the_timers_do_not_crowd_the_others_out() -> None:
    """However many ticks of a race weekend lie before them."""
    newest = [
        *({"kind": "timer", "state": "done", "run": number} for number in range(90)),
        {"kind": "backfill", "state": "running", "run": "long"},
        {"kind": "timer", "state": "failed", "run": "failed"},
        *({"kind": "meeting", "state": "done", "run": f"m{number}"} for number in range(9)),
    ]
    shown = [one["run"] for one in _worth_showing(newest)]
    assert shown == ["long", 0, "failed", "m0", "m1", "m2", "m3"]


@pytest.mark.parametrize("path", [doors.show_status, doors.show_coverage])
@pytest.mark.parametrize(
    "error", [psycopg.OperationalError("secret detail"), Unprepared("settings: X is missing")]
)
def test_without_a_database_it_is_503_without_details(
    path: Any, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No trace, no text of the driver's; what is missing among the settings is named."""

    class Down:
        settings = type("Off", (), {"results_enabled": False, "results_embargo_hours": 24})

        policy = App.policy

        def now(self) -> datetime:
            return NOW

        @contextmanager
        def transaction(self) -> Iterator[Never]:
            raise error
            yield

    monkeypatch.setattr(doors, "app", Down)
    request = func.HttpRequest("GET", "/api/status", params={}, body=b"")
    answer = path.build().get_user_function()(request)
    assert answer.status_code == 503
    assert answer.mimetype == "application/problem+json"
    body = answer.get_body().decode()
    assert "secret" not in body
    assert ("X is missing" in body) is isinstance(error, Unprepared)


def test_a_cold_start_does_not_pay_for_the_template() -> None:
    """Jinja2 is imported when the page is first asked for."""
    code = "import sys, function_app; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_every_state_stands_in_the_documentation() -> None:
    """In the table of docs/status.md, with the word that the page has for it."""
    text = (ROOT / "docs" / "status.md").read_text()
    assert not [state for state in State if f"\n| {state} |" not in text]
