"""`make run WIKI=...`: which series it reads, what it starts and refuses, and how it tells it."""

import subprocess
from pathlib import Path

import pytest

from local.replay.wiki.shelf import PAGES
from local.stack.api import Item, Run, Totals
from local.stack.home import StackError
from local.stack.plan import Options, Plan, app_settings, decide
from local.stack.product import Counts
from local.stack.progress import label, remark
from local.stack.summary import attribution, summary
from tests.support import wiki_pages

ROOT = Path(__file__).parents[2]
COUNTS = Counts(
    rounds=5,
    unnumbered=0,
    sessions=5,
    drivers=9,
    entrants=24,
    without_results=5,
    results=20,
)


def planned(where: str = "1", **options: object) -> Plan:
    """The plan for saved pages."""
    return decide(Options(wiki=where, **options), {})  # type: ignore[arg-type] # given by name


def saved(folder: Path, *keys: str) -> Path:
    """A folder of series' pages, each with a season of 1962, and a page that speaks of them."""
    for number, key in enumerate(keys):
        season = [wiki_pages.link(f"1962_{key}", "1962"), "3", "x", "1", "y"]
        (folder / f"{number}.html").write_bytes(wiki_pages.series(key, seasons=[season]))
    (folder / "talk.html").write_bytes(wiki_pages.page("Talk", "the Series Overview is wrong"))
    return folder


def page(key: str, **fields: object) -> Item:
    """A page's item as the API shows it, done."""
    shown = {"item": 1, "task": "read_page", "key": key, "name": key.replace("_", " ")}
    return Item.model_validate(shown | {"state": "done", "outcome": "ok"} | fields)


def run_of(*items: Item) -> Run:
    """A run of these."""
    return Run(
        run="r",
        state="done",
        expected=len(items),
        done=len(items),
        failed=0,
        totals=Totals(requests=17),
        items=list(items),
    )


def test_1_is_the_shipped_series_with_all_its_seasons() -> None:
    """Which the app reads through the queue as any other."""
    plan = planned()
    assert (plan.source, plan.years) == ("wiki", (1961, 1962))
    assert plan.wiki is not None
    assert (plan.wiki.folder, plan.wiki.series) == (PAGES, "Lantern_Cup_Central")
    assert plan.counted == "lantern-cup"
    assert plan.replay, "the timer would ask the real OpenF1"
    assert plan.guards_users, "an invented series is nobody's truth"


def test_the_app_gets_the_source_its_address_a_contact_and_the_replay_s_pace() -> None:
    """And without WIKI nothing of it."""
    settings = app_settings(planned(), "dbname=x", "s", "http://openf1", "key", "http://wiki")
    told = {name: value for name, value in settings.items() if "WIKI" in name or "THIRD" in name}
    assert told == {
        "THIRDTURN_ENABLED": "true",
        "THIRDTURN_BASE_URL": "http://wiki",
        "THIRDTURN_REQUESTS_PER_MINUTE": "600",
        "WIKI_CONTACT": "nobody@localhost",
    }
    plain = app_settings(decide(Options(), {}), "dbname=x", "s", "http://openf1", "key")
    assert not {name for name in plain if "WIKI" in name or "THIRD" in name}


def test_the_pace_and_the_contact_can_be_set() -> None:
    """By the settings' own names; the replay insists on half the pace, for requests come late."""
    environment = {"THIRDTURN_REQUESTS_PER_MINUTE": "20", "WIKI_CONTACT": "me@here.test"}
    wiki = decide(Options(wiki="1"), environment).wiki
    assert wiki is not None
    assert (wiki.pace, wiki.contact) == (20, "me@here.test")
    assert wiki.seconds == pytest.approx(1.5)
    with pytest.raises(StackError, match="THIRDTURN_REQUESTS_PER_MINUTE must be"):
        decide(Options(wiki="1"), {"THIRDTURN_REQUESTS_PER_MINUTE": "none"})


def test_a_folder_s_series_is_found_and_chosen_where_there_are_several(tmp_path: Path) -> None:
    """By its title, with spaces or underscores; the refusal names them."""
    one = saved(tmp_path, "Reed_Trophy_Central")
    found = planned(str(one)).wiki
    assert found is not None
    assert (found.series, found.years) == ("Reed_Trophy_Central", (1962, 1962))
    both = saved(tmp_path, "Reed_Trophy_Central", "Eel_Sprint_Central")
    with pytest.raises(StackError, match=r"WIKI_SERIES=<title>.*Eel_Sprint_Central, Reed_Trophy"):
        planned(str(both))
    chosen = planned(str(both), series="Eel Sprint Central").wiki
    assert chosen is not None
    assert chosen.series == "Eel_Sprint_Central"


def test_year_picks_one_season() -> None:
    """Of those that the series' page lists."""
    assert planned(year=1962).years == (1962, 1962)
    with pytest.raises(StackError, match=r"YEAR=1963 is no season of .* \(1961 to 1962\)"):
        planned(year=1963)


@pytest.mark.parametrize(
    ("options", "environment", "said"),
    [
        (Options(wiki="/no/such/folder"), {}, "there is no folder /no/such/folder"),
        (Options(wiki=str(ROOT / "docs")), {}, "the folder has no page of a series"),
        (Options(wiki="1", series="Reed Trophy"), {}, "no series Reed Trophy, but Lantern_Cup"),
        (Options(wiki="1", live=True, year=2024), {}, "WIKI is imported by itself"),
        (Options(wiki="1", archive="."), {}, "is imported by itself"),
        (Options(series="Lantern_Cup_Central"), {}, "it goes with WIKI=<folder>"),
        (Options(wiki="1"), {"THIRDTURN_BASE_URL": "http://x"}, "exclude each other"),
    ],
)
def test_what_does_not_go_together_is_refused(
    options: Options, environment: dict[str, str], said: str
) -> None:
    """In one line that says what to do."""
    with pytest.raises(StackError, match=said):
        decide(options, environment)


def test_a_page_is_told_with_what_became_of_it() -> None:
    """A race with its entrants, a driver by the rows alone."""
    counts = {"rounds": 1, "sessions": 1, "entrants": 7, "rows": 23}
    race = page("1962_Twelve_Lamps", counts=counts)
    assert (label(race), remark(race)) == (
        *("1962 Twelve Lamps", "1 session, 7 entrants, 23 rows written"),
    )
    season = {"rounds": 3, "sessions": 3, "entrants": 0, "rows": 9}
    assert remark(page("1962_X", counts=season)) == "3 rounds, 3 sessions, 9 rows written"
    driver = {"rounds": 0, "sessions": 0, "entrants": 0, "rows": 1}
    assert remark(page("Edda_Quill", counts=driver)) == "1 row written"
    assert remark(page("Lantern_Cup_Central", counts={"rounds": 0, "rows": 0})) == "read"
    assert remark(page("Old_Quay_Oval", outcome="missing")) == "not there"
    assert remark(page("Ada_Ferris", outcome="unchanged")) == "unchanged"
    assert remark(page("Secret", outcome="disallowed")) == "disallowed"
    failed = page("X", state="failed", outcome="dropped", error="page-unusable: not-a-race")
    assert remark(failed) == "failed: page-unusable: not-a-race"


def test_the_summary_counts_pages_and_names_the_pace() -> None:
    """Fast on this machine; the real wiki is asked every three seconds at most."""
    run = run_of(page("A"), page("B"), page("C", outcome="missing"))
    assert summary(planned(), run, COUNTS, 1.23) == [
        "Lantern Cup Central, 1961 to 1962",
        "  Pages             1 not there, 2 read",
        "  Rounds            5",
        "  Sessions          5",
        "  Drivers           9",
        "  Entrants          24",
        "  Requests          17",
        "  Seconds           1.2",
        "  Results withheld  5 sessions (no spoilers; RESULTS=1 opts in)",
        "  Pace              the replay is asked 600 times a minute; the real wiki 20",
    ]
    assert "  Results           20" in summary(planned(results=True), run, COUNTS, 1)


def test_invented_pages_are_nobody_s_data(tmp_path: Path) -> None:
    """Any other's are the wiki's, under its licence."""
    assert "invented" in attribution(planned())
    others = planned(str(saved(tmp_path, "Reed_Trophy_Central")))
    assert "The Third Turn" in attribution(others)
    assert "CC BY-NC-SA 4.0" in attribution(others)


def test_the_recorded_series_is_found_with_its_years(recordings: Path) -> None:
    """A series' page need not end in _Central; beside NASCAR's it has to be named."""
    folder = recordings / "thethirdturn"
    found = planned(str(folder / "badger_modified_tour")).wiki
    assert found is not None
    assert found.series == "Custom_Windows_Plus_Badger_Mod_Tour_presented_by_Gandrud_Chevrolet"
    assert found.years == (2012, 2013)
    with pytest.raises(StackError, match="NASCAR_Cup_Series_Central"):
        planned(str(folder))
    assert planned(str(folder), series="NASCAR_Cup_Series_Central").years == (1949, 2026)


@pytest.mark.parametrize(
    ("given", "expected"),
    [(["WIKI=1"], "--wiki '1'"), (["WIKI=a folder", "WIKI_SERIES=A B"], "--series 'A B'")],
)
def test_make_passes_the_wiki_on(given: list[str], expected: str) -> None:
    """With its blanks; WIKI=0 is none."""

    def shown(*variables: str) -> str:
        return subprocess.run(
            ["make", "--dry-run", "run", *variables],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    assert expected in shown(*given)
    assert "--wiki" not in shown("WIKI=0")
