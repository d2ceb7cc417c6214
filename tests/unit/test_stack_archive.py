"""`make run ARCHIVE=...`: what it starts, what it refuses, and how it tells what came in."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.stack.api import Item, Run, Totals
from local.stack.home import StackError
from local.stack.plan import Options, Plan, app_settings, decide
from local.stack.product import Counts
from local.stack.progress import label, remark
from local.stack.summary import summary

ROOT = Path(__file__).parents[2]
COUNTS = Counts(
    rounds=32,
    unnumbered=0,
    sessions=40,
    drivers=90,
    entrants=700,
    without_results=40,
    results=650,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is there."""
    return tmp_path


def planned(folder: Path, **options: object) -> Plan:
    """The plan for an archive."""
    return decide(Options(archive=str(folder), **options), {})  # type: ignore[arg-type] # given by name


def season(year: int, **fields: object) -> Item:
    """A season's item as the API shows it, done."""
    shown = {"item": year, "task": "import_season", "key": str(year), "name": f"{year} season"}
    return Item.model_validate(shown | {"state": "done", "outcome": "ok"} | fields)


def run_of(*items: Item) -> Run:
    """A run of these."""
    return Run(
        run="r", state="done", expected=len(items), done=len(items), failed=0, items=list(items)
    )


def test_the_archive_is_imported_instead_of_asking_openf1(folder: Path) -> None:
    """All seasons that it can have; the app is told where it lies, and asks nobody real."""
    plan = planned(folder)
    assert (plan.source, plan.years) == ("archive", (1950, datetime.now(UTC).year))
    assert plan.replay, "the timer would ask the real API"
    assert app_settings(plan, "dbname=x", "s", "http://replay", "key")["ARCHIVE_URL"] == str(folder)
    assert "ARCHIVE_URL" not in app_settings(
        decide(Options(), {}), "dbname=x", "s", "http://replay", "key"
    )


def test_year_picks_one_season(folder: Path) -> None:
    """Of those that only the archive has, too."""
    assert planned(folder, year=1957).years == (1957, 1957)


def test_the_app_gets_a_whole_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has another working folder; what is no path is handed on."""
    (folder / "f1.zip").touch()
    monkeypatch.chdir(folder)
    assert decide(Options(archive="f1.zip"), {}).archive == str(folder / "f1.zip")
    for where in ("https://archive.test/f1.zip", "blob:archives/f1.zip"):
        assert decide(Options(archive=where), {}).archive == where


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (Options(archive="/no/such/folder"), "there is no folder or file /no/such/folder"),
        (Options(archive=".", live=True, year=2024), "ARCHIVE is imported by itself"),
        (Options(archive=".", recording=(Path(),)), "ARCHIVE is imported by itself"),
    ],
)
def test_what_does_not_go_together_is_refused(options: Options, said: str) -> None:
    """In one line that says what to do."""
    with pytest.raises(StackError, match=said):
        decide(options, {})


def test_a_database_with_users_is_refused_as_for_a_recording(folder: Path) -> None:
    """An archive on somebody's disk is not their truth either, unless they say so."""
    assert planned(folder).guards_users


def test_a_season_is_told_with_its_rounds() -> None:
    """And its results by their number alone."""
    counts = {"rounds": 8, "sessions": 8, "entrants": 163, "rows": 280}
    assert remark(season(1957, counts=counts)) == (
        "8 rounds, 8 sessions, 163 entrants, 280 rows written"
    )
    results = season(1957, task="load_season_results", counts={"results": 150, "rows": 150})
    assert label(results) == "1957 season, results"
    assert remark(results) == "150 results, 150 rows written"
    assert remark(season(2030, outcome="empty")) == "empty: the source has none of it"
    failed = season(1957, state="failed", outcome="dropped", error="archive-unreadable: x.csv")
    assert remark(failed) == "failed: archive-unreadable: x.csv"


def test_the_summary_names_the_seasons_that_were_there(folder: Path) -> None:
    """Not all that were asked for; what is of OpenF1 alone is left out."""
    run = run_of(season(1957), season(1958), season(1959, outcome="empty"))
    lines = summary(planned(folder), run, COUNTS, 1.23)
    assert lines == [
        "Season 1957 to 1958",
        "  Rounds            32",
        "  Sessions          40",
        "  Drivers           90",
        "  Entrants          700",
        "  Seconds           1.2",
        "  Results withheld  40 sessions (no spoilers; RESULTS=1 opts in)",
    ]
    assert summary(planned(folder, year=1957), run_of(), COUNTS, 1)[0] == "Season 1957"


def test_the_summary_counts_folded_drives_where_results_came_in(folder: Path) -> None:
    """Each of them is one result of several drives."""
    loaded = season(1957, task="load_season_results", counts={"folded": 3})
    other = season(1958, task="load_season_results", counts={"folded": 2})
    lines = summary(planned(folder, results=True), run_of(season(1957), loaded, other), COUNTS, 1)
    assert lines[-2:] == ["  Results           650", "  Folded drives     5"]


def test_a_run_without_an_archive_is_told_as_before() -> None:
    """With its requests and its pace."""
    run = run_of().model_copy(update={"totals": Totals(requests=51)})
    assert summary(decide(Options(), {}), run, COUNTS, 1)[5:] == [
        "  Requests          51",
        "  Seconds           1.0",
        "  Results withheld  40 sessions (no spoilers; RESULTS=1 opts in)",
        "  Pace              the replay allows 600 requests a minute; the real API 30",
    ]


def test_make_passes_the_archive_on() -> None:
    """With its blanks."""
    shown = subprocess.run(
        ["make", "--dry-run", "run", "ARCHIVE=a folder", "RESULTS=1"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "--archive 'a folder'" in shown
    assert "--results" in shown
