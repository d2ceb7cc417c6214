"""What whoever runs this sees at a glance: a season's coverage, the work, the sources."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ingestion_core.errors import NotFound
from ingestion_core.quality.coverage import SeasonCoverage, season_coverage
from ingestion_core.quality.failures import Failure, SetApart, failures, set_apart
from ingestion_core.quality.season import Series, read_series
from ingestion_core.quality.states import Policy
from ingestion_core.quality.totals import DecadeCoverage, decades
from ingestion_core.sources.openf1 import SERIES
from ingestion_core.tasks.app import App
from ingestion_core.work import runs, sources

#: So many runs that are over are shown, beside those that are not; and so far back it is looked.
_OVER: Final = 6
_LOOKED_AT: Final = 200
#: Nobody waits for these: of those that went well, the newest is enough.
_BY_ITSELF: Final = frozenset({"timer", "calendar"})


@dataclass(frozen=True, slots=True)
class Coverage:
    """A season's coverage, the seasons around it, and every source's by decade."""

    season: SeasonCoverage
    series: Series
    all_series: Sequence[Series]
    decades: Sequence[DecadeCoverage]
    policy: Policy


@dataclass(frozen=True, slots=True)
class Status:
    """The same with the work: runs, what failed, sources and what they last answered."""

    coverage: Coverage
    runs: Sequence[dict[str, Any]]
    failures: Sequence[Failure]
    sources: Sequence[dict[str, Any]]
    set_apart: Sequence[SetApart]
    now: datetime

    @property
    def running(self) -> bool:
        """Whether anything goes on that a reader may want to watch."""
        return any(one["state"] == "running" for one in self.runs)


def coverage(app: App, slug: str | None, year: int | None) -> Coverage:
    """A season's coverage.

    Args:
        app: the app.
        slug: the address of a series; Formula One's where none is given.
        year: the season; where none is given, this year's, or else the last that is known.

    Raises:
        NotFound: nothing is known of such a series.
    """
    policy = app.policy()
    with app.transaction() as db:
        known = read_series(db)
        series = _series(known, slug or SERIES)
        season = season_coverage(db, series.slug, year or _year(series, policy.now), policy)
        return Coverage(season, series, known, decades(db), policy)


def status(app: App, slug: str | None, year: int | None) -> Status:
    """All that the page shows; as ``coverage``."""
    covered = coverage(app, slug, year)
    with app.transaction() as db:
        return Status(
            coverage=covered,
            runs=_worth_showing(runs.newest(db, _LOOKED_AT)),
            failures=failures(db),
            sources=sources.show(db),
            set_apart=set_apart(db),
            now=covered.policy.now,
        )


def _worth_showing(newest: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What runs, then what is over, the newest first."""
    told: set[str] = set()
    over: list[dict[str, Any]] = []
    for one in newest:
        if one["state"] == "running" or (one["state"] == "done" and one["kind"] in told):
            continue
        if one["kind"] in _BY_ITSELF and one["state"] == "done":
            told.add(one["kind"])
        over.append(one)
    return [one for one in newest if one["state"] == "running"] + over[:_OVER]


def _series(known: Sequence[Series], slug: str) -> Series:
    for one in known:
        if one.slug == slug:
            return one
    if slug == SERIES:
        return Series(SERIES, "Formula 1", ())
    raise NotFound("nothing is known of a series of this address")


def _year(series: Series, now: datetime) -> int:
    if now.year in series.years or not series.years:
        return now.year
    return max(series.years)
