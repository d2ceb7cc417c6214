"""Coverage on a real database: each state as it comes about, and what it costs to read."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import Connection, Cursor
from psycopg.rows import TupleRow

from ingestion_core.quality.coverage import RoundCoverage, SeasonCoverage, season_coverage
from ingestion_core.quality.failures import failures, set_apart
from ingestion_core.quality.season import read_series
from ingestion_core.quality.states import Policy, State
from ingestion_core.quality.totals import DecadeCoverage, decades
from ingestion_core.tasks import backfill
from ingestion_core.tasks import run as messages
from ingestion_core.tasks.app import App
from local.replay.server import ReplayServer
from tests.support.drain import deliver, drain, letters
from tests.support.results import load, only, opted
from tests.support.work import execute

TESTING, BAHRAIN, JAPAN = 1228, 1229, 1232
#: Bahrain's race of 2024: 15:00 to 17:00 UTC.
RACE_OVER = datetime(2024, 3, 2, 17, tzinfo=UTC)
LONG_AFTER = datetime(2026, 6, 1, tzinfo=UTC)


def policy(now: datetime = LONG_AFTER, opted_in: bool = True) -> Policy:
    """The usual embargo at some moment."""
    return Policy(opted_in, timedelta(hours=24), now)


def covered(app: App, **chosen: Any) -> SeasonCoverage:
    """The coverage of 2024."""
    with app.db() as db:
        return season_coverage(db, "formula-1", 2024, policy(**chosen))


def states(season: SeasonCoverage, name: str) -> list[tuple[str, str]]:
    """State and reason of each session of a round, or of the round where it has none."""
    (found,) = [one for one in season.rounds if one.name.startswith(name)]
    return [(str(told.state), told.reason) for told in found.states]


@pytest.fixture
def short(replay: ReplayServer) -> ReplayServer:
    """A test and two weekends; the sample has results of the first weekend alone."""
    only(replay, TESTING, BAHRAIN, JAPAN)
    return replay


@pytest.fixture
def reader(database: str, azurite: str, short: ReplayServer) -> Iterator[App]:
    """The app with results opted into."""
    made = opted(database, azurite, short)
    yield made
    made.close()


def ask_for_the_year(app: App) -> None:
    """The year's list is read; its meetings are not yet."""
    backfill.backfill(app, [2024], {"years": 2024})
    ((task, message),) = letters(app)
    deliver(app, task, message)


def test_a_listed_meeting_is_read_then_withheld_until_its_embargo_ends_then_missing(
    reader: App,
) -> None:
    """Bahrain in spring 2024, as its moments go by."""
    ask_for_the_year(reader)
    season = covered(reader, now=RACE_OVER)
    assert states(season, "Bahrain") == [("scheduled", "listed by openf1; being read")]
    assert [(one.name, one.id, one.number) for one in season.rounds] == [
        ("Pre-Season Testing", None, None),
        ("Bahrain Grand Prix", None, None),
        ("Japanese Grand Prix", None, None),
    ]
    drain(reader)
    race_is_on = RACE_OVER - timedelta(hours=1)
    *practices, qualifying, race = states(covered(reader, now=race_is_on), "Bahrain")
    assert race == ("read", "entries are in; it is not over")
    assert qualifying == ("results withheld", "embargoed until 2024-03-02 17:00 UTC")
    assert practices[0] == ("missing", "no results; never asked for")
    assert practices[2] == ("results withheld", "the embargo is over; results are due")
    assert states(covered(reader), "Bahrain")[-1] == ("missing", "no results; never asked for")
    assert states(covered(reader, opted_in=False), "Bahrain")[-1] == (
        *("results withheld", "results are not opted in"),
    )


def test_loaded_sessions_tell_how_many_results_and_the_others_why_there_are_none(
    reader: App,
) -> None:
    """Twenty in each of Bahrain's five; of Japan the source had none."""
    load(reader)
    season = covered(reader)
    assert states(season, "Bahrain") == [("loaded", "entries and 20 results are in")] * 5
    bahrain = next(one for one in season.rounds if one.name.startswith("Bahrain"))
    assert [(one.entrants, one.results, one.sources) for one in bahrain.sessions] == [
        (20, 20, ("openf1",))
    ] * 5
    assert [one.type.name for one in bahrain.sessions] == [
        *("FP1", "FP2", "FP3", "QUALIFYING", "RACE"),
    ]
    for state, reason in states(season, "Japan"):
        assert state == "missing"
        assert reason.startswith("no results; the answer was empty, asked again from ")
    assert season.totals() == {
        **dict.fromkeys(State, 0),
        State.LOADED: 5,
        State.MISSING: 8,
    }


def test_what_cannot_be_stored_is_failed_and_once_it_is_asked_for_again_is_not(
    reader: App, short: ReplayServer
) -> None:
    """A poisoned message: its code, the run and the command that mends it."""
    ask_for_the_year(reader)
    sent = {message.key: message for _, message in letters(reader)}
    messages.refuse(reader, "meetings", sent[str(JAPAN)].body(), "poison", "given up")
    drain(reader)
    assert states(covered(reader), "Japan") == [("failed", "listed by openf1; failed: poison")]
    with reader.db() as db:
        (failure,) = failures(db)
    assert (failure.name, failure.code, failure.poisoned) == ("Japanese Grand Prix", "poison", True)
    assert failure.run is not None
    assert failure.cure == f"python -m ingestion_core runs retry {failure.run}"
    backfill.retry_run(reader, failure.run)
    with reader.db() as db:
        assert failures(db) == []
    assert states(covered(reader), "Japan") == [("scheduled", "listed by openf1; being read")]
    drain(reader)
    assert {state for state, _ in states(covered(reader), "Japan")} == {"missing"}


def test_a_meeting_without_entries_is_scheduled_then_without_then_missing(
    reader: App, short: ReplayServer
) -> None:
    """Its drivers are answered 404, as of every upcoming one."""
    short.rows.change("drivers", {"meeting_key": JAPAN}, remove=True)
    load(reader)
    race = datetime(2024, 4, 7, 5, tzinfo=UTC)
    hours = {-1: "scheduled", 1: "no entries yet", 7: "no entries yet", 9: "missing"}
    for after, state in hours.items():
        found = states(covered(reader, now=race + timedelta(hours=after)), "Japan")[-1]
        assert found[0] == state, after
        assert "; the answer was empty, asked again from " in found[1]


def test_a_cancelled_meeting_is_cancelled_in_the_list_and_in_its_sessions(
    reader: App, short: ReplayServer
) -> None:
    """Nobody misses what was called off."""
    short.rows.change("meetings", {"meeting_key": JAPAN}, {"is_cancelled": True})
    ask_for_the_year(reader)
    assert states(covered(reader), "Japan") == [("cancelled", "called off in the list of openf1")]
    drain(reader)
    assert states(covered(reader), "Japan") == [("cancelled", "called off")] * 5


def test_what_was_set_apart_is_counted_by_reason_and_by_round(
    reader: App, short: ReplayServer
) -> None:
    """A driver whose name is no text; the row is not shown."""
    (row,) = [
        one
        for one in short.rows.of("drivers")
        if (one["meeting_key"], one["driver_number"]) == (BAHRAIN, 1)
    ][:1]
    short.rows.change("drivers", {"session_key": -1}, add=[{**row, "full_name": {"of": "ZZ"}}])
    load(reader)
    bahrain = next(one for one in covered(reader).rounds if one.name.startswith("Bahrain"))
    assert bahrain.quarantined == 1
    with reader.db() as db:
        (apart,) = set_apart(db)
    assert (apart.source, apart.resource, apart.rows) == ("openf1", "drivers", 1)
    assert "full_name" in apart.reason
    assert "ZZ" not in repr(apart)


def test_rows_that_nobody_of_ours_wrote_are_covered_too(reader: App) -> None:
    """A round of the product alone: its entrants count for each of its sessions."""
    load(reader)
    execute(reader, "DELETE FROM ingest.entries")
    execute(reader, "DELETE FROM ingest.claims")
    season = covered(reader, opted_in=False)
    assert len(season.rounds) == 3
    bahrain = next(one for one in season.rounds if one.name.startswith("Bahrain"))
    assert [one.entrants for one in bahrain.sessions] == [20] * 5
    assert bahrain.sources == ()
    assert {state for state, _ in states(season, "Bahrain")} == {"loaded"}


class Counting(Cursor[Any]):
    """A cursor that counts its statements."""

    statements = 0

    def execute(self, *args: Any, **kwargs: Any) -> "Counting":
        """Counted, and carried out."""
        Counting.statements += 1
        return super().execute(*args, **kwargs)


def counted(db: Connection[TupleRow], read: Callable[[Connection[TupleRow]], object]) -> int:
    """How many statements a read takes."""
    Counting.statements = 0
    read(db)
    return Counting.statements


def test_a_season_takes_as_many_statements_as_one_meeting(reader: App, database: str) -> None:
    """Eight, and three for the rest of it."""
    load(reader)
    with psycopg.connect(database, cursor_factory=Counting, autocommit=True) as db:
        assert counted(db, lambda it: season_coverage(it, "formula-1", 2024, policy())) == 8
        assert counted(db, read_series) == 1
        assert counted(db, decades) == 2
        assert counted(db, lambda it: season_coverage(it, "formula-1", 1999, policy())) <= 8


def test_totals_tell_what_each_source_covers_of_a_decade(reader: App) -> None:
    """Three rounds of the twenties; with results only Bahrain's five sessions."""
    load(reader)
    with reader.db() as db:
        assert decades(db) == [
            DecadeCoverage("openf1", "formula-1", "Formula 1", 2020, 3, 13, 13, 13, 5)
        ]
        (series,) = read_series(db)
    assert (series.slug, series.name, series.years) == ("formula-1", "Formula 1", (2024,))


def test_without_ever_opting_in_nobody_knows_how_many_results_there_are(
    app: App, replay: ReplayServer
) -> None:
    """The view is not there; that is no error."""
    only(replay, BAHRAIN)
    backfill.backfill(app, [2024], {"years": 2024})
    drain(app)
    season = covered(app, opted_in=False)
    assert {one.results for one in season.rounds[0].sessions} == {None}
    assert states(season, "Bahrain") == [("results withheld", "results are not opted in")] * 5
    with app.db() as db:
        assert [one.with_results for one in decades(db)] == [None]


def test_rounds_are_in_the_order_of_the_calendar(reader: App) -> None:
    """Stored ones and merely listed ones together."""
    ask_for_the_year(reader)
    task, message = next((t, m) for t, m in letters(reader) if m.key == str(JAPAN))
    deliver(reader, task, message)
    season = covered(reader)
    days = [one.first_day for one in season.rounds]
    assert days == sorted(days, key=str)
    assert [_stored(one) for one in season.rounds] == [False, False, True]


def _stored(one: RoundCoverage) -> bool:
    return one.id is not None
