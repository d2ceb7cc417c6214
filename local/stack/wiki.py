"""A run over saved pages of The Third Turn: which series, of which years, at which pace."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ingestion_core.sources.thethirdturn import series
from ingestion_core.sources.thethirdturn.page import PageUnusable, key_of
from ingestion_core.sources.thethirdturn.series import SeriesPage
from ingestion_core.sources.thethirdturn.shape import series_slug
from local.replay.wiki.shelf import PAGES, Shelf
from local.stack.home import StackError

#: What the wiki is asked at most, per minute, and what the replay on this machine is.
REAL_PACE = 20
REPLAY_PACE = 600
#: Of the pace, what the replay insists on: a request can be late on its way, and the next one not.
_INSISTS = 0.5
_SHIPPED = frozenset({"1", "true", "yes"})
#: No page without these words is a series'.
_MARK = b"Series Overview"


@dataclass(frozen=True, slots=True)
class Wiki:
    """What a run reads of a folder of saved pages.

    Attributes:
        folder: the pages.
        series: title of the series' page, with underscores.
        years: first and last of its seasons that are asked for.
        pace: requests a minute, of the app and of the replay alike.
        contact: whom the app names to the wiki.
    """

    folder: Path
    series: str
    years: tuple[int, int]
    pace: float
    contact: str

    @property
    def is_invented(self) -> bool:
        """Whether they are the shipped pages, which are of nobody's data."""
        return self.folder == PAGES

    @property
    def slug(self) -> str:
        """The address that the series has in the product."""
        return series_slug(self.series)

    @property
    def seconds(self) -> float:
        """Between two requests, at least, for the replay."""
        return _INSISTS * 60 / self.pace

    def settings(self, url: str) -> dict[str, str]:
        """The application settings for the replay at this address."""
        return {
            "THIRDTURN_ENABLED": "true",
            "THIRDTURN_BASE_URL": url,
            "THIRDTURN_REQUESTS_PER_MINUTE": f"{self.pace:g}",
            "WIKI_CONTACT": self.contact,
        }


def decide(
    where: str, wanted: str | None, year: int | None, pace: float, environment: Mapping[str, str]
) -> Wiki:
    """What to read: of the shipped pages (``where`` is 1) or of a folder.

    Args:
        where: a folder, or 1.
        wanted: the series' title, with spaces or underscores; needed where there are several.
        year: one season of it; None for all.
        pace: requests a minute.
        environment: for the contact, where one is set.

    Raises:
        StackError: no such folder, series or season; one line that says what to do.
    """
    folder = PAGES if where in _SHIPPED else Path(where).expanduser().absolute()
    if not folder.is_dir():
        raise StackError(f"WIKI: there is no folder {folder}")
    found = _series(Shelf(folder))
    title, page = _chosen(found, wanted)
    years = [one.year for one in page.seasons if one.year is not None]
    if not years:
        raise StackError(f"WIKI: {title} has no seasons")
    if year is not None and year not in years:
        raise StackError(f"YEAR={year} is no season of {title} ({min(years)} to {max(years)})")
    return Wiki(
        folder=folder,
        series=title,
        years=(year or min(years), year or max(years)),
        pace=pace,
        contact=environment.get("WIKI_CONTACT") or "nobody@localhost",
    )


def _series(shelf: Shelf) -> dict[str, SeriesPage]:
    """The folder's series by their titles."""
    found: dict[str, SeriesPage] = {}
    for title, saved in shelf.pages.items():
        body = saved.read()
        if _MARK not in body:
            continue
        try:
            found[title] = series.read(body)
        except PageUnusable:
            continue  # some other page that speaks of it
    return found


def _chosen(found: Mapping[str, SeriesPage], wanted: str | None) -> tuple[str, SeriesPage]:
    if not found:
        raise StackError("WIKI: the folder has no page of a series")
    names = ", ".join(sorted(found))
    title = key_of(wanted) if wanted else min(found)
    if not wanted and len(found) > 1:
        raise StackError(f"WIKI: there are several series, WIKI_SERIES=<title> says which: {names}")
    if title is None or title not in found:
        raise StackError(f"WIKI_SERIES: the folder has no series {wanted}, but {names}")
    return title, found[title]
