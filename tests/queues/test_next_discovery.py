"""When the timer has to look again: every tick in a race weekend, else once a day."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from ingestion_core.tasks.app import App
from ingestion_core.work import sources
from tests.support.work import execute, row

DAY = timedelta(days=1)


@pytest.fixture
def midnight(app: App) -> datetime:
    """Today's, UTC."""
    found: datetime = row(app, "SELECT date_trunc('day', now()) AS at")["at"]
    return found


def claim_round(app: App, key: int, first: datetime, last: datetime, **fields: Any) -> None:
    days = {"DateStart": f"{first:%Y-%m-%d}", "ListedEnd": f"{last:%Y-%m-%d}", **fields}
    execute(
        app,
        "INSERT INTO ingest.claims (source, kind, key, observed_at, fields)"
        " VALUES ('openf1', 'round', %s, now(), %s)",
        str(key),
        Jsonb(days),
    )


def planned(app: App) -> tuple[bool, datetime]:
    """Whether the next tick looks, and from when on one does."""
    with app.db() as db:
        sources.plan_next_discovery(db, "openf1")
        due = sources.discovery_is_due(db, "openf1")
    return due, row(app, "SELECT next_discovery_at AS at FROM ingest.sources")["at"]


@pytest.mark.parametrize("first", [3, 2, 0, -1, -2, -4])
def test_from_three_days_before_to_two_days_after_a_weekend_every_tick_looks(
    app: App, midnight: datetime, first: int
) -> None:
    """A weekend of three days that begins so many days from today."""
    claim_round(app, 1, midnight + first * DAY, midnight + (first + 2) * DAY)
    assert planned(app)[0]


@pytest.mark.parametrize("first", [30, 5, -5, -30])
def test_between_weekends_one_tick_a_day_looks(app: App, midnight: datetime, first: int) -> None:
    """The day is counted from the last look."""
    claim_round(app, 1, midnight + first * DAY, midnight + (first + 2) * DAY)
    due, at = planned(app)
    assert not due
    assert abs(at - row(app, "SELECT now() AS at")["at"] - DAY) < timedelta(seconds=5)


def test_the_look_comes_earlier_when_a_weekend_opens_within_the_day(
    app: App, midnight: datetime
) -> None:
    """At the beginning of the third day before its first."""
    claim_round(app, 1, midnight + 4 * DAY, midnight + 6 * DAY)
    assert planned(app) == (False, midnight + DAY)


def test_a_cancelled_weekend_is_no_weekend(app: App, midnight: datetime) -> None:
    """Nothing happens there."""
    claim_round(app, 1, midnight, midnight + 2 * DAY, Cancelled=True)
    assert not planned(app)[0]


def test_a_season_without_meetings_is_looked_for_once_a_day(app: App) -> None:
    """Nothing is known yet: neither every tick, nor never."""
    due, at = planned(app)
    assert not due
    now = row(app, "SELECT now() AS at")["at"]
    assert abs(at - now - DAY) < timedelta(seconds=5)


def test_a_source_that_was_never_asked_is_asked_at_the_next_tick(app: App) -> None:
    """A fresh database."""
    with app.db() as db:
        assert sources.discovery_is_due(db, "openf1")


def test_nothing_is_looked_for_while_the_source_is_paused(app: App) -> None:
    """And the first tick after the pause does."""
    with app.db() as db:
        sources.set_paused(db, "openf1", paused=True)
        assert not sources.discovery_is_due(db, "openf1")
        sources.set_paused(db, "openf1", paused=False)
        assert sources.discovery_is_due(db, "openf1")
