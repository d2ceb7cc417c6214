"""A run while it goes on: a bar per item on a terminal, and a line for each that has ended."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

#: How far an item is, in steps; everything final is the last.
_STEPS = {"waiting": 0, "sent": 1, "running": 2}
_LAST_STEP = 3
_MARKS = {"done": "✓", "failed": "✗", "cancelled": "-", "withheld": "-"}
_ROOM_BELOW = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as a reader sees it.

    ``label``: what it is about; ``remark``: how it ended. ``fleeting``: it is over in a moment and
    shows in nothing but its failure.
    """

    item: int
    state: str
    label: str
    remark: str
    fleeting: bool = False


class Bars:
    """Shows a run's items, inside ``with``; ``update`` takes their latest state."""

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

    def update(
        self, items: Iterable[Shown], requests: int = 0, eta_seconds: float | None = None
    ) -> None:
        """Bring the screen up to date."""
        expected = closed = 0
        for item in items:
            expected += 1
            if item.state in _STEPS:
                self._advance(item)
            else:
                closed += 1
                self._finish(item)
        asked = f", {requests} requests" if requests else ""
        eta = f", about {eta_seconds:.0f} s to go" if (eta_seconds or 0) >= 1 else ""
        self._progress.update(
            self._whole,
            total=max(expected, 1),
            completed=closed,
            state=f"{closed}/{expected} items{asked}{eta}",
        )

    def say(self, text: str) -> None:
        """A line of its own, above the bars."""
        self._progress.console.print(text, highlight=False, soft_wrap=True, markup=False)

    def _advance(self, item: Shown) -> None:
        if item.fleeting:
            return
        bar = self._bars.get(item.item)
        if bar is None:
            # Bars that would not fit come when others have finished and stand above as lines.
            if len(self._bars) >= self._console.height - _ROOM_BELOW:
                return
            bar = self._progress.add_task(item.label, total=_LAST_STEP, state=item.state)
            self._bars[item.item] = bar
        self._progress.update(bar, completed=_STEPS[item.state], state=item.state)

    def _finish(self, item: Shown) -> None:
        if item.item in self._finished:
            return
        self._finished.add(item.item)
        bar = self._bars.pop(item.item, None)
        if bar is not None:
            self._progress.remove_task(bar)
        if item.fleeting and item.state == "done":
            return
        full = "━" * 24 + " " if self._console.is_terminal and item.state == "done" else ""
        self.say(f"{_MARKS[item.state]} {item.label:<32} {full}{item.remark}")
