"""Whole seasons through the host: their figures, and the pace at which they are read."""

import time
from pathlib import Path

import psycopg
import pytest

from local.replay.rows import load
from local.replay.server import ReplayServer
from tests.host.running import CALENDAR, UNLIMITED, Start, refused, scaled
from tests.support.product import dump, figures, written
from tests.support.stalls import Stalls


def test_two_backfills_at_once_keep_the_pace_together(start: Start, recordings: Path) -> None:
    """2023 and 2024 on one instance: 96 requests, no 429, 1.05 times their bound."""
    scale = 2
    folders = [recordings / "openf1" / year for year in ("2023", "2024")]
    with ReplayServer(load(folders), limits=scaled(scale)) as replay:
        app = start(
            replay, per_minute=30 * scale, listening=CALENDAR, maxPollingInterval="00:00:01"
        )
        app.warm()
        began = time.monotonic()
        with Stalls() as stalls:
            runs = [app.ask(f"/backfill/{year}")["run"] for year in (2023, 2024)]
            for run in runs:
                assert app.finished(run, seconds=240, every=0.5)["state"] == "done"
        took, bound = time.monotonic() - began, 96 * 60 / (30 * scale)
        assert (refused(replay), len(replay.requests)) == (0, 96)
        told = f"{took / bound:.3f} times the bound, stalled for {stalls.seconds:.1f} s"
        assert took - stalls.seconds <= 1.05 * bound, told


SEASONS = {
    2023: {
        "rounds": (22, 0),
        "sessions": 110,
        "entrants": 458,
        "drivers": 32,
        "teams": 10,
        "circuits": 22,
    },
    2024: {
        "rounds": (24, 1),
        "sessions": 123,
        "entrants": 523,
        "drivers": 33,
        "teams": 10,
        "circuits": 24,
    },
}
BOTH = {
    "rounds": (46, 1),
    "sessions": 233,
    "entrants": 981,
    "drivers": 38,
    "teams": 12,
    "circuits": 24,
}


@pytest.mark.parametrize("year", SEASONS)
def test_a_recorded_season_has_its_figures_and_a_second_backfill_changes_nothing(
    start: Start, recordings: Path, database: str, year: int
) -> None:
    """Rows, and by the server's own count not one insert, update, delete or dead row."""
    with ReplayServer(load([recordings / "openf1" / str(year)]), limits=UNLIMITED) as replay:
        app = start(replay)
        assert app.finished(app.ask(f"/backfill/{year}")["run"])["state"] == "done"
        app.close()
        assert figures(database) == SEASONS[year]
        before, counted = dump(database), written(database, swept=True)
        again = start(replay)
        assert again.finished(again.ask(f"/backfill/{year}")["run"])["state"] == "done"
        again.close()
        assert written(database) == counted
        assert dump(database) == before
        assert counted["Entrants"][0] == SEASONS[year]["entrants"], "the counters had not arrived"


def test_two_seasons_at_once_are_the_rows_of_one_after_the_other(
    start: Start, recordings: Path, database: str
) -> None:
    """Both backfills at the same moment on two instances; then the later season first."""
    folders = [recordings / "openf1" / year for year in ("2023", "2024")]
    with ReplayServer(load(folders), limits=UNLIMITED) as replay:
        first, second = start(replay), start(replay)
        runs = [first.ask("/backfill/2023")["run"], second.ask("/backfill/2024")["run"]]
        for run in runs:
            assert first.finished(run)["state"] == "done"
        assert figures(database) == BOTH
        at_once = dump(database)
        with psycopg.connect(database) as db:
            db.execute(
                'TRUNCATE "Series", "Seasons", "Circuits", "Teams", "Drivers", "Rounds",'
                ' "Sessions", "Entrants", ingest.claims, ingest.entries, ingest.fetches CASCADE'
            )
        for year in (2024, 2023):
            assert first.finished(first.ask(f"/backfill/{year}")["run"])["state"] == "done"
        assert dump(database) == at_once


def test_two_instances_share_one_pace(start: Start) -> None:
    """At most one answer in a hundred is a 429."""
    scale = 8
    with ReplayServer(limits=scaled(scale)) as replay:
        apps = [
            start(
                replay,
                per_minute=30 * scale,
                listening=CALENDAR,
                maxPollingInterval="00:00:00.250",
            )
            for _ in range(2)
        ]
        run = apps[0].ask("/backfill/2024")["run"]
        assert apps[0].finished(run, seconds=60)["state"] == "done"
        assert refused(replay) <= 0.01 * len(replay.requests)
        claimed = [sum("sync_meeting" in line for line in app.host.lines) for app in apps]
        assert min(claimed) > 0, "one instance did all the work"
