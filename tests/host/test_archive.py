"""The Ergast archive through the host: HTTP trigger, real queues, functions, PostgreSQL."""

import contextlib
import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from local.stack.azurite import Azurite
from tests.host.processes import REPOSITORY, HostProcess, eventually
from tests.support.archives import Tables, tables, write_csv
from tests.support.product import dump, figures, rows, written

KEY = "the-function-key-of-this-test"

#: Counted on the archive of 1950 to 2024: rows of races with another drive of the same man in the
#: same race are 91 too many; those of sprints and qualifyings are all different.
ROUNDS, DRIVERS, CIRCUITS, ENTRANTS = 1125, 861, 77, 26_668
RACES, SPRINTS, QUALIFYINGS = 26_759, 360, 10_494
FOLDED = 91
SEASONS = [str(year) for year in range(1950, 2025)]


class Archive:
    """The app under the stand-in host, asked to import as a user would."""

    def __init__(self, host: HostProcess) -> None:
        self.host = host
        self.client = httpx.Client(
            base_url=f"{host.url}/api", headers={"x-functions-key": KEY}, timeout=30
        )

    def ask(self, body: object) -> str:
        """POST an import that must be accepted; its run."""
        answer = self.client.post("/archive", json=body)
        assert answer.status_code == 202, answer.text
        assert answer.headers["Location"] == f"/api/runs/{answer.json()['run']}"
        return str(answer.json()["run"])

    def run(self, run: str) -> dict[str, Any]:
        """A run as the API shows it."""
        found: dict[str, Any] = self.client.get(f"/runs/{run}").raise_for_status().json()
        return found

    def finished(self, run: str, seconds: float = 60) -> dict[str, Any]:
        """The run once it is over."""

        def over() -> dict[str, Any] | None:
            shown = self.run(run)
            return shown if shown["state"] != "running" else None

        found = eventually(over, seconds, every=0.2)
        assert found is not None
        return found

    def seasons(self, first: int, last: int, **more: object) -> dict[str, Any]:
        """Import these, and wait for the end."""
        return self.finished(self.ask({"seasons": {"from": first, "to": last}, **more}))

    def peak(self) -> int:
        """The most memory that the process ever had, in MB."""
        status = Path(f"/proc/{self.host.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return int(found[1]) // 1024

    def close(self) -> None:
        """End as the host does when it is asked to; its connections report what they wrote."""
        if not self.client.is_closed:
            self.client.close()
            if self.host.is_running:
                self.host.stop()


Start = Callable[..., Archive]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[str]:
    """A Storage account of this test alone: the app's queues have fixed names."""
    with Azurite(tmp_path / "azurite.log") as running:
        yield running.connection_string


@pytest.fixture
def start(database: str, storage: str, tmp_path: Path) -> Iterator[Start]:
    """Start instances of the app's host with an archive; nobody answers for OpenF1."""
    with contextlib.ExitStack() as stack:

        def go(
            archive: object = "",
            settings: dict[str, str] | None = None,
            lease_seconds: int = 30,
            **queues: object,
        ) -> Archive:
            root = tmp_path / f"app{time.monotonic_ns()}"
            root.mkdir()
            shutil.copy(REPOSITORY / "function_app.py", root)
            document = json.loads((REPOSITORY / "host.json").read_text())
            document["extensions"]["queues"].update(queues)
            (root / "host.json").write_text(json.dumps(document))
            host = HostProcess(
                root,
                {
                    "AzureWebJobsStorage": storage,
                    "DATABASE_URL": database,
                    "OPENF1_BASE_URL": "http://127.0.0.1:9",
                    "ARCHIVE_URL": str(archive),
                    "DISCOVERY_SCHEDULE": "0 0 0 1 1 *",
                    "LOCAL_FUNCTION_KEY": KEY,
                    **(settings or {}),
                },
                "--lease-seconds",
                str(lease_seconds),
            )
            running = Archive(host.listening())
            stack.callback(running.close)
            return running

        yield go


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


def carried_out(app: Archive) -> Counter[str]:
    """How often each item was carried out, by what the host logged."""
    found = [re.search(r" (\w+ \d{4}): [\w :,.-]+ in \d", line) for line in app.host.lines]
    return Counter(one[1] for one in found if one)


def test_the_whole_archive_with_results(start: Start, recordings: Path, database: str) -> None:
    """Every season in one message, every row where it belongs; again: not one row is touched."""
    opted = {"RESULTS_ENABLED": "true"}
    app = start(recordings / "ergast", opted)
    wish = {"seasons": {"from": 1950, "to": 2024}, "include_results": True}
    shown = app.finished(app.ask(wish), seconds=240)
    assert (shown["state"], shown["expected"], shown["done"]) == ("done", 150, 150)
    # The times of Spa 2024 are impossible.
    assert [(one["task"], one["key"]) for one in shown["items"] if one["outcome"] != "ok"] == [
        ("load_season_results", "2024")
    ]
    assert [one["key"] for one in shown["items"] if one["task"] == "import_season"] == SEASONS
    tasks = ("import_season", "load_season_results")
    assert carried_out(app) == {f"{task} {year}": 1 for task in tasks for year in SEASONS}
    assert rows(
        database, "SELECT max(release), count(*) FROM ingest.items WHERE source = 'ergast'"
    ) == [(1, 150)]

    found = figures(database)
    assert (found["rounds"], found["drivers"]) == ((ROUNDS, 0), DRIVERS)
    assert (found["circuits"], found["entrants"]) == (CIRCUITS, ENTRANTS)
    sums: Counter[str] = Counter()
    for one in shown["items"]:
        sums.update(one["counts"])
    assert (sums["rounds"], sums["entrants"], sums["quarantined"]) == (ROUNDS, ENTRANTS, 1)
    assert (sums["folded"], sums["embargoed"]) == (FOLDED, 0)
    assert sums["results"] == RACES - FOLDED + SPRINTS + QUALIFYINGS
    assert rows(database, 'SELECT count(*) FROM "Results"') == [(sums["results"],)]
    assert app.peak() <= 250
    app.close()

    before, counted = dump(database), written(database, swept=True)
    again = start(recordings / "ergast", opted)
    assert again.finished(again.ask(wish), seconds=240)["done"] == 150
    again.close()
    assert written(database) == counted
    assert dump(database) == before
    assert counted["Entrants"][0] == ENTRANTS, "the counters had not arrived"


def test_an_import_over_http(start: Start, small: Path, database: str) -> None:
    """POST, one message per season, rows; without a word on results, none."""
    app = start(small, {"RESULTS_ENABLED": "true"})
    shown = app.seasons(2018, 2024)
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

    asked = app.run(app.ask({}))
    years = [int(one["key"]) for one in asked["items"]]
    assert years == list(range(1950, time.gmtime().tm_year + 1)), "all that there can be"


def test_results_are_off(start: Start, small: Path, database: str) -> None:
    """No result anywhere, no function that could make one, and a refusal that names the setting."""
    app = start(small)
    answer = app.client.post("/archive", json={"include_results": True})
    assert (answer.status_code, answer.headers["content-type"]) == (
        409,
        "application/problem+json",
    )
    assert "RESULTS_ENABLED" in answer.json()["detail"]
    assert app.client.get("/runs").json()["runs"] == []
    assert app.seasons(2019, 2023)["state"] == "done"
    assert rows(database, 'SELECT count(*) FROM "Results"') == [(0,)]
    assert rows(database, "SELECT to_regnamespace('spoilers')") == [(None,)]
    assert rows(database, "SELECT DISTINCT task FROM ingest.items") == [("import_season",)]


def test_without_an_archive_the_setting_is_named(start: Start, database: str) -> None:
    """As what is not prepared; nothing was started."""
    app = start()
    answer = app.client.post("/archive", json={"seasons": {"from": 1950, "to": 2024}})
    assert (answer.status_code, answer.json()["title"]) == (503, "Not prepared")
    assert "ARCHIVE_URL" in answer.json()["detail"]
    assert app.client.get("/runs").json()["runs"] == []


def test_bad_input_is_answered_with_what_and_why(start: Start, small: Path) -> None:
    """As problems, like everywhere."""
    app = start(small)
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
    start: Start, small: Path, database: str
) -> None:
    """By its item, the run and the log; put where it belongs and asked for again, it is there."""
    table = small / "constructors.csv"
    content = table.read_text()
    table.unlink()
    app = start(small)
    shown = app.seasons(2019, 2023)
    told = "archive-unreadable: the archive: lacks the table constructors"
    assert (shown["state"], shown["failed"], shown["last_error"]) == ("failed", 5, told)
    assert not any(dump(database).values())
    assert sum(told in line and "ERROR" in line for line in app.host.lines) == 1, "read once"

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
    start: Start, small: Path, database: str
) -> None:
    """Given up after the last delivery; mended and asked for again, it comes in."""

    def change(statement: str) -> None:
        with psycopg.connect(database, autocommit=True) as db:
            db.execute(statement.encode())

    change(BREAK)
    app = start(small, maxDequeueCount=2, visibilityTimeout="00:00:00")
    shown = app.seasons(2019, 2023)
    ended = {one["key"]: (one["state"], one["outcome"]) for one in shown["items"]}
    assert ended["2023"] == ("failed", "poison")
    assert (ended["2019"], shown["last_error"]) == (("done", "ok"), "poison")
    assert figures(database)["rounds"] == (1, 0)
    change("DROP FUNCTION break CASCADE")
    assert app.client.post(f"/runs/{shown['run']}/retry").json()["retried"] == 1
    assert app.finished(shown["run"])["state"] == "done"
    assert figures(database)["rounds"] == (2, 0)


def test_a_host_killed_in_the_middle_of_an_import_loses_nothing(
    start: Start, tmp_path: Path, database: str
) -> None:
    """kill -9: the message it had comes back when its lease is over."""
    folder = write_csv(tmp_path / "yearly", yearly(1965, 2024))
    app = start(folder, {"RESULTS_ENABLED": "true"}, lease_seconds=3)
    run = app.ask({"seasons": {"from": 1965, "to": 2024}, "include_results": True})
    eventually(lambda: app.run(run)["done"] >= 20)
    app.host.kill()
    assert figures(database)["rounds"] != (60, 0), "it was over before it was killed"
    second = start(folder, {"RESULTS_ENABLED": "true"}, lease_seconds=3)
    shown = second.finished(run)
    assert (shown["state"], shown["done"]) == ("done", 120)
    assert (figures(database)["rounds"], figures(database)["entrants"]) == ((60, 0), 120)
    assert rows(database, 'SELECT count(*) FROM "Results"') == [(120,)]
