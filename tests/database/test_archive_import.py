"""The Ergast archive into a real database: seasons, what follows them, and what goes wrong."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ingestion_core.errors import Conflict, Unprepared
from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from tests.support.apps import Opened, app_with, opening
from tests.support.archives import Tables, csv_text, tables, write_csv
from tests.support.drain import deliver, drain, letters
from tests.support.product import dump, figures, rows, written
from tests.support.work import execute


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small archive: races of 2019 and 2023."""
    return write_csv(tmp_path / "archive", tables())


@pytest.fixture
def open_app(database: str, azurite: str, folder: Path) -> Iterator[Opened]:
    """Instances of the app on one database, with this archive."""
    with opening(partial(app_with, database, azurite, archive_url=str(folder))) as open_app:
        yield open_app


def ask(app: App, first: int = 2019, last: int = 2023, results: bool = False) -> Any:
    """Ask for seasons; the run."""
    return backfill.import_archive(app, range(first, last + 1), {}, include_results=results)


def imported(app: App, first: int = 2019, last: int = 2023, results: bool = False) -> Any:
    """The same, carried out; the run as the API shows it."""
    run = ask(app, first, last, results)
    drain(app)
    return backfill.show_run(app, run)


def rewrite(folder: Path, **changed: Any) -> None:
    """Write tables anew."""
    for table, content in changed.items():
        (folder / f"{table}.csv").write_text(csv_text(table, content))


def ended(run: Any, task: str = "import_season") -> dict[str, tuple[str, str | None]]:
    """How each season's item ended."""
    return {
        one["key"]: (one["state"], one["outcome"]) for one in run["items"] if one["task"] == task
    }


def test_a_season_is_an_item_with_its_own_counts(open_app: Opened, database: str) -> None:
    """One without races in the archive is over as empty, and says so."""
    run = imported(open_app(), 2018, 2024)
    assert run["state"] == "done"
    assert run["kind"] == "archive"
    assert ended(run) == {
        str(year): ("done", "ok" if year in (2019, 2023) else "empty") for year in range(2018, 2025)
    }
    counts = {one["key"]: one["counts"] for one in run["items"]}
    # Race and qualifying; and all five of a sprint weekend.
    assert (counts["2019"]["rounds"], counts["2019"]["sessions"]) == (1, 2)
    assert (counts["2023"]["rounds"], counts["2023"]["sessions"]) == (1, 5)
    assert (counts["2019"]["entrants"], counts["2023"]["entrants"]) == (2, 2)
    assert figures(database)["rounds"] == (2, 0)
    assert (figures(database)["sessions"], figures(database)["entrants"]) == (7, 4)
    record = "SELECT key, outcome, rows FROM ingest.fetches WHERE source = 'ergast' ORDER BY key"
    assert rows(database, record)[1] == ("2019", "ok", 1)
    assert [row[:2] for row in rows(database, record)].count(("2020", "empty")) == 1


def test_a_second_import_changes_nothing(open_app: Opened, database: str) -> None:
    """By the server's own count."""
    app = open_app()
    imported(app)
    app.close()
    before, counted = dump(database), written(database, swept=True)
    again = open_app()
    assert [one["counts"]["rows"] for one in imported(again)["items"]] == [0] * 5
    again.close()
    assert (dump(database), written(database)) == (before, counted)


def test_it_takes_no_slot_of_a_timetable(open_app: Opened, database: str) -> None:
    """Every season is due at once: nobody is asked for anything."""
    ask(open_app(), 1950, 2024)
    assert rows(
        database,
        "SELECT state, count(*), max(due_at) <= now(), sum(requests) FROM ingest.items"
        " WHERE source = 'ergast' GROUP BY state",
    ) == [("sent", 75, True, 0)]


def test_what_belongs_to_no_season_is_quarantined_once_an_import(
    open_app: Opened, folder: Path, database: str
) -> None:
    """And counted with the first of its seasons."""
    content = tables()
    content["results"].append(["9", "99", "1", "1", "44", "1", "1", "1", "1", "25.5", "78"])
    rewrite(folder, results=content["results"])
    kept = "SELECT key, row_key, reason, times FROM ingest.quarantine WHERE source = 'ergast'"
    for times in (1, 2):
        run = imported(open_app())
        assert [one["counts"]["quarantined"] for one in run["items"]] == [1, 0, 0, 0, 0]
        assert rows(database, kept) == [
            ("archive", "raceId=99 driverId=1 constructorId=1", "unknown-race", times)
        ]


def test_a_missing_table_is_named_and_nothing_is_written(
    open_app: Opened, folder: Path, database: str
) -> None:
    """In every season's item, in the run; mended and asked again, they are all there."""
    (folder / "drivers.csv").unlink()
    app = open_app()
    run = imported(app)
    told = "archive-unreadable: the archive: lacks the table drivers"
    assert (run["state"], run["failed"], run["last_error"]) == ("failed", 5, told)
    assert {one["error"] for one in run["items"]} == {told}
    assert not any(dump(database).values())
    assert rows(database, "SELECT count(*) FROM ingest.claims") == [(0,)]
    assert rows(database, "SELECT count(*) FROM ingest.fetches") == [(0,)]

    rewrite(folder, drivers=tables()["drivers"])
    assert backfill.retry_run(app, run["run"]) == 5
    drain(app)
    again = backfill.show_run(app, run["run"])
    assert (again["state"], again["done"]) == ("done", 5)
    assert figures(database)["rounds"] == (2, 0)


def test_an_import_asked_for_later_sees_the_archive_as_it_is_by_then(
    open_app: Opened, folder: Path, database: str
) -> None:
    """In the middle of another one, whose waiting seasons it joins."""
    app, content = open_app(), tables()
    first = ask(app)
    task, message = letters(app)[0]
    deliver(app, task, message)
    content["races"][1][4] = "Grand Prix of Austria"
    rewrite(folder, races=content["races"])
    second = ask(app, 2023, 2023)
    assert len(letters(app)) == 4, "the season that both want is one item"
    drain(app)
    assert {backfill.show_run(app, run)["state"] for run in (first, second)} == {"done"}
    assert rows(database, 'SELECT "Name" FROM "Rounds" ORDER BY "DateStart"') == [
        ("Monaco Grand Prix",),
        ("Grand Prix of Austria",),
    ]


def test_an_older_archive_takes_nothing_back(open_app: Opened, folder: Path, database: str) -> None:
    """By the dates of its files, whenever it is imported."""
    app, content = open_app(), tables()
    imported(app)
    before = dump(database)
    content["races"][0][4] = "Grand Prix of Monaco"
    rewrite(folder, races=content["races"])
    for path in folder.iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))
    run = imported(app)
    assert run["state"] == "done"
    assert dump(database) == before


def test_without_an_archive_nothing_is_asked_for(open_app: Opened, database: str) -> None:
    """The setting is named; no run is left behind, and the source is not even shown."""
    app = open_app(archive_url=None)
    with pytest.raises(Unprepared, match="ARCHIVE_URL"):
        ask(app)
    assert backfill.list_runs(app, 10) == []
    assert [one["source"] for one in backfill.list_sources(app)] == ["openf1"]


def test_an_archive_that_is_gone_fails_its_seasons_and_says_why(open_app: Opened) -> None:
    """Not by the host's ten deliveries."""
    run = imported(open_app(archive_url="/no/such/place"), 2019, 2019)
    told = "archive-missing: ARCHIVE_URL: there is no such folder or file"
    assert (run["state"], run["last_error"]) == ("failed", told)


def test_the_same_request_key_is_the_same_import(open_app: Opened) -> None:
    """Whoever asks twice because the first answer got lost gets the first run."""
    app = open_app()
    runs = {backfill.import_archive(app, [2019], {}, request_key="archive-1") for _ in range(2)}
    assert len(runs) == 1
    assert len(letters(app)) == 1


# --- results

_HOW_MANY = 'SELECT count(*) FROM "Results"'


def test_results_are_off_unless_opted_into(open_app: Opened, database: str) -> None:
    """A wish for them is refused by the setting's name; an import without brings none."""
    app = open_app()
    with pytest.raises(Conflict, match="RESULTS_ENABLED"):
        ask(app, results=True)
    assert backfill.list_runs(app, 10) == []
    run = imported(app)
    assert {one["task"] for one in run["items"]} == {"import_season"}
    assert rows(database, _HOW_MANY) == [(0,)]
    assert rows(database, "SELECT to_regnamespace('spoilers')") == [(None,)]


def test_results_come_only_where_they_were_asked_for(open_app: Opened, database: str) -> None:
    """Opting in is one thing, asking another."""
    app = open_app(results_enabled=True)
    assert {one["task"] for one in imported(app)["items"]} == {"import_season"}
    assert rows(database, _HOW_MANY) == [(0,)]


def test_a_seasons_results_follow_its_entries(open_app: Opened, database: str) -> None:
    """One item per season that the archive has; every row of its three tables; again: nothing."""
    app = open_app(results_enabled=True)
    run = imported(app, results=True)
    assert ended(run, "load_season_results") == {"2019": ("done", "ok"), "2023": ("done", "ok")}
    counts = [one["counts"] for one in run["items"] if one["task"] == "load_season_results"]
    # 2019: two in the race, two in qualifying; 2023: two, one in the sprint, one in qualifying.
    assert [one["results"] for one in counts] == [4, 4]
    assert rows(database, _HOW_MANY) == [(8,)]
    again = imported(app, results=True)
    assert {one["counts"]["rows"] for one in again["items"]} == {0}


def test_results_that_were_turned_off_meanwhile_are_withheld(
    open_app: Opened, database: str
) -> None:
    """Nothing is sent to a queue that nobody reads."""
    app = open_app(results_enabled=True)
    run = ask(app, results=True)
    for task, message in letters(app):
        deliver(app, task, message)
    app.close()
    off = open_app()
    shown = backfill.show_run(off, run)
    assert ended(shown, "load_season_results") == {
        "2019": ("withheld", "off"),
        "2023": ("withheld", "off"),
    }
    assert rows(database, _HOW_MANY) == [(0,)]


def test_an_entry_list_that_changed_under_results_has_them_projected_again(
    open_app: Opened, folder: Path, database: str
) -> None:
    """Without having been asked for, and without reading a result anew."""
    app, content = open_app(results_enabled=True), tables()
    imported(app, results=True)
    for table in ("results", "qualifying"):
        for row in content[table]:
            row[3] = "2"  # constructorId: they all drive for Beta now
    rewrite(folder, results=content["results"], qualifying=content["qualifying"])
    run = imported(app)
    assert ended(run, "load_season_results") == {"2019": ("done", "ok"), "2023": ("done", "ok")}
    counts = [one["counts"] for one in run["items"] if one["task"] == "load_season_results"]
    assert [one["revised"] for one in counts] == [0, 0]


def recent(now: datetime) -> Tables:
    """The small archive, whose last weekend was just now: its race ended two hours ago."""
    content = tables()
    race = content["races"][1]
    started = now - timedelta(hours=4)
    race[1], race[5], race[6] = str(started.year), f"{started:%Y-%m-%d}", f"{started:%H:%M:%S}"
    for place, days in ((8, 3), (10, 2), (14, 3), (16, 2)):
        race[place] = f"{started - timedelta(days=days):%Y-%m-%d}"
    # Nobody can read this one: its place is no place.
    content["results"].append(["5", "20", "3", "2", "5", "4", "x", "x", "3", "0", "0", *[None] * 7])
    return content


def test_a_session_under_embargo_is_left_out_and_comes_by_itself(
    open_app: Opened, folder: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive's newest race may be this afternoon's; the rest of its season is stored."""
    now = datetime(2026, 7, 12, 18, tzinfo=UTC)
    content = recent(now)
    rewrite(folder, races=content["races"], results=content["results"])
    app = open_app(results_enabled=True)
    monkeypatch.setattr(app, "now", lambda: now)
    run = imported(app, 2026, 2026, results=True)
    (item,) = [one for one in run["items"] if one["task"] == "load_season_results"]
    assert (item["state"], item["outcome"]) == ("done", "embargo")
    # The sprint of two days before has no known hour: it ends with its day, wherever on earth.
    assert item["counts"]["embargoed"] == 2
    assert _kinds(database) == ["qualifying"]
    assert rows(database, "SELECT count(*) FROM spoilers.quarantine") == [(0,)]
    assert run["state"] == "done", "nobody waits a day for an import to end"

    monkeypatch.setattr(app, "now", lambda: now + timedelta(days=3))
    waiting = "SELECT item, not_before FROM ingest.items WHERE state = 'waiting'"
    ((_, opens),) = rows(database, waiting)
    assert now < opens < now + timedelta(days=1)
    execute(app, "UPDATE ingest.items SET not_before = now() WHERE state = 'waiting'")
    app.release_all()
    drain(app)
    assert _kinds(database) == ["qualifying", "race", "sprint"]
    assert rows(database, "SELECT count(*) FROM spoilers.quarantine") == [(1,)]
    assert rows(database, waiting) == []


def _kinds(database: str) -> list[str]:
    """The kinds of sessions that have results."""
    kinds = {3: "qualifying", 4: "sprint qualifying", 5: "sprint", 6: "race"}
    found = rows(
        database,
        'SELECT DISTINCT s."Type" FROM "Results" r JOIN "Sessions" s ON s."Id" = r."SessionId"',
    )
    return sorted(kinds[row[0]] for row in found)
