"""`python -m local run`: overrides, refusals, exit codes; the app's answers are stood in for."""

import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from local.stack.lock import read_holder
from tests.support.processes import command_lines_with, wait_until_gone
from tests.support.stack import Sandbox, sandbox


@pytest.fixture
def machine() -> Iterator[Sandbox]:
    """A machine with Core Tools, whose app has a run of two meetings; left without a process."""
    with sandbox() as found:
        found.with_core_tools()
        yield found
        assert command_lines_with(str(found.folder)) == []


def _url(conninfo: str) -> str:
    parts = conninfo_to_dict(conninfo)
    return f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}"


def _ado_net(conninfo: str) -> str:
    parts = conninfo_to_dict(conninfo)
    where = f"Host={parts['host']};Port={parts['port']};Database={parts['dbname']}"
    return f"{where};Username={parts['user']}"


def _add_user(conninfo: str) -> None:
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            'INSERT INTO "AspNetUsers" ("Id", "CreatedAt") VALUES (%s, now())', [uuid.uuid4()]
        )


def test_a_run_starts_everything_and_tells_what_it_did(machine: Sandbox) -> None:
    """Embedded servers, product tables, a line per meeting, the summary, exit code 0."""
    run = machine.local("run")
    assert run.end() == 0, run.text
    assert "The database had no tables" in run.text
    assert "✓ Grand Prix 2" in run.text
    assert "5 sessions, 20 entrants" in run.text
    for line in ("Requests          5", "Rows changed      0 in the product's tables", "OpenF1"):
        assert line in run.text
    assert "the replay allows 600 requests a minute; the real API 30" in run.text
    settings = machine.settings()
    assert settings["OPENF1_REQUESTS_PER_MINUTE"] == "600"
    assert settings["RESULTS_ENABLED"] == "false"
    assert settings["FUNCTIONS_WORKER_RUNTIME"] == "python"
    assert settings["OPENF1_BASE_URL"].startswith("http://127.0.0.1:")
    assert "devstoreaccount1" in settings["AzureWebJobsStorage"]
    assert conninfo_to_dict(settings["DATABASE_URL"])["host"] == str(machine.home / "data")

    # A second one finds the first one's database: no tables are made again.
    second = machine.local("run", "--results")
    assert second.end() == 0
    assert "had no tables" not in second.text
    assert machine.settings()["RESULTS_ENABLED"] == "true"


@pytest.mark.parametrize("form", [_url, _ado_net])
def test_database_url_is_used_instead_of_the_embedded_server(
    machine: Sandbox, empty_database: str, azurite: str, form: Callable[[str], str]
) -> None:
    """In libpq's form and in the product's; a database without tables gets them first."""
    run = machine.local("run", DATABASE_URL=form(empty_database), AzureWebJobsStorage=azurite)
    assert run.end() == 0, run.text
    assert not (machine.home / "data").exists()
    given, expected = (
        conninfo_to_dict(machine.settings()["DATABASE_URL"]),
        conninfo_to_dict(empty_database),
    )
    assert (given["host"], given["dbname"]) == (expected["host"], expected["dbname"])
    with psycopg.connect(empty_database) as connection:
        assert connection.execute('SELECT count(*) FROM "Rounds"').fetchone() == (0,)


def test_azurewebjobsstorage_is_used_instead_of_azurite(
    machine: Sandbox, database: str, azurite: str
) -> None:
    """The app gets the connection string as it was given."""
    assert machine.local("run", DATABASE_URL=database, AzureWebJobsStorage=azurite).end() == 0
    assert machine.settings()["AzureWebJobsStorage"] == azurite


def test_openf1_base_url_is_used_instead_of_the_replay(
    machine: Sandbox, database: str, azurite: str
) -> None:
    """At the real API's pace, since whose it is nobody here knows."""
    run = machine.local(
        "run",
        DATABASE_URL=database,
        AzureWebJobsStorage=azurite,
        OPENF1_BASE_URL="http://openf1.test",
    )
    assert run.end() == 0, run.text
    assert machine.settings()["OPENF1_BASE_URL"] == "http://openf1.test"
    assert machine.settings()["OPENF1_REQUESTS_PER_MINUTE"] == "30"
    assert "replay" not in run.text


def test_live_asks_the_app_s_own_address(machine: Sandbox, database: str, azurite: str) -> None:
    """Whatever the app takes for the real API; a database with users is what it is for."""
    _add_user(database)
    run = machine.local(
        "run", "--live", "--year", "2023", DATABASE_URL=database, AzureWebJobsStorage=azurite
    )
    assert run.end() == 0, run.text
    assert machine.settings()["OPENF1_BASE_URL"] is None
    assert "Season 2023" in run.text


def test_a_recording_is_asked_for_by_its_years(
    machine: Sandbox, database: str, azurite: str, tmp_path: Path
) -> None:
    """First to last year of its meetings.json, in one run."""
    (tmp_path / "meetings.json").write_text(
        '[{"year": 2024, "meeting_key": 2}, {"year": 2023, "meeting_key": 1}]'
    )
    for name in ("sessions", "drivers", "session_result", "starting_grid"):
        (tmp_path / f"{name}.json").write_text("[]")
    machine.with_core_tools()
    run = machine.local(
        *("run", "--recording", str(tmp_path)), DATABASE_URL=database, AzureWebJobsStorage=azurite
    )
    assert run.end() == 0, run.text
    assert "Season 2023 to 2024" in run.lines
    told = (machine.home / "log" / "host.log").read_text()
    assert '/api/backfill {"years": {"from": 2023, "to": 2024}}' in told


def test_a_database_with_users_is_refused(machine: Sandbox, database: str, azurite: str) -> None:
    """One clear line that names the cure, before anything was written or started."""
    _add_user(database)
    name = str(conninfo_to_dict(database)["dbname"])
    run = machine.local("run", DATABASE_URL=database, AzureWebJobsStorage=azurite)
    assert run.end() == 1
    assert f"the database {name} has users" in run.lines[-1]
    assert f"CONFIRM={name}" in run.lines[-1]
    assert not (machine.folder / "settings.json").exists()
    wrong = machine.local(
        "run", "--confirm", "other", DATABASE_URL=database, AzureWebJobsStorage=azurite
    )
    assert wrong.end() == 1


def test_confirm_lets_a_sample_into_a_database_with_users(
    machine: Sandbox, database: str, azurite: str
) -> None:
    """Only by its own name."""
    _add_user(database)
    name = str(conninfo_to_dict(database)["dbname"])
    run = machine.local(
        "run", "--confirm", name, DATABASE_URL=database, AzureWebJobsStorage=azurite
    )
    assert run.end() == 0, run.text


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"DATABASE_URL": "Host=x;nonsense"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "can't be reached"),
    ],
)
def test_what_can_t_be_used_is_one_clear_line(
    machine: Sandbox, environment: dict[str, str], said: str
) -> None:
    """No traceback, exit code 1, and what to change."""
    run = machine.local("run", **environment)
    assert run.end() == 1
    assert said in run.lines[-1]
    assert run.lines[-1].startswith("error: ")
    assert "Traceback" not in run.text


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("dead", r"the host ended (exit code 1): No job functions found."),
        ("crash", r"the host ended (exit code 9): MemoryError: the car was too heavy"),
        ("refuse", "/api/backfill was answered 503: the gate is painted shut"),
    ],
)
def test_a_failing_host_is_named_with_its_last_line(
    machine: Sandbox, database: str, azurite: str, mode: str, said: str
) -> None:
    """Whether it never starts, dies on the way, or says no."""
    machine.with_core_tools(mode)
    run = machine.local("run", DATABASE_URL=database, AzureWebJobsStorage=azurite)
    assert run.end() == 1
    assert said in run.lines[-1]
    assert "Traceback" not in run.text


def test_a_failed_meeting_is_listed_with_its_error(
    machine: Sandbox, database: str, azurite: str
) -> None:
    """The rest is told as ever; the exit code is 1."""
    machine.with_core_tools("fail")
    run = machine.local("run", DATABASE_URL=database, AzureWebJobsStorage=azurite)
    assert run.end() == 1
    assert "  Grand Prix 3: failed: unknown-meeting" in run.lines
    assert "The run ended failed: unknown-meeting" in run.lines[-1]


def test_serve_stays_up_with_its_addresses_until_ctrl_c(machine: Sandbox) -> None:
    """Addresses that work, then an end in order: exit code 0 and no process."""
    serve = machine.local("serve")
    serve.wait_for("Running until Ctrl-C")
    for what in ("API", "Function key", "Database", "Queues", "OpenF1 replay"):
        assert f"  {what}" in serve.text
    with psycopg.connect(machine.settings()["DATABASE_URL"]) as connection:
        assert connection.execute('SELECT count(*) FROM "Rounds"').fetchone() == (0,)
    serve.process.send_signal(signal.SIGINT)
    assert serve.end() == 0, serve.text
    assert command_lines_with(str(machine.folder)) == []


def test_a_second_stack_is_refused_while_one_is_at_work(
    machine: Sandbox, database: str, azurite: str
) -> None:
    """By one clear line that names the process; once that has ended, the next one starts."""
    machine.with_core_tools("stuck")
    machine.environment |= {"DATABASE_URL": database, "AzureWebJobsStorage": azurite}
    first = machine.local("run")
    first.wait_for("✓ Grand Prix 2")
    second = machine.local("run")
    assert second.end() == 1
    assert f"process {first.process.pid}" in second.lines[-1]
    first.process.send_signal(signal.SIGTERM)
    assert first.end() == 143
    machine.with_core_tools()
    assert machine.local("run").end() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_starts_leaves_no_process(machine: Sandbox, number: int) -> None:
    """The app never comes up; whatever has started by then ends, and says nothing but so."""
    machine.with_core_tools("mute")
    run = machine.local("run")
    run.wait_for("The database had no tables")
    run.process.send_signal(number)
    assert run.end() == 128 + number
    assert command_lines_with(str(machine.folder)) == []
    assert run.lines[-1] == "Stopped."
    assert "Traceback" not in run.text


def test_a_run_starts_at_once_after_a_killed_one(machine: Sandbox) -> None:
    """kill -9: no process, lock, port or lock file of the dead one is in its way."""
    machine.with_core_tools("stuck")
    killed = machine.local("run")
    killed.wait_for("✓ Grand Prix 2")
    killed.process.kill()
    machine.with_core_tools()
    run = machine.local("run")
    assert run.end() == 0, run.text
    assert "had no tables" not in run.text
    killed.end()


def test_a_run_ends_with_the_make_that_started_it(
    machine: Sandbox, database: str, azurite: str
) -> None:
    """--with-parent: a killed make takes the stack along, for nobody else could stop it."""
    machine.with_core_tools("stuck")
    machine.environment |= {"DATABASE_URL": database, "AzureWebJobsStorage": azurite}
    make = machine.under_make("run")
    make.wait_for("✓ Grand Prix 2")
    run = read_holder(machine.home / "lock")
    assert run is not None
    assert run != make.process.pid
    make.process.kill()
    wait_until_gone(run, 30)
    make.end()
