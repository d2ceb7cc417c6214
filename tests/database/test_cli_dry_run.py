"""``--dry-run`` of every command that has it: the real work, its counts, and not a row changed."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest

from ingestion_core.cli.main import main
from ingestion_core.settings import Settings
from ingestion_core.tasks.app import App
from local.replay.faults import Fault
from local.replay.sample import load_sample
from local.replay.server import ReplayServer
from tests.support.archives import tables, write_csv
from tests.support.commands import on, set_only
from tests.support.drain import drain
from tests.support.product import dump, rows
from tests.support.results import only
from tests.support.tables import everything
from tests.support.weekends import Person, prepared, weekend, write

Captured = pytest.CaptureFixture[str]

COUNTS = ("rounds", "sessions", "entrants", "quarantined", "shrunk", "rows", "requests")


@pytest.fixture(autouse=True)
def environment(
    database: str,
    azurite: str,
    replay: ReplayServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[pytest.MonkeyPatch]:
    """The command line's settings: five meetings of 2024, the small archive, results opted into."""
    only(replay, *(one["meeting_key"] for one in load_sample().of("meetings")[:5]))
    archive = str(write_csv(tmp_path / "archive", tables()))
    chosen = on(database, azurite, replay, ARCHIVE_URL=archive, RESULTS_ENABLED="true")
    with set_only(monkeypatch, chosen):
        yield monkeypatch


def spoilt(replay: ReplayServer) -> None:
    """One row that can't be understood in each of two answers: quarantine is counted as well."""
    replay.rows.replace("meetings", [*replay.rows.of("meetings"), {"meeting_key": 1, "year": 2024}])
    last, *others = replay.rows.of("sessions")
    replay.rows.replace("sessions", [*others, {**last, "session_name": "Practice 9"}])


def rehearsed(capsys: Captured, *arguments: str) -> dict[str, object]:
    """What a dry run says that it came to."""
    assert main([*arguments, "--dry-run", "--json"]) == 0
    told: dict[str, object] = json.loads(capsys.readouterr().out)
    assert told.pop("dry_run") is True
    assert told.pop("seconds") is not None
    return told


def real(app: App, capsys: Captured, *arguments: str) -> dict[str, object]:
    """The sums of the run that the same command asks for; the lists' own rows are no item's."""
    assert main([*arguments, "--no-wait", "--json"]) == 0
    capsys.readouterr()
    drain(app)
    found = rows(
        app.settings.database_url.get_secret_value(),
        "SELECT c.key, sum(c.value::int)::int FROM ingest.items, jsonb_each_text(counts) c"
        " GROUP BY c.key",
    )
    sums = dict(found)
    return {what: sums.get(what, 0) for what in COUNTS}


SYNCS = [
    ["sync", "--year", "2024"],
    ["sync", "--meeting", "1229"],
    ["bulk-sync", "--start-year", "2024", "--end-year", "2024", "--pause", "5"],
    ["bulk-sync", "--start-year", "2023", "--end-year", "2024"],
]


@pytest.mark.parametrize("arguments", SYNCS, ids=lambda one: " ".join(one))
def test_a_dry_run_tells_what_the_real_one_comes_to_and_keeps_nothing(
    app: App, database: str, replay: ReplayServer, capsys: Captured, arguments: list[str]
) -> None:
    """On an empty database, where everything would be new; a row in quarantine among it."""
    with app.db() as db:
        db.execute("SELECT 1")
    spoilt(replay)
    before = everything(database)
    told = rehearsed(capsys, *arguments)
    assert everything(database) == before
    assert not before["public.Rounds"]
    done = real(app, capsys, *arguments)
    # A list's own row in quarantine is no meeting's.
    lists = rows(
        database,
        "SELECT count(*) FROM ingest.quarantine WHERE source = 'openf1' AND resource = 'meetings'",
    )[0][0]
    assert told == {**done, "quarantined": int(str(done["quarantined"])) + lists}
    assert int(str(told["rows"])) > 50
    assert int(str(told["quarantined"])) > 0


def test_a_dry_run_over_what_is_stored_counts_what_would_change(
    app: App, database: str, replay: ReplayServer, capsys: Captured
) -> None:
    """Nothing while nothing is new; a race that moved is one row, whatever hangs on it."""
    real(app, capsys, "sync", "--year", "2024")
    before = everything(database)
    told = rehearsed(capsys, "sync", "--year", "2024")
    assert (told["rounds"], told["rows"], told["requests"]) == (5, 0, 11)
    (first, *others) = replay.rows.of("sessions")
    moved = {**first, "date_start": "2024-02-21T08:00:00+00:00"}
    replay.rows.replace("sessions", [moved, *others])
    assert rehearsed(capsys, "sync", "--year", "2024")["rows"] == 1
    assert everything(database) == before


def test_rounds_that_a_list_renumbers_count_as_well(
    app: App,
    database: str,
    replay: ReplayServer,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second of four is cancelled: it loses its number, and the two behind it move up."""
    real(app, capsys, "sync", "--year", "2024")
    before = everything(database)
    listed = replay.rows.of("meetings")
    replay.rows.replace(
        "meetings", [{**one, "is_cancelled": one["meeting_key"] == 1230} for one in listed]
    )
    monkeypatch.setattr(App, "now", lambda _: datetime(2024, 12, 24, tzinfo=UTC))
    told = rehearsed(capsys, "sync", "--recent", "0")
    # The list alone: nothing runs on Christmas Eve but what is listed otherwise than before.
    assert (told["rounds"], told["requests"]) == (0, 1)
    assert everything(database) == before
    stood = dump(database)
    real(app, capsys, "sync", "--recent", "0")
    stands = dump(database)
    changed = {
        table: sum(old != new for old, new in zip(stood[table], stands[table], strict=True))
        for table in stood
    }
    assert changed["Rounds"] == 3
    assert told["rows"] == sum(changed.values())


def test_a_dry_run_of_what_ran_lately_takes_the_same_meetings(
    app: App, database: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last of the five ended on 7 April 2024; the one before it two weeks earlier."""
    with app.db() as db:
        db.execute("SELECT 1")
    monkeypatch.setattr(App, "now", lambda _: datetime(2024, 4, 9, tzinfo=UTC))
    told = [rehearsed(capsys, "sync", "--recent", days)["rounds"] for days in ("1", "3", "20")]
    assert told == [0, 1, 2]


def test_a_dry_run_that_is_not_answered_fails_and_leaves_no_record(
    app: App, database: str, replay: ReplayServer, capsys: Captured
) -> None:
    """Nothing can be said without every answer; a real run would have noted the failure."""
    with app.db() as db:
        db.execute("SELECT 1")
    before = everything(database)
    replay.faults.add(Fault(kind="status", match="/v1/drivers?=1231", times=None))
    assert main(["sync", "--year", "2024", "--dry-run"]) == 1
    assert "openf1: http-502" in capsys.readouterr().err
    assert everything(database) == before


def test_a_dry_run_of_the_archive_is_the_import_season_by_season(
    app: App, database: str, capsys: Captured
) -> None:
    """Each season's own transaction, rolled back; what it does not have is left out."""
    with app.db() as db:
        db.execute("SELECT 1")
    before = everything(database)
    told = rehearsed(capsys, "import-archive", "--from", "2019", "--to", "2023")
    assert everything(database) == before
    seasons = told.pop("seasons")
    assert isinstance(seasons, dict)
    assert list(seasons) == ["2019", "2023"]
    assert [seasons[year]["sessions"] for year in seasons] == [2, 5]
    assert (told["rounds"], told["sessions"], told["entrants"]) == (2, 7, 4)
    assert main(["import-archive", "--from", "2019", "--to", "2019", "--dry-run"]) == 0
    words = capsys.readouterr().out
    assert re.search(
        r"^2019 season: 1 round, 2 sessions, 2 entrants, \d+ rows written$", words, re.M
    )
    assert "Dry run, nothing was kept: 1 round, 2 sessions" in words


def test_results_are_not_rehearsed_but_refused_where_they_are_off(
    app: App, database: str, environment: pytest.MonkeyPatch, capsys: Captured
) -> None:
    """The opt-in is checked all the same."""
    environment.setenv("RESULTS_ENABLED", "false")
    for command in (["sync"], ["bulk-sync", "--current"], ["import-archive"]):
        assert main([*command, "--results", "--dry-run"]) == 3
        assert "RESULTS_ENABLED=true" in capsys.readouterr().err


ALEX = Person("Alex Palou", "McLaren", key="palou", car="5", career=(2023, 2023))
TYPO = Person("Alex Pallou", "McLaren", car="5")


@pytest.fixture
def two(database: str) -> dict[str, str]:
    """One man under two names; the ids that the commands want, by their names in the docs."""
    with prepared(database) as db:
        write(db, weekend("ergast", "1100", [ALEX], date(2023, 5, 7), "imola", "Imola Grand Prix"))
        write(db, weekend("openf1", "1210", [TYPO], date(2023, 5, 28), "22"))
    [(match,)] = rows(database, 'SELECT "Id"::text FROM "PendingMatches"')
    [row] = [one["Id"] for one in dump(database)["Drivers"] if one["Slug"] == "alex-palou"]
    return {"MATCH": match, "ROW": row, "DECISION": "1"}


@pytest.mark.parametrize(
    "command",
    [
        "matches approve MATCH",
        "matches reject MATCH",
        "matches merge driver openf1 alex_pallou ROW",
        "matches undo DECISION",
        "remove-source ergast",
    ],
)
def test_a_decision_can_be_tried_without_being_made(
    database: str, two: dict[str, str], capsys: Captured, command: str
) -> None:
    """The same counts as when it is; and only then anything has changed."""
    words = [two.get(word, word.replace("_", " ")) for word in command.split()]
    if "undo" in command:
        assert main(["matches", "approve", two["MATCH"]]) == 0
        capsys.readouterr()
    before = everything(database)
    assert main([*words, "--dry-run"]) == 0
    tried = capsys.readouterr().out
    assert everything(database) == before
    assert main([*words, *(["--yes"] if "remove" in command else [])]) == 0
    assert re.findall(r"\d+ rows.*", tried) == re.findall(r"\d+ rows.*", capsys.readouterr().out)
    assert everything(database) != before


@pytest.mark.unprepared
def test_a_dry_run_needs_the_schema_and_makes_none(database: str, capsys: Captured) -> None:
    """It says what is missing, and with which command it comes; exit code 3."""
    before = everything(database)
    assert main(["sync", "--year", "2024", "--dry-run"]) == 3
    told = capsys.readouterr().err
    assert "schema ingest lacks 0001_ingest.sql, " in told
    assert "`python -m ingestion_core migrate`" in told
    assert everything(database) == before


@pytest.mark.unprepared
def test_migrations_are_named_before_they_are_run(database: str, capsys: Captured) -> None:
    """In order, those of results too where they are on; afterwards there is nothing to do, and a
    dry run says so as well."""
    before = everything(database)
    assert main(["migrate", "--dry-run"]) == 0
    tried = capsys.readouterr().out.splitlines()
    assert everything(database) == before
    assert tried[0] == "ingest: 0001_ingest.sql would be run"
    assert "spoilers: 0001_spoilers.sql would be run" in tried
    assert main(["migrate"]) == 0
    assert capsys.readouterr().out.splitlines() == [line.replace("would be ", "") for line in tried]
    for more in ([], ["--dry-run"]):
        assert main(["migrate", *more]) == 0
        assert capsys.readouterr().out == "ingest: up to date\nspoilers: up to date\n"


def test_an_app_that_keeps_nothing_sends_nothing(app: App, azurite: str, database: str) -> None:
    """Whatever waits, waits on; results as well that are off for it."""
    assert main(["sync", "--year", "2024", "--no-wait"]) == 0
    with app.db() as db:
        db.execute("UPDATE ingest.items SET state = 'waiting'")
        db.execute(
            "INSERT INTO ingest.items (source, task, key) VALUES ('openf1', 'load_results', '1')"
        )
    rehearsing = App(
        Settings.model_validate(
            {
                "database_url": database,
                "AzureWebJobsStorage": azurite,
                "results_enabled": False,
            }
        ),
        keeps=False,
    )
    with rehearsing.db() as db:
        db.execute("UPDATE ingest.items SET state = 'done'")
    assert rehearsing.release_all() == 0
    rehearsing.close()
    with psycopg.connect(database) as connection:
        states = connection.execute("SELECT state FROM ingest.items").fetchall()
    assert states == [("waiting",)] * 2
