"""The canary: results with values that occur nowhere else are found nowhere else.

Every function runs under the host at log level DEBUG, and at every step something goes wrong.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import httpx
import psycopg
import pytest
from azure.storage.queue import QueueClient, QueueServiceClient, TextBase64EncodePolicy
from psycopg.conninfo import make_conninfo

from ingestion_core.work.queues import QUEUES
from local.replay.faults import Fault
from local.replay.server import ReplayServer
from tests.host.processes import eventually
from tests.host.running import CALENDAR, KEY, UNLIMITED, Running, Start
from tests.support import canaries
from tests.support.product import rows, texts
from tests.support.results import only

BAHRAIN, RACE = 1229, 9472
NAME = "ZZCANARY"
SECRETS = (*canaries.SECRETS, KEY)
#: What the results of this test hold and nothing else anywhere does; a position as well.
VALUES = (*canaries.VALUES, "987")


def hits(text: str, name: bool = True) -> list[str]:
    """The canaries in a text, secrets of the app's among them."""
    found = canaries.hits(text, VALUES) + [one for one in SECRETS if one in text]
    return found + ([NAME] if name and NAME.casefold() in text.casefold() else [])


def seed(replay: ReplayServer) -> None:
    """One weekend with an entrant of that name in car 99, who has results like nobody's."""
    only(replay, BAHRAIN)
    for row in [one for one in replay.rows.of("drivers") if one["driver_number"] == 2]:
        names = {"full_name": f"Zed {NAME}", "first_name": "Zed", "last_name": NAME}
        added = {**row, **names, "driver_number": 99, "name_acronym": "ZZC", "headshot_url": None}
        replay.rows.change("drivers", {"session_key": -1}, add=[added])
    (race,) = [
        one
        for one in replay.rows.of("session_result")
        if (one["session_key"], one["driver_number"]) == (RACE, 2)
    ]
    canary = {
        **race,
        "driver_number": 99,
        "position": 987,
        "points": 77.4321,
        "number_of_laps": 9753,
        "duration": 54321.987,
        "gap_to_leader": 98765.4321,
    }
    replay.rows.change(
        "session_result",
        {"session_key": -1},
        add=[
            canary,
            # A car that nobody has, and rows that nobody can read.
            {**canary, "driver_number": 98},
            {**canary, "driver_number": 97, "position": "ZZPLACE", "gap_to_leader": {"ZZGAP": 1}},
            {**canary, "driver_number": 97, "position": -987, "gap_to_leader": "ZZGAP" * 30},
        ],
    )


def bodies(storage: str) -> dict[str, list[str]]:
    """Whatever lies in each queue of the account."""
    with QueueServiceClient.from_connection_string(storage) as service:
        found = {}
        for each in service.list_queues():
            with service.get_queue_client(each) as queue:
                messages = queue.peek_messages(32)
                found[each.name] = [base64.b64decode(one.content).decode() for one in messages]
        return found


@pytest.fixture
def replay() -> Iterator[ReplayServer]:
    """OpenF1 with the canary."""
    with ReplayServer(limits=UNLIMITED) as server:
        server.api.tokens = canaries.OneToken()
        seed(server)
        yield server


#: Results opted into, and telling as much as it can.
SETTINGS = {
    "RESULTS_ENABLED": "true",
    "LOG_LEVEL": "DEBUG",
    "OPENF1_USERNAME": canaries.LOGIN,
    "OPENF1_PASSWORD": canaries.LOGIN_PASSWORD,
}


@pytest.fixture
def app(start: Start, replay: ReplayServer, database: str) -> Running:
    """The app, with two attempts for a message, and passwords for everything."""
    secret = make_conninfo(database, password=canaries.DATABASE_PASSWORD)
    return start(
        replay,
        settings=SETTINGS | {"DATABASE_URL": secret},
        listening=(
            *(*CALENDAR, "load_results"),
            *("dead_letter_year", "dead_letter_meeting", "dead_letter_results"),
        ),
        maxDequeueCount=2,
        visibilityTimeout="00:00:00",
        maxPollingInterval="00:00:00.250",
    )


def sent_by_all(
    start: Start, replay: ReplayServer, storage: str, failed: str
) -> dict[str, list[str]]:
    """What lies in the queues when the app asked for everything and none of it is taken out.

    Args:
        failed: a run whose results failed, to be tried again.
    """
    off = {f"AzureWebJobs.{function}.Disabled": "true" for function in QUEUES}
    # Nobody reads the archive or the wiki: their functions are off as well.
    others = {
        "ARCHIVE_URL": "nowhere",
        "THIRDTURN_ENABLED": "true",
        "THIRDTURN_BASE_URL": "http://127.0.0.1:9",
        "WIKI_CONTACT": "tests@example.org",
    }
    idle = start(replay, settings=SETTINGS | off | others)
    idle.ask("/backfill", {"years": {"from": 2024, "to": 2024}, "include_results": True})
    idle.ask(f"/meetings/{BAHRAIN}?include_results=true")
    idle.ask("/archive", {"seasons": {"from": 2024, "to": 2024}, "include_results": True})
    idle.ask("/wiki", {"index": True})
    idle.ask(f"/runs/{failed}/retry")

    def all_filled() -> dict[str, list[str]] | None:
        found = bodies(storage)
        return found if all(found.get(name) for name in QUEUES.values()) else None

    found = eventually(all_filled, every=0.2)
    assert found is not None
    idle.close()
    return found


class Steps:
    """The weekend, read with its results again and again, each time with another fault."""

    def __init__(self, app: Running, database: str, replay: ReplayServer) -> None:
        self.app, self.database, self.replay = app, database, replay
        self.told: list[str] = []
        self.activity: list[str] = []
        self.failed: list[str] = []

    def sql(self, statement: str) -> None:
        """Change the database from outside."""
        with psycopg.connect(self.database, autocommit=True) as db:
            db.execute(statement.encode())

    def read(self, state: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Ask for the weekend with its results; its run must end like this."""
        run = self.app.ask(f"/meetings/{BAHRAIN}?include_results=true")["run"]
        meanwhile()
        shown = self.app.finished(run, 30)
        assert shown["state"] == state, shown
        self.told.append(self.app.client.get(f"/runs/{run}").text)
        if state == "failed":
            self.failed.append(run)

    def broken(self, statement: str, mend: str) -> None:
        """Read with the database changed so that the results can't be written."""
        self.sql(statement)
        self.read("failed")
        self.sql(mend)

    def source_fails(self, fault: Fault) -> None:
        """Read while the source gives a wrong answer once; then it comes again."""

        def hurry() -> None:
            eventually(lambda: not self.replay.faults.active())
            deferred = "SELECT count(*) FROM ingest.items WHERE outcome = 'deferred'"
            eventually(lambda: rows(self.database, deferred) != [(0,)])
            # The source's rest is long; what is told is the same after a short one.
            self.sql("UPDATE ingest.sources SET closed_until = 'epoch', failures = 0")
            self.sql(
                "UPDATE ingest.items SET state = 'waiting', not_before = now(), outcome = NULL"
                " WHERE state IN ('waiting', 'sent')"
            )
            self.app.look_for_work()

        self.replay.faults.add(fault)
        self.read("failed", hurry)

    def look_while_writing(self) -> None:
        """What the server shows of our statements while the results are being written."""
        with psycopg.connect(self.database) as holding:
            holding.execute('LOCK TABLE "Results" IN EXCLUSIVE MODE')

            def look() -> None:
                def waits() -> bool:
                    found = rows(
                        self.database,
                        "SELECT to_jsonb(a)::text FROM pg_stat_activity a"
                        " WHERE application_name = 'parcferme-ingestion'",
                    )
                    self.activity += [row[0] for row in found]
                    shown = [json.loads(row[0]) for row in found]
                    return any(
                        one["wait_event_type"] == "Lock" and '"Results"' in one["query"]
                        for one in shown
                    )

                eventually(waits)
                holding.rollback()

            self.read("done", look)


KILL = """
CREATE FUNCTION kill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
CREATE TRIGGER kill BEFORE INSERT ON "Results" FOR EACH ROW EXECUTE FUNCTION kill()
"""


def test_canaries_of_the_results_are_found_in_results_and_spoilers_alone(
    app: Running, start: Start, database: str, replay: ReplayServer, storage: str
) -> None:
    """Not in a queue, a log, a traceback, our records, an answer, or the server's activity."""
    steps = Steps(app, database, replay)
    # Our schema exists from the first message on; the product's refuses the row from then on.
    steps.broken(
        'ALTER TABLE "Results" ADD CONSTRAINT no_canary CHECK ("Points" < 77)',
        'ALTER TABLE "Results" DROP CONSTRAINT no_canary',
    )
    for name in ("classifications", "quarantine", "written"):
        steps.broken(
            f"ALTER TABLE spoilers.{name} ADD CONSTRAINT no_canary CHECK (false) NOT VALID",
            f"ALTER TABLE spoilers.{name} DROP CONSTRAINT no_canary",
        )
    steps.sql('ALTER TABLE "Results" ADD CONSTRAINT no_canary CHECK ("Points" < 77)')
    for kind in ("truncated", "html", "status"):
        steps.source_fails(Fault(kind=kind, match="/v1/session_result"))
    steps.source_fails(Fault(kind="drop", match="/v1/starting_grid"))
    steps.sql('ALTER TABLE "Results" DROP CONSTRAINT no_canary')
    steps.broken(KILL, "DROP FUNCTION kill CASCADE")
    nonsense = json.dumps({"v": 9, "item": NAME, "gap": 98765.4321})
    for name in ("results", "results-poison"):
        with QueueClient.from_connection_string(
            storage, name, message_encode_policy=TextBase64EncodePolicy()
        ) as queue:
            queue.send_message(nonsense)
    digest = f"sha256={sha256(nonsense.encode()).hexdigest()[:16]}"
    refused = "SELECT coalesce(sum(times), 0) FROM ingest.quarantine WHERE row_key = %s"
    eventually(lambda: rows(database, refused, digest)[0][0] >= 2)
    assert rows(database, 'SELECT count(*) FROM "Results"') == [(0,)]
    steps.look_while_writing()
    replay.rows.change(
        "session_result", {"session_key": RACE, "driver_number": 1}, {"points": 77.4321}
    )
    steps.read("done")
    app.look_for_work()
    run = app.ask("/backfill", {"years": {"from": 2024, "to": 2024}, "include_results": True})
    app.finished(run["run"])
    answers = [
        *steps.told,
        *(
            app.client.get(path).text
            for path in (
                "/runs?limit=200",
                f"/runs/{run['run']}",
                "/sources",
                "/health/live",
                "/health/ready",
                "/results/revisions?year=2024",
                f"/results/revisions?year={VALUES[0]}",
                "/runs/nobody",
            )
        ),
        # A key may stand in an address as well.
        httpx.get(f"{app.host.url}/api/health/ready?code={KEY}").raise_for_status().text,
        httpx.get(f"{app.host.url}/api/nowhere?code={KEY}").text,
    ]
    app.close()
    queues = sent_by_all(start, replay, storage, steps.failed[0])
    log = "\n".join(app.host.lines)
    told = texts(database, "ingest")

    # Where they belong, they are: this test can see them.
    kept = texts(database, "spoilers")
    assert {"98765.4321", "77.4321", "54321987", "9753", "987"} <= set(
        hits(kept["classifications"])
    )
    assert {"ZZPLACE", "ZZGAP", "77.4321"} <= set(hits(kept["quarantine"]))
    product = texts(database, "public")
    assert {"77.4321", "54321987", "9753", "987"} <= set(hits(product.pop("Results")))
    assert hits(product["Drivers"]) == [NAME]
    # Each error was met, and told.
    for part in (
        "ResultsDatabaseError: sqlstate 23514, constraint no_canary",
        "ResultsDatabaseError: sqlstate 57P01, constraint None",
        "dead-letter queue=results ",
    ):
        assert part in log, part
    assert json.loads(answers[-5])["revisions"]
    assert any(one.path == "/token" for one in replay.requests)
    assert steps.activity

    # And nowhere else.
    named = {"claims", "entries"}  # OpenF1's key of a driver is the name
    found: dict[str, Any] = {
        "log": hits(log),
        "answers": [hits(one) for one in answers if hits(one)],
        "activity": hits("\n".join(steps.activity)),
        "queues": {
            name: hits(body)
            for name, messages in queues.items()
            for body in messages
            if body != nonsense and hits(body)
        },
        "ingest": {name: hits(text, name not in named) for name, text in told.items()},
        "product": {name: hits(text, name != "Drivers") for name, text in product.items()},
    }
    found["ingest"] = {name: one for name, one in found["ingest"].items() if one}
    found["product"] = {name: one for name, one in found["product"].items() if one}
    assert not any(found.values()), found
    assert "Failing row" not in log
    assert not re.search(r"\brow \d", log)
