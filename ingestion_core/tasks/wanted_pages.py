"""A page of the wiki as a unit of work: what is asked of it, and why, in its item's payload.

Payloads of twins are laid over each other, key by key: hence each context stands under a key of
its own, or a race that counts for two series would be stored in one of them; and so does each range
of seasons that somebody wants.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from ingestion_core.sources.thethirdturn import SOURCE
from ingestion_core.sources.thethirdturn.page import spaced
from ingestion_core.tasks import opt_in
from ingestion_core.tasks.archive import ASKED_AT
from ingestion_core.work.items import BULK_LANE, Item, Wanted
from ingestion_core.work.pages import Contexts, Follow

TASK: Final = "read_page"
#: The record of a page's last answer.
RESOURCE: Final = "page"

INDEX: Final = "index"
SERIES: Final = "series"
SEASON: Final = "season"
CIRCUIT: Final = "circuit"
DRIVER: Final = "driver"
RACE: Final = "race"
#: In this order each finds what it hangs on: circuits and people before the races.
KINDS: Final = (INDEX, SERIES, SEASON, CIRCUIT, DRIVER, RACE)
#: What a crawl begins with: no page leads to these.
BEGINNINGS: Final = frozenset({INDEX, SERIES})

#: The name of a context that says under which other title the page is known. No title holds "|".
_ALIAS: Final = "|from|"
#: Before a context's name in a payload.
_CONTEXT: Final = "in:"
#: Before a range of seasons in a payload, or a word for all.
_YEARS: Final = "years:"
_EVERY: Final = "all"

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a page.

    Args:
        key: its title.
        kind: what it is to be read as.
        asked_at: when the crawl was asked for: what was looked at since need not be again.
        years: of a series' seasons, the ranges that are wanted; none for all.
        contexts: what the pages that lead here say of it.
        results: whether whoever asked also wants the results of races.
    """

    key: str
    kind: str
    asked_at: datetime
    years: tuple[Range, ...] = ()
    contexts: Contexts = field(default_factory=dict)
    results: bool = False

    @classmethod
    def of(cls, item: Item) -> "Asked":
        """What an item asks."""
        payload = item.payload
        return cls(
            key=item.key,
            kind=payload["kind"],
            asked_at=datetime.fromisoformat(payload[ASKED_AT]),
            years=_years_of(payload),
            contexts=contexts_of(payload),
            results=bool(payload.get(opt_in.NOW)),
        )

    def under(self, key: str) -> Contexts:
        """The contexts in which the page is to be stored whose own title is ``key``."""
        return {**self.contexts, **alias(self.key, key)}

    def wants(self, follow: Follow) -> bool:
        """Whether a page that this one leads to is wanted: of a series, the seasons asked for."""
        if follow.kind != SEASON or not self.years:
            return True
        year = follow.year
        return year is not None and any(first <= year <= last for first, last in self.years)

    @property
    def span(self) -> Range | None:
        """From the first to the last season that may be wanted; None for all."""
        if not self.years:
            return None
        return min(first for first, _ in self.years), max(last for _, last in self.years)

    def item(self, requests: int = 1, lane: int = BULK_LANE) -> Wanted:
        """The item that asks this."""
        payload: dict[str, object] = {
            "kind": self.kind,
            "name": spaced(self.key),
            ASKED_AT: self.asked_at.isoformat(),
            **(_stored_years(self.years) if self.kind == SERIES else {}),
            **stored(self.contexts),
            **opt_in.wish_of(self.results, timer=False),
        }
        return Wanted(SOURCE, TASK, self.key, requests, lane, payload)

    def next(self, follow: Follow) -> "Asked":
        """The same of a page that this one leads to."""
        return Asked(
            key=follow.key,
            kind=follow.kind,
            asked_at=self.asked_at,
            contexts=follow.contexts,
            results=self.results,
        )


def alias(asked: str, key: str) -> Contexts:
    """The context that tells that a page is known under another title, where that is so."""
    return {} if asked == key else {_ALIAS + asked: {}}


def aliases(contexts: Contexts) -> list[str]:
    """The other titles under which a page is known."""
    return sorted(name.removeprefix(_ALIAS) for name in contexts if name.startswith(_ALIAS))


def places(contexts: Contexts) -> list[Mapping[str, Any]]:
    """What the pages that lead to a page say of it, in the order of their names."""
    return [contexts[name] for name in sorted(contexts) if not name.startswith(_ALIAS)]


def contexts_of(payload: Mapping[str, Any]) -> Contexts:
    """The contexts in a payload, by name."""
    return {
        name.removeprefix(_CONTEXT): one
        for name, one in payload.items()
        if name.startswith(_CONTEXT)
    }


def stored(contexts: Contexts) -> dict[str, object]:
    """Contexts as they stand in a payload."""
    return {_CONTEXT + name: dict(one) for name, one in contexts.items()}


def _years_of(payload: Mapping[str, Any]) -> tuple[Range, ...]:
    """The ranges in a payload; none where any of the twins wants all."""
    named = sorted(name.removeprefix(_YEARS) for name in payload if name.startswith(_YEARS))
    if _EVERY in named:
        return ()
    pairs = (one.partition("-") for one in named)
    return tuple((int(first), int(last)) for first, _, last in pairs)


def _stored_years(years: tuple[Range, ...]) -> dict[str, object]:
    named = [f"{first}-{last}" for first, last in years] or [_EVERY]
    return {_YEARS + one: True for one in named}
