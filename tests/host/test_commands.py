"""Every command of docs/cli.md, carried out as it stands there against one local stack."""

import contextlib
import io
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import psycopg
import pytest

from ingestion_core.cli import follow
from ingestion_core.cli.main import main
from local.replay.sample import load_sample
from local.replay.server import ReplayServer
from local.replay.wiki.server import WikiServer
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.host.conftest import emptied
from tests.host.processes import REPOSITORY
from tests.host.running import UNLIMITED, starting
from tests.support.archives import tables, write_csv
from tests.support.commands import set_only
from tests.support.documented import examples, sections
from tests.support.product import rows
from tests.support.weekends import Person, prepared, weekend, write

LISTENING = ("discover_year", "sync_meeting", "import_season", "read_page", "load_results")
ALEX = Person("Alex Palou", "McLaren", key="palou", car="5", career=(2022, 2023))
TYPO = Person("Alex Pallou", "McLaren", car="5")

#: What stands for an id in an example, and where that is found: the newest of several.
_RUN = "SELECT run FROM ingest.runs WHERE kind = 'backfill' ORDER BY created_at DESC LIMIT 1"
_PLACEHOLDERS = {
    "RUN": _RUN,
    "ITEM": "SELECT max(item) FROM ingest.items WHERE state = 'failed'",
    "MATCH": 'SELECT "Id" FROM "PendingMatches" ORDER BY "CreatedAt" DESC LIMIT 1',
    "DECISION": "SELECT max(decision) FROM ingest.decisions WHERE undone_at IS NULL",
    "ROW": """SELECT "Id" FROM "Drivers" WHERE "Slug" = 'alex-palou'""",
    "SESSION": 'SELECT "Id" FROM "Sessions" WHERE "OpenF1SessionKey" = 9472',
    "RESULT": 'SELECT "Id" FROM "Results" LIMIT 1',
}


@dataclass(frozen=True)
class Said:
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Machine:
    """One local stack: the app under its host, the replays, and an environment for commands."""

    database: str
    settings: dict[str, str]

    def said(self, *words: str) -> Said:
        """What a command prints; in this process, since starting one costs more than most do."""
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            set_only(patch, self.settings),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setattr(follow, "_LOOK_AGAIN_SECONDS", 0.1)
            code = main(words)
        return Said(code, out.getvalue(), err.getvalue())

    def environment(self) -> dict[str, str]:
        """The settings and nothing of the developer's own."""
        return {"PATH": os.environ["PATH"], "USER": "somebody", **self.settings}

    def filled_in(self, words: list[str]) -> list[str]:
        """An example with ids where it has names for them."""
        return [
            str(rows(self.database, _PLACEHOLDERS[word])[0][0]) if word in _PLACEHOLDERS else word
            for word in words
        ]

    def make_ready(self, words: list[str]) -> None:
        """What an example needs to be there that none before it leaves behind."""
        if "ITEM" in words:
            with psycopg.connect(self.database, autocommit=True) as db:
                db.execute(
                    "UPDATE ingest.items SET state = 'failed' WHERE item = (SELECT max(item)"
                    " FROM ingest.items WHERE task = 'sync_meeting' AND state = 'done')"
                )


@pytest.fixture(scope="module")
def machine(
    postgres: Postgres, template: str, azurite: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """Three meetings of 2024 with their results, the small archive, the invented pages."""
    folder = tmp_path_factory.mktemp("commands")
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(cloned(postgres, template))
        replay = stack.enter_context(ReplayServer(limits=UNLIMITED))
        wiki = stack.enter_context(WikiServer())
        _shorten(replay)
        settings = {
            "RESULTS_ENABLED": "true",
            "ARCHIVE_URL": str(write_csv(folder / "archive", tables())),
            "THIRDTURN_ENABLED": "true",
            "WIKI_CONTACT": "https://example.org/contact",
            "THIRDTURN_BASE_URL": wiki.url,
            "THIRDTURN_REQUESTS_PER_MINUTE": "6000",
        }
        with prepared(database) as db:
            imola = ("imola", "Imola Grand Prix")
            write(db, weekend("ergast", "1100", [ALEX], date(2022, 5, 8), *imola))
            write(db, weekend("openf1", "1210", [TYPO], date(2023, 5, 28), "22"))
        storage = emptied(azurite)
        start = stack.enter_context(starting(database, storage, folder))
        start(replay, settings=settings, listening=LISTENING, maxPollingInterval="00:00:00.200")
        known = {
            "DATABASE_URL": database,
            "AzureWebJobsStorage": storage,
            "OPENF1_BASE_URL": replay.url,
            "OPENF1_REQUESTS_PER_MINUTE": "6000",
        }
        yield Machine(database, {**known, **settings})


def _shorten(replay: ReplayServer) -> None:
    keys = {one["meeting_key"] for one in load_sample().of("meetings")[:3]}
    for name in ("meetings", "sessions", "drivers"):
        found = replay.rows.of(name)
        replay.rows.replace(name, [one for one in found if one["meeting_key"] in keys])


#: In the page's order: some examples look at what others have done. Sources go last of all.
EXAMPLES = [
    words
    for name, text in sorted(sections().items(), key=lambda one: one[0] == "remove-source")
    for words in examples(text)
]


@pytest.mark.parametrize("words", EXAMPLES, ids=" ".join)
def test_a_documented_command_does_what_the_page_says(machine: Machine, words: list[str]) -> None:
    """It ends with 0, in words or as one document; only ``--spoilers`` may show a result."""
    machine.make_ready(words)
    filled = machine.filled_in(words)
    assert (filled != words) is bool(set(words) & set(_PLACEHOLDERS))
    done = machine.said(*filled)
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout, words
    assert "Traceback" not in done.stderr
    if "--json" in words:
        json.loads(done.stdout)
    else:
        assert not done.stderr


def test_a_command_that_reads_from_openf1_is_a_run_that_http_sees_as_well(
    machine: Machine,
) -> None:
    """The same tasks, hence the same rows: it needs nothing of the host but its work."""
    done = machine.said("sync", "--year", "2024")
    run = re.search(r"^Run (\S+)$", done.stdout, re.M)
    assert run, done.stdout
    state = rows(
        machine.database, "SELECT state, done FROM ingest.run_states WHERE run = %s", run[1]
    )
    assert state == [("done", 4)]


def test_on_a_terminal_there_are_bars_and_elsewhere_not_a_single_control_character(
    machine: Machine,
) -> None:
    """A log of a build is read by people as well."""
    plain = machine.said("sync", "--year", "2024").stdout
    assert "\x1b" not in plain
    assert "\r" not in plain
    shown = _on_a_terminal(machine, "sync", "--year", "2024")
    assert "\x1b[" in shown
    words = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert re.search(
        r"✓ Bahrain Grand Prix +━{24} 1 round, 5 sessions, 20 entrants, unchanged", words
    )
    assert re.search(r"Run +[━╸╺]{24} \d/4 items", words)
    assert words.rstrip().endswith("nobody asked for them")
    assert "Done: 1 season, 3 rounds" in words


def _on_a_terminal(machine: Machine, *words: str) -> str:
    """What a terminal of 120 columns gets to show."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "ingestion_core", *words],
        cwd=REPOSITORY,
        env={**machine.environment(), "TERM": "xterm", "COLUMNS": "120", "LINES": "30"},
        stdout=theirs,
        stderr=theirs,
        stdin=theirs,
    ) as process:
        os.close(theirs)
        got = bytearray()
        # At its end a terminal answers with an error, not with nothing.
        with contextlib.suppress(OSError):
            while part := os.read(ours, 4096):
                got += part
        assert process.wait(60) == 0, got.decode()
    os.close(ours)
    return got.decode()


def test_ctrl_c_leaves_the_run_to_go_on(machine: Machine) -> None:
    """Exit code 130, and the command that watches it again, which works."""
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "ingestion_core",
            "bulk-sync",
            "--start-year",
            "2024",
            "--pause",
            "2",
        ],
        cwd=REPOSITORY,
        env=machine.environment(),
        stdout=subprocess.PIPE,
        text=True,
        # Started in the background, the tests would hand down that Ctrl-C is not heard.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("Run ")
        process.send_signal(2)
        rest = process.stdout.read()
        assert process.wait(30) == 130
    command = re.search(r"To watch it: python -m ingestion_core (.*)$", rest, re.M)
    assert command, rest
    watched = machine.said(*shlex.split(command[1]))
    assert watched.returncode == 0, watched.stdout
    assert "3 rounds" in watched.stdout
