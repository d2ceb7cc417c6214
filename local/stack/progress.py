"""A run while it goes on: a bar per meeting on a terminal, a line per finished one elsewhere."""

from collections.abc import Iterable, Mapping

from ingestion_core.cli.progress import Bars, Shown
from local.stack.api import Item, Run

#: The year's own item is no meeting: it is over in a moment and shows in nothing but its failure.
_YEAR = "discover_year"
#: Items that are about several rounds say how many.
_SEASON = "import_season"
#: Items that are a page of the wiki each.
PAGE = "read_page"
#: What became of a page, by the outcome of its item.
_PAGES = {"ok": "read", "shrunk": "read", "missing": "not there"}
_TOLD = ("sessions", "entrants", "results")


class RunProgress(Bars):
    """The same of a run as the app's API tells it."""

    def show(self, run: Run) -> None:
        """Bring the screen up to date."""
        shown = [
            Shown(item.item, item.state, label(item), remark(item), item.task == _YEAR)
            for item in run.items
        ]
        self.update(shown, run.totals.requests, run.eta_seconds)


def label(item: Item) -> str:
    """What the item is about, in a reader's words."""
    name = item.name or item.key
    return f"{name}, results" if "results" in item.task else name


def remark(item: Item) -> str:
    """How it ended: counts of what was done, or what went wrong."""
    if item.state == "failed":
        return f"failed: {item.error or item.outcome or 'without a reason'}"
    if item.state != "done":
        return item.state if item.outcome is None else f"{item.state}: {item.outcome}"
    counts = item.counts or {}
    if item.task == PAGE:
        return _of_page(ending(item), counts)
    if item.outcome == "empty":
        return "empty: the source has none of it"
    told = ("rounds", *_TOLD) if item.task == _SEASON else _TOLD
    return _listed(counts, [what for what in told if what in counts])


def ending(item: Item) -> str:
    """What became of a page, in a word or two."""
    told = item.outcome if item.state == "done" and item.outcome else item.state
    return _PAGES.get(told, told)


def _of_page(how: str, counts: Mapping[str, int]) -> str:
    """Each kind of page has counts of its own, and 0 of all others; a race is its one round."""
    if how != _PAGES["ok"]:
        return how
    told = ("rounds", *_TOLD) if counts.get("rounds", 0) > 1 else _TOLD
    found = [what for what in told if counts.get(what)]
    # What a series' page says is kept for when it has a season.
    return _listed(counts, found) if found or counts.get("rows") else how


def _listed(counts: Mapping[str, int], told: Iterable[str]) -> str:
    parts = [counted(counts[what], what) for what in told]
    rows = counts.get("rows")
    return ", ".join([*parts, f"{counted(rows, 'rows')} written" if rows else "unchanged"])


def counted(number: int, what: str) -> str:
    """1 session, 2 sessions."""
    return f"{number} {what.removesuffix('s') if number == 1 else what}"
