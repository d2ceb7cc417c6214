"""The embedded servers: fresh, separate, and unable to outlive whoever started them."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
from azure.storage.queue import QueueClient

from local.stack import azurite as emulator
from local.stack.home import home_name
from local.stack.postgres import Postgres
from local.stack.process import Process, ProcessEnded
from tests.support.processes import is_running, wait_until_gone


@pytest.fixture
def home() -> Path:
    """A folder for a cluster, as in conftest removed by the leash of its last server."""
    return Path(tempfile.mkdtemp(prefix=f"{home_name()}-test-")).resolve()


def _tables(conninfo: str) -> set[str]:
    with psycopg.connect(conninfo) as connection:
        return {
            row[0]
            for row in connection.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r'"
                " AND relnamespace = 'public'::regnamespace"
            )
        }


def test_a_database_has_the_product_s_tables(database: str) -> None:
    """Racing tables, users' tables and EF's history, by their names."""
    tables = _tables(database)
    assert {"Series", "Rounds", "Sessions", "Entrants", "Results", "PendingMatches"} <= tables
    assert {"AspNetUsers", "Logs", "Reviews", "ListItems", "__EFMigrationsHistory"} <= tables


def test_a_database_starts_empty_for_every_test(
    database: str, postgres: Postgres, template: str
) -> None:
    """A row written here must not be there in a clone made later, nor in the template."""
    with psycopg.connect(database) as connection:
        connection.execute(
            """INSERT INTO "Series" ("Id", "Name", "Slug") VALUES (gen_random_uuid(), 'F', 'f')"""
        )
    with psycopg.connect(postgres.conninfo(template)) as connection:
        assert connection.execute('SELECT count(*) FROM "Series"').fetchone() == (0,)


def test_the_schema_has_the_keys_and_rules_of_the_product(database: str) -> None:
    """The ones that decide what an importer may do: unique keys, and what a delete reaches."""
    with psycopg.connect(database) as connection:
        unique = {
            row[0]
            for row in connection.execute(
                "SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indisunique"
            )
        }
        rules = dict(
            connection.execute(
                "SELECT conname, confdeltype::text FROM pg_constraint WHERE contype = 'f'"
            )
        )
        entrants = connection.execute(
            """SELECT column_default, is_nullable FROM information_schema.columns
               WHERE table_name = 'Entrants' AND column_name = 'Role'"""
        ).fetchone()
    assert {
        "IX_Rounds_Slug",
        "IX_Sessions_OpenF1SessionKey",
        "IX_Entrants_RoundId_DriverId",
        "IX_Results_SessionId_EntrantId",
        "IX_Seasons_SeriesId_Year",
    } <= unique
    assert not {"IX_Rounds_OpenF1MeetingKey", "IX_Drivers_OpenF1DriverNumber"} & unique
    assert rules["FK_Rounds_Circuits_CircuitId"] == "r"
    assert rules["FK_Logs_Sessions_SessionId"] == "c"
    assert rules["FK_Experiences_Grandstands_GrandstandId"] == "n"
    assert entrants == ("0", "NO")


def test_azurite_keeps_a_message(azurite: str) -> None:
    """The connection string reaches a queue that gives back what it was given."""
    with QueueClient.from_connection_string(azurite, "stack-check") as queue:
        queue.create_queue()
        queue.send_message("round and round")
        assert [message.content for message in queue.receive_messages()] == ["round and round"]
        queue.delete_queue()


def test_azurite_starts_with_what_node_compiled_when_it_was_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds of files, which it is told of; an emulator in memory leaves none behind."""
    kept = tmp_path / "compiled"
    monkeypatch.setattr(emulator, "_COMPILED", {"NODE_COMPILE_CACHE": str(kept)})
    emulator.compile_ahead()
    assert sum(path.is_file() for path in kept.rglob("*")) > 500
    with emulator.Azurite(tmp_path / "azurite.log") as running:
        told = running.process.environment
    assert told is not None
    assert told["NODE_COMPILE_CACHE"] == str(kept)


def test_a_cluster_is_found_again_after_its_server_was_killed(home: Path) -> None:
    """What was committed before a kill -9 is there after it, stale lock files or not."""
    with Postgres(home, home / "first.log") as server:
        conninfo = server.ensure_database("kept")
        with psycopg.connect(conninfo) as connection:
            connection.execute("CREATE TABLE there AS SELECT 1 AS one")
        os.kill(int((server.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        with pytest.raises(ProcessEnded):
            server.process.wait_for("never said")
    # The process id of the dead may be somebody's by now: ours, in the worst case.
    lines = (server.data / "postmaster.pid").read_text().split("\n", 1)
    (server.data / "postmaster.pid").write_text(f"{os.getppid()}\n{lines[1]}")
    with Postgres(home, home / "second.log", remove=home) as server:
        assert _tables(server.ensure_database("kept")) == {"there"}


def test_a_server_that_lost_its_leash_is_ended_by_the_next_start(home: Path) -> None:
    """Even a leash can be killed: its server then blocks nobody."""
    with Postgres(home, home / "first.log") as server:
        leash = server.process._leash
        postmaster = int((server.data / "postmaster.pid").read_text().split()[0])
        leash.kill()
        leash.wait()
        assert is_running(postmaster)
        with Postgres(home, home / "second.log", remove=home) as second:
            assert not is_running(postmaster)
            assert _tables(second.conninfo()) == set()


def test_a_half_made_cluster_is_made_anew(home: Path) -> None:
    """An initdb cut short leaves a folder that is not taken for a cluster."""
    (home / "data.new").mkdir()
    (home / "data.new" / "PG_VERSION").write_text("18\n")
    (home / "data").mkdir()
    with Postgres(home, home / "postgres.log", remove=home) as server:
        assert _tables(server.conninfo()) == set()


def test_a_child_and_its_children_end_with_a_killed_parent(tmp_path: Path) -> None:
    """kill -9 of whoever started a process ends its whole group, folder to be removed included."""
    doomed = tmp_path / "doomed"
    doomed.mkdir()
    program = f"""
import sys; sys.path.insert(0, {str(Path.cwd())!r})
from pathlib import Path
from local.stack.process import Process
command = ["sh", "-c", "trap '' TERM; sleep 600 & echo pids $$ $!; wait"]
log, doomed = Path({str(tmp_path / "log")!r}), Path({str(doomed)!r})
with Process("shell", command, log=log, remove=doomed) as shell:
    print(shell._leash.pid, *shell.wait_for(r"pids (\\d+) (\\d+)").groups(), flush=True)
    sys.stdin.read()
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 3
    assert all(map(is_running, pids))
    parent.kill()
    parent.communicate()
    for pid in pids:
        wait_until_gone(pid)
    assert not doomed.exists()


def test_a_process_that_ends_is_named_with_its_last_line(tmp_path: Path) -> None:
    """The one clear line: who, how, and what it said."""
    with Process(
        "the oven", ["sh", "-c", "echo fine; echo too hot; exit 3"], log=tmp_path / "log"
    ) as oven:
        with pytest.raises(ProcessEnded, match=r"the oven ended \(exit code 3\): too hot"):
            oven.wait_for("ready")
        with pytest.raises(ProcessEnded):
            oven.check()
    assert (tmp_path / "log").read_text() == "fine\ntoo hot\n"


def test_a_program_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    """A missing program is an ended process, not a traceback."""
    with (
        Process("nothing", ["/no/such/program"], log=tmp_path / "log") as nothing,
        pytest.raises(ProcessEnded, match="No such file"),
    ):
        nothing.wait_for("ready")
