"""Most answers are 429, with every kind of Retry-After: it costs time, and hardly a request."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from psycopg.conninfo import make_conninfo

from ingestion_core.tasks import backfill
from local.replay.faults import Fault, FaultBook
from local.replay.rows import KEYS
from local.replay.server import ReplayServer
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.faults.hours import Hours
from tests.faults.scale import Dice, seeds, times
from tests.faults.seasons import UNLIMITED, YEAR, unlike
from tests.support import canaries
from tests.support.drain import drain
from tests.support.product import Dump, dump
from tests.support.product import rows as stored
from tests.support.results import opted
from tests.support.work import rows

REFUSED = 0.6
#: The first six meetings, or twelve; each has four requests, two of them for results.
LAST = times(1233, 1239)
LONGEST = 15 * 60
#: What is asked for where the header can't be read, in seconds.
USUAL = 60


class Storm(FaultBook):
    """Refuses by dice; knows from when on it may be asked again, and who did not wait."""

    def __init__(self, dice: Dice) -> None:
        super().__init__()
        self.dice = dice
        self.hours = Hours()
        self.opens = 0.0
        self.early: list[float] = []
        self.refused: list[str | None] = []
        self.asked = 0

    def strike(self, path: str, query: str) -> Fault | None:
        self.asked += 1
        if self.hours.now < self.opens:
            self.early.append(self.opens - self.hours.now)
        if self.dice.random() >= REFUSED:
            return None
        header, seconds = wishes()[len(self.refused) % len(wishes())]
        self.refused.append(header)
        self.opens = self.hours.now + min(seconds, LONGEST)
        return Fault(kind="too_many", retry_after=header)


def wishes() -> list[tuple[str | None, float]]:
    """Headers, and the seconds that each asks for."""
    ahead = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=200)
    return [
        ("7", 7),
        ("90", 90),
        # A moment of our own comes a little later than that of the answer.
        (format_datetime(ahead, usegmt=True), 198),
        ("-5", USUAL),
        ("99999999999999999999", LONGEST),
        ("soon", USUAL),
        (None, USUAL),
    ]


@pytest.fixture(scope="module")
def replay() -> Iterator[ReplayServer]:
    """OpenF1 with some of the sample, without limits of its own."""
    with ReplayServer(limits=UNLIMITED) as server:
        for name in KEYS:
            kept = [row for row in server.rows.of(name) if row["meeting_key"] <= LAST]
            server.rows.replace(name, kept)
        canaries.tell_results(server)
        yield server


@pytest.fixture(scope="module")
def clean(
    postgres: Postgres, template: str, azurite: str, replay: ReplayServer
) -> tuple[Dump, str, int]:
    """The rows of a run without a fault, a digest of its results, and how many requests it took."""
    with cloned(postgres, template) as database:
        app = opted(database, azurite, replay)
        backfill.backfill(app, [YEAR], {"years": YEAR}, include_results=True)
        drain(app)
        app.close()
        found = dump(database), results(database), len(replay.requests)
        assert found[2] == 1 + 4 * len(found[0]["Rounds"])
    return found


def results(database: str) -> str:
    """A digest of every result: none is ever shown."""
    [(digest,)] = stored(
        database, 'SELECT md5(string_agg(to_jsonb(r)::text, \'\' ORDER BY "Id")) FROM "Results" r'
    )
    assert digest
    return str(digest)


@pytest.mark.parametrize("seed", seeds(1, 20))
def test_a_storm_of_429_costs_hardly_a_request_more_than_it_must(
    seed: int,
    database: str,
    azurite: str,
    replay: ReplayServer,
    clean: tuple[Dump, str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Six of ten: all is stored, nobody asks before he may, nothing is asked for once more."""
    truth, told, requests = clean
    with Dice(seed) as dice:
        storm = Storm(dice)
        monkeypatch.setattr(replay.api, "faults", storm)
        secret = make_conninfo(database, password=canaries.DATABASE_PASSWORD)
        app = opted(secret, azurite, replay)
        backfill.backfill(app, [YEAR], {"years": YEAR}, include_results=True)
        storm.hours.work_off(app)
        states = rows(app, "SELECT DISTINCT state, attempts FROM ingest.items")
        app.close()
        assert states == [{"state": "done", "attempts": 0}]
        assert unlike(dump(database), truth) == []
        assert results(database) == told
        assert canaries.in_tables(database) == {}
        assert storm.early == []
        assert len(storm.refused) >= len(wishes())
        assert storm.asked - len(storm.refused) == requests
        assert storm.asked <= 1.5 * requests / (1 - REFUSED)
