"""Years of running in minutes: what a message costs, needs and leaves behind stays what it was."""

import statistics
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from operator import attrgetter

import pytest

from ingestion_core.tasks import verify
from ingestion_core.tasks.app import App
from local.replay.serving import Serving
from local.stack.postgres import Postgres
from tests.conftest import Measured, cloned
from tests.faults.scale import CHAOS, SEED, Dice
from tests.faults.soaking import (
    AGAIN,
    KEPT,
    LAST_YEAR,
    MEETINGS,
    NEW,
    ROUNDS,
    Place,
    Round,
    Soak,
    Workers,
    through,
)
from tests.support.product import dump
from tests.support.synthetic import SESSIONS, Synthetic
from tests.support.upkeep import copied_afresh, sizes
from tests.support.work import rows

#: Which seasons there are, and in which order they are asked for.
SEASONS = int(SEED or 1)
MEGABYTE = 2**20
#: What a message may cost more at the end, and how much a worker may have grown.
SLOWER, GROWN = 1.1, 10 * MEGABYTE
#: Pages more come with trees that are a step higher; reading a table that grows is many times that.
DEEPER = 1.5
#: Rows that change leave room behind, which those after them fill: a table is twice its rows then.
#: And a small one has room for what changes until the server, once a minute, looks: of the items,
#: at the speed of a soak, four versions of a kilobyte in each of two or three rounds.
FULL, ROOM = 2, 3 * MEGABYTE

_ENDS = """
SELECT DISTINCT state, outcome, attempts FROM ingest.items WHERE source = 'openf1' AND lane = 1
"""
_ITEMS = "SELECT count(*) AS n FROM ingest.items"

#: What the short form has too few rounds for. Two of them, of 39 messages each, gave the same code
#: ratios of cost from 0.24 to 0.93, so a bound of a tenth would tell nothing; and neither memory
#: nor tables have had the time to grow. The short form still runs a soak, and its invariants.
long = pytest.mark.skipif(not CHAOS, reason="make chaos: it takes thousands of messages to tell")


@dataclass(frozen=True, slots=True)
class Soaked:
    """A soak that is over. ``held``: the workers' memory when they were warm, and at the end."""

    app: App
    source: Synthetic
    years: list[int]
    rounds: list[Round]
    held: tuple[list[int], list[int]]

    @property
    def database(self) -> str:
        return self.app.settings.database_url.get_secret_value()

    @property
    def tenths(self) -> tuple[list[Round], list[Round]]:
        """The first tenth of the rounds, but for the one in which all is new, and the last."""
        tenth = max(3, ROUNDS // 10)
        return self.rounds[1 : 1 + tenth], self.rounds[-tenth:]

    def expected(self) -> dict[str, int]:
        """How many rows the last editions of its seasons are."""
        seasons = [self.source.season(year) for year in self.years]
        return {
            "rounds": len(seasons) * MEETINGS,
            "sessions": len(seasons) * MEETINGS * len(SESSIONS),
            "entrants": sum(one.entrants(place) for one in seasons for place in range(MEETINGS)),
        }


@pytest.fixture(scope="module")
def soaked(postgres: Postgres, template: str, azurite: str) -> Iterator[Soaked]:
    """All rounds are over, and nobody is at work any more."""
    sources = [Synthetic(seed=SEASONS, meetings=MEETINGS, ends=LAST_YEAR) for _ in range(2)]
    with ExitStack() as stack:
        places = [
            Place(
                stack.enter_context(cloned(postgres, template)),
                azurite,
                stack.enter_context(Serving(source, [], 0)).url,
            )
            for source in sources
        ]
        with Workers(*places) as at_work, Dice(SEASONS) as dice:
            soak, small = (
                Soak(place, source, at_work, postgres, dice)
                for place, source in zip(places, sources, strict=True)
            )
            stack.callback(soak.app.close)
            stack.callback(small.app.close)
            rounds, memory = through(soak, small, at_work)
        yield Soaked(soak.app, soak.source, soak.years, rounds, (memory[1], memory[-1]))


def median(rounds: Iterable[Round], of: Callable[[Round], float]) -> float:
    """Of the rounds."""
    return statistics.median(map(of, rounds))


def test_every_message_of_years_is_done_and_the_rows_are_the_last_lists(
    soaked: Soaked, measured: Measured
) -> None:
    """Nothing failed or waits, every invariant holds, and what is old has gone."""
    for one in soaked.rounds:
        measured(f"{one.cost}; {one.ratio:.2f} x")
    assert sum(one.cost.messages for one in soaked.rounds) == ROUNDS * (NEW + AGAIN) * MEETINGS
    assert rows(soaked.app, _ENDS) == [{"state": "done", "outcome": "ok", "attempts": 0}]
    asked = (NEW + AGAIN) * (MEETINGS + 1)
    assert rows(soaked.app, _ITEMS)[0]["n"] <= KEPT * asked + ROUNDS, "the timer asks as well"
    _, broken = verify.verify(soaked.app, soaked.years[0], soaked.years[-1])
    assert broken == []
    found = dump(soaked.database)
    assert {name: len(found[name.title()]) for name in soaked.expected()} == soaked.expected()


@long
def test_a_message_costs_at_the_end_what_it_cost_at_the_start(
    soaked: Soaked, measured: Measured
) -> None:
    """Within a tenth, by processor time, held against a message for a database that stays small."""
    first, last = soaked.tenths
    for name in ("ratio", "cost.processor", "small.processor", "cost.pages"):
        then, now = (median(rounds, attrgetter(name)) for rounds in (first, last))
        measured(f"{name}: {then:.4g} at the start, {now:.4g} at the end")
    assert median(last, attrgetter("ratio")) <= SLOWER * median(first, attrgetter("ratio"))
    assert median(last, attrgetter("cost.pages")) <= DEEPER * median(
        first, attrgetter("cost.pages")
    )


@long
def test_no_worker_needs_more_memory_at_the_end(soaked: Soaked, measured: Measured) -> None:
    """Than once it was warm."""
    for held in soaked.held:
        measured("memory " + ", ".join(f"{each / MEGABYTE:.1f}" for each in held) + " MB")
    assert max(now - then for then, now in zip(*soaked.held, strict=True)) <= GROWN


@long
def test_no_table_takes_more_than_its_rows_account_for(soaked: Soaked, measured: Measured) -> None:
    """Nor any index, with the server's own upkeep alone; held against a fresh copy of them."""
    grown = sizes(soaked.database)
    copied_afresh(soaked.database)
    needed = sizes(soaked.database)
    for name in sorted(grown, key=grown.__getitem__)[-12:]:
        measured(f"{name}: {grown[name] / needed[name]:.2f} x {needed[name] / MEGABYTE:.1f} MB")
    bound = {name: max(FULL * size, size + ROOM) for name, size in needed.items()}
    assert {name: size for name, size in grown.items() if size > bound[name]} == {}
