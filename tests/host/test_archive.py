"""The Ergast archive through the host: HTTP trigger, real queues, functions, PostgreSQL."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.host.processes import eventually
from tests.host.running import Running, Start
from tests.support.archives import Tables, tables, write_csv
from tests.support.product import dump, figures, rows
from tests.support.whole_archive import WholeArchive

#: Counted on the archive of 1950 to 2024: rows of races with another drive of the same man in the
#: same race are 91 too many; those of sprints and qualifyings are all different.
ROUNDS, DRIVERS, CIRCUITS, ENTRANTS = 1125, 861, 77, 26_668
RACES, SPRINTS, QUALIFYINGS = 26_759, 360, 10_494
FOLDED = 91
SEASONS = [str(year) for year in range(1950, 2025)]


StartArchive = Callable[..., Running]


@pytest.fixture
def start_with(start: Start) -> StartArchive:
    """Start instances of the app's host with an archive; nobody answers for OpenF1."""

    def go(archive: object = "", settings: dict[str, str] | None = None, **more: Any) -> Running:
        chosen = {"ARCHIVE_URL": str(archive), **(settings or {})}
        listening = ("import_season", "dead_letter_season", "load_results")
        return start(settings=chosen, listening=listening, **more)

    return go


def ask(app: Running, body: object) -> str:
    """POST an import that must be accepted; its run."""
    answer = app.client.post("/archive", json=body)
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"/api/runs/{answer.json()['run']}"
    return str(answer.json()["run"])


def imported(app: Running, first: int, last: int) -> dict[str, Any]:
    """Import these seasons, and wait for the end."""
    return app.finished(ask(app, {"seasons": {"from": first, "to": last}}))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Races of 2019 and 2023."""
    return write_csv(tmp_path / "small", tables())


def yearly(first: int, last: int) -> Tables:
    """The small archive with a race of two men in every year."""
    content = tables()
    race, drives = content["races"][0], content["results"][:2]
    content |= {"races": [], "results": [], "sprint_results": [], "qualifying": []}
    for year in range(first, last + 1):
        content["races"].append([str(year), str(year), "1", *race[3:5], f"{year}-05-26", *race[6:]])
        for place, drive in enumerate(drives):
            content["results"].append([str(year * 10 + place), str(year), *drive[2:]])
    return content


def test_the_whole_archive_with_results(whole_archive: WholeArchive) -> None:
    """Every season in one message, every row where it belongs."""
    shown, database = whole_archive.run, whole_archive.database
    assert (shown["state"], shown["expected"], shown["done"]) == ("done", 150, 150)
    # The times of Spa 2024 are impossible.
    assert [(one["task"], one["key"]) for one in shown["items"] if one["outcome"] != "ok"] == [
        ("load_season_results", "2024")
    ]
    assert [one["key"] for one in shown["items"] if one["task"] == "import_season"] == SEASONS
    tasks = ("import_season", "load_season_results")
    assert whole_archive.carried_out == {f"{task} {year}": 1 for task in tasks for year in SEASONS}
    released = "SELECT DISTINCT release FROM ingest.items WHERE source = 'ergast'"
    assert rows(database, released) == [(1,)]

    found = figures(database)
    assert (found["rounds"], found["drivers"]) == ((ROUNDS, 0), DRIVERS)
    assert (found["circuits"], found["entrants"]) == (CIRCUITS, ENTRANTS)
    sums = whole_archive.counts(*tasks)
    assert (sums["rounds"], sums["entrants"], sums["quarantined"]) == (ROUNDS, ENTRANTS, 1)
    assert (sums["folded"], sums["embargoed"]) == (FOLDED, 0)
    assert sums["results"] == RACES - FOLDED + SPRINTS + QUALIFYINGS
    assert rows(database, 'SELECT count(*) FROM "Results"') == [(sums["results"],)]


def test_its_worker_needs_at_most_250_megabytes(whole_archive: WholeArchive) -> None:
    """At its peak, library and all."""
    assert whole_archive.peak <= 250


def test_the_whole_archive_again_touches_no_row(whole_archive: WholeArchive) -> None:
    """By the server's counters; with its bookkeeping it logs half a megabyte at the most."""
    assert whole_archive.again["done"] == 150
    assert whole_archive.written["Entrants"][0] == ENTRANTS, "the counters had not arrived"
    stored = RACES - FOLDED + SPRINTS + QUALIFYINGS
    assert whole_archive.written["Results"][:3] == (stored, 0, 0)
    assert whole_archive.written_again == whole_archive.written
    assert whole_archive.same
    assert whole_archive.logged <= 500_000, f"{whole_archive.logged:,} bytes"


def test_an_import_over_http(start_with: StartArchive, small: Path, database: str) -> None:
    """POST, one message per season, rows; without a word on results, none."""
    app = start_with(small, {"RESULTS_ENABLED": "true"})
    shown = imported(app, 2018, 2024)
    assert (shown["kind"], shown["state"], shown["expected"]) == ("archive", "done", 7)
    assert {one["key"]: one["outcome"] for one in shown["items"]} == {
        str(year): "ok" if year in (2019, 2023) else "empty" for year in range(2018, 2025)
    }
    assert (figures(database)["rounds"], figures(database)["entrants"]) == ((2, 0), 4)
    assert rows(database, 'SELECT count(*) FROM "Results"') == [(0,)]
    assert [one["source"] for one in app.client.get("/sources").json()["sources"]] == [
        "ergast",
        "openf1",
    ]

    asked = app.run(ask(app, {}))
    years = [int(one["key"]) for one in asked["items"]]
    assert years == list(range(1950, time.gmtime().tm_year + 1)), "all that there can be"


def test_results_are_off(start_with: StartArchive, small: Path, database: str) -> None:
    """No result anywhere, no function that could make one, and a refusal that names the setting."""
    app = start_with(small)
    answer = app.client.post("/archive", json={"include_results": True})
    assert (answer.status_code, answer.headers["content-type"]) == (
        409,
        "application/problem+json",
    )
    assert "RESULTS_ENABLED" in answer.json()["detail"]
    assert app.client.get("/runs").json()["runs"] == []
    assert imported(app, 2019, 2023)["state"] == "done"
    assert rows(database, 'SELECT count(*) FROM "Results"') == [(0,)]
    assert rows(database, "SELECT to_regnamespace('spoilers')") == [(None,)]
    assert rows(database, "SELECT DISTINCT task FROM ingest.items") == [("import_season",)]


def test_without_an_archive_the_setting_is_named(start_with: StartArchive, database: str) -> None:
    """As what is not prepared; nothing was started."""
    app = start_with()
    answer = app.client.post("/archive", json={"seasons": {"from": 1950, "to": 2024}})
    assert (answer.status_code, answer.json()["title"]) == (503, "Not prepared")
    assert "ARCHIVE_URL" in answer.json()["detail"]
    assert app.client.get("/runs").json()["runs"] == []


def test_bad_input_is_answered_with_what_and_why(start_with: StartArchive, small: Path) -> None:
    """As problems, like everywhere."""
    app = start_with(small)
    for body, named in (
        (b"", '{"seasons": {"from": 1950, "to": 2024}}'),
        (b'{"seasons": {"from": 1949, "to": 2024}}', "season 1949 is out of range"),
        (b'{"seasons": {"from": 1950, "to": 2999}}', "season 2999 is out of range"),
        (b'{"seasons": "all"}', "seasons: must be"),
    ):
        answer = app.client.post("/archive", content=body)
        assert answer.status_code == 400, (body, answer.text)
        assert named in answer.json()["detail"], (body, answer.text)
    assert httpx.post(f"{app.host.url}/api/archive", json={}).status_code == 401


def test_a_missing_table_is_named_in_the_run_and_nothing_is_written(
    start_with: StartArchive, small: Path, database: str
) -> None:
    """By its item, the run and the log; put where it belongs and asked for again, it is there."""
    table = small / "constructors.csv"
    content = table.read_text()
    table.unlink()
    app = start_with(small)
    shown = imported(app, 2019, 2023)
    told = "archive-unreadable: the archive: lacks the table constructors"
    assert (shown["state"], shown["failed"], shown["last_error"]) == ("failed", 5, told)
    assert not any(dump(database).values())
    assert sum(f'archive error="{told}"' in line for line in app.host.lines) == 1, "read once"

    table.write_text(content)
    assert app.client.post(f"/runs/{shown['run']}/retry").json()["retried"] == 5
    assert app.finished(shown["run"])["state"] == "done"
    assert figures(database)["rounds"] == (2, 0)


BREAK = """
CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW."Year" = 2023 THEN RAISE EXCEPTION 'broken'; END IF; RETURN NEW; END $$;
CREATE TRIGGER break BEFORE INSERT ON "Seasons" FOR EACH ROW EXECUTE FUNCTION break()
"""


def test_a_season_that_can_not_be_stored_ends_as_failed_and_its_neighbours_are_there(
    start_with: StartArchive, small: Path, database: str
) -> None:
    """Given up after the last delivery; mended and asked for again, it comes in."""

    def change(statement: str) -> None:
        with psycopg.connect(database, autocommit=True) as db:
            db.execute(statement.encode())

    change(BREAK)
    app = start_with(small, maxDequeueCount=2, visibilityTimeout="00:00:00")
    shown = imported(app, 2019, 2023)
    ended = {one["key"]: (one["state"], one["outcome"]) for one in shown["items"]}
    assert ended["2023"] == ("failed", "poison")
    assert (ended["2019"], shown["last_error"]) == (("done", "ok"), "poison")
    assert figures(database)["rounds"] == (1, 0)
    change("DROP FUNCTION break CASCADE")
    assert app.client.post(f"/runs/{shown['run']}/retry").json()["retried"] == 1
    assert app.finished(shown["run"])["state"] == "done"
    assert figures(database)["rounds"] == (2, 0)


def test_a_host_killed_in_the_middle_of_an_import_loses_nothing(
    start_with: StartArchive, tmp_path: Path, database: str
) -> None:
    """kill -9: the message it had comes back; what it was about to send, the timer sends."""
    folder = write_csv(tmp_path / "yearly", yearly(1995, 2024))
    app = start_with(folder, {"RESULTS_ENABLED": "true"}, lease_seconds=3)
    run = ask(app, {"seasons": {"from": 1995, "to": 2024}, "include_results": True})
    eventually(lambda: app.run(run)["done"] >= 10)
    app.host.kill()
    assert figures(database)["rounds"] != (30, 0), "it was over before it was killed"
    second = start_with(folder, {"RESULTS_ENABLED": "true"}, lease_seconds=3)
    with psycopg.connect(database, autocommit=True) as db:
        # As if a quarter of an hour had passed: whatever is lost between marking and sending.
        db.execute(
            "UPDATE ingest.items SET due_at = now() - interval '16 minutes' WHERE state = 'sent'"
        )
    second.look_for_work()
    shown = second.finished(run)
    assert (shown["state"], shown["done"]) == ("done", 60)
    assert (figures(database)["rounds"], figures(database)["entrants"]) == ((30, 0), 60)
    assert rows(database, 'SELECT count(*) FROM "Results"') == [(60,)]
