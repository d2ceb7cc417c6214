"""A run while it goes on: a bar per meeting on a terminal, a line per finished one elsewhere."""

from collections.abc import Iterable, Mapping
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from local.stack.api import FINAL, Item, Run

#: How far an item is, in steps; everything final is the last.
_STEPS = {"waiting": 0, "sent": 1, "running": 2}
_LAST_STEP = 3
_MARKS = {"done": "✓", "failed": "✗", "cancelled": "-", "withheld": "-"}
#: The year's own item is no meeting: it is over in a moment and shows in nothing but its failure.
_YEAR = "discover_year"
#: Items that are about several rounds say how many.
_SEASON = "import_season"
#: Items that are a page of the wiki each.
PAGE = "read_page"
#: What became of a page, by the outcome of its item.
_PAGES = {"ok": "read", "shrunk": "read", "missing": "not there"}
_TOLD = ("sessions", "entrants", "results")
_ROOM_BELOW = 4


class RunProgress:
    """Shows a run, inside ``with``; ``show`` takes its latest state."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._finished: set[int] = set()
        self._bars: dict[int, TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[state]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._whole = self._progress.add_task("Run", total=None, state="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, run: Run) -> None:
        """Bring the screen up to date."""
        for item in run.items:
            if item.state in FINAL:
                self._finish(item)
            elif item.task != _YEAR:
                self._advance(item)
        closed = sum(item.state in FINAL for item in run.items)
        requests = f", {run.totals.requests} requests" if run.totals.requests else ""
        eta = f", about {run.eta_seconds:.0f} s to go" if (run.eta_seconds or 0) >= 1 else ""
        self._progress.update(
            self._whole,
            total=max(run.expected, 1),
            completed=closed,
            state=f"{closed}/{run.expected} items{requests}{eta}",
        )

    def _advance(self, item: Item) -> None:
        bar = self._bars.get(item.item)
        if bar is None:
            # Bars that would not fit come when others have finished and stand above as lines.
            if len(self._bars) >= self._console.height - _ROOM_BELOW:
                return
            bar = self._progress.add_task(label(item), total=_LAST_STEP, state=item.state)
            self._bars[item.item] = bar
        self._progress.update(bar, completed=_STEPS[item.state], state=item.state)

    def _finish(self, item: Item) -> None:
        if item.item in self._finished:
            return
        self._finished.add(item.item)
        bar = self._bars.pop(item.item, None)
        if bar is not None:
            self._progress.remove_task(bar)
        if item.task == _YEAR and item.state == "done":
            return
        full = "━" * 24 + " " if self._console.is_terminal and item.state == "done" else ""
        self._progress.console.print(
            f"{_MARKS[item.state]} {label(item):<32} {full}{remark(item)}",
            highlight=False,
            soft_wrap=True,
            markup=False,
        )


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
