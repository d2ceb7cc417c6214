"""What a crawl of the wiki begins with: a series' page, or the index of all series."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from ingestion_core.errors import Conflict, SourceOff
from ingestion_core.settings import Settings
from ingestion_core.sources.thethirdturn import SOURCE
from ingestion_core.tasks import opt_in
from ingestion_core.tasks.app import App
from ingestion_core.tasks.wanted_pages import INDEX, SERIES, Asked, Range
from ingestion_core.work import runs

#: The page of all series.
INDEX_PAGE: Final = "Series_Database:Index"
#: No season of any series is before this one.
FIRST_YEAR: Final = 1890

_OFF: Final = (
    "The Third Turn is off: its licence is non-commercial. Set THIRDTURN_ENABLED=true and"
    " WIKI_CONTACT to opt in"
)


def check(settings: Settings) -> None:
    """Refuse to ask for pages where the wiki is not opted into.

    Raises:
        Conflict: names the setting.
    """
    if not settings.thirdturn_enabled:
        raise Conflict(_OFF)


def check_item(settings: Settings) -> None:
    """The same for work that waited until the wiki was turned off.

    Raises:
        SourceOff: names the setting.
    """
    if not settings.thirdturn_enabled:
        raise SourceOff("THIRDTURN_ENABLED is not true")


def crawl_series(
    app: App,
    key: str,
    years: Range | None,
    asked: Mapping[str, object],
    include_results: bool = False,
    request_key: str | None = None,
) -> UUID:
    """Start the run that reads a series, its seasons, their races, and who and what they name.

    Args:
        app: the process's app.
        key: the title of the series' page, with underscores.
        years: the first and the last season that are wanted; all without.
        asked: the wish, as whoever asked put it.
        include_results: whether the races' results are wanted too.
        request_key: the same again is the same run.

    Raises:
        Conflict: the wiki, or results that are wanted, are not opted into.
    """
    check(app.settings)
    opt_in.check(app.settings, include_results)
    return _start(app, key, SERIES, (years,) if years else (), asked, include_results, request_key)


def crawl_index(app: App, asked: Mapping[str, object], request_key: str | None = None) -> UUID:
    """Start the run that reads the index: what series there are.

    Raises:
        Conflict: the wiki is not opted into.
    """
    check(app.settings)
    return _start(app, INDEX_PAGE, INDEX, (), asked, False, request_key)


def _start(
    app: App,
    key: str,
    kind: str,
    years: tuple[Range, ...],
    asked: Mapping[str, object],
    include_results: bool,
    request_key: str | None,
) -> UUID:
    with app.transaction() as db:
        first = Asked(key, kind, runs.now(db), years=years, results=include_results)
        run = runs.start(db, "wiki", asked, [first.item()], request_key)
    app.release(SOURCE)
    return run
