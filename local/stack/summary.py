"""The end of a run, in lines."""

from collections import Counter
from collections.abc import Sequence

from local.replay.wiki.titles import spaced
from local.stack import wiki
from local.stack.api import Item, Run
from local.stack.plan import REAL_PACE, Plan
from local.stack.product import Counts
from local.stack.progress import PAGE, counted, ending, label, remark

_OPENF1 = "Data: OpenF1 (openf1.org), CC BY-NC-SA 4.0: non-commercial."
_ARCHIVE = "Data: the Ergast archive (ergast.com/mrd): non-commercial, share-alike."
_WIKI = "Data: The Third Turn (thethirdturn.com), CC BY-NC-SA 4.0: non-commercial."
_INVENTED = "Data: invented, series and people that never were."


def summary(plan: Plan, run: Run, counts: Counts, seconds: float) -> list[str]:
    """What the database now holds of the run's years, and what it took."""
    first, last = (_imported(run) or plan.years) if plan.archive else plan.years
    years = str(first) if first == last else f"{first} to {last}"
    beside = f" and {counts.unnumbered} of testing or cancelled" if counts.unnumbered else ""
    asking = plan.archive is None
    rows = [
        *([("Pages", _pages(run))] if plan.wiki else []),
        ("Rounds", f"{counts.rounds}{beside}"),
        ("Sessions", str(counts.sessions)),
        ("Drivers", str(counts.drivers)),
        ("Entrants", str(counts.entrants)),
        *([("Requests", str(run.totals.requests))] if asking else []),
        ("Seconds", f"{seconds:.1f}"),
        *([("Results", str(counts.results))] if plan.options.results else []),
        _folded(run) if plan.archive and plan.options.results else _withheld(plan, counts),
        *([("Pace", _pace(plan))] if asking else []),
    ]
    title = f"{spaced(plan.wiki.series)}, {years}" if plan.wiki else f"Season {years}"
    return [title, *(f"  {name:<17} {value}" for name, value in rows)]


def _imported(run: Run) -> tuple[int, int] | None:
    """The first and the last season that the archive has."""
    found = [
        int(item.key)
        for item in run.items
        if item.task == "import_season" and item.state == "done" and item.outcome != "empty"
    ]
    return (min(found), max(found)) if found else None


def attribution(plan: Plan) -> str:
    """Whose data they are, and on which terms."""
    if plan.wiki:
        return _INVENTED if plan.wiki.is_invented else _WIKI
    return _ARCHIVE if plan.archive else _OPENF1


def _pages(run: Run) -> str:
    """How many pages ended how."""
    ended = Counter(ending(item) for item in run.items if item.task == PAGE)
    return ", ".join(f"{ended[how]} {how}" for how in sorted(ended)) or "none"


def _pace(plan: Plan) -> str:
    if plan.wiki:
        return (
            f"the replay is asked {plan.wiki.pace:g} times a minute; the real wiki {wiki.REAL_PACE}"
        )
    if plan.replay:
        return f"the replay allows {plan.pace:g} requests a minute; the real API {REAL_PACE}"
    return f"{plan.pace:g} requests a minute"


def changed_line(changed: int) -> str:
    """The line by which a second run earns trust."""
    return f"  {'Rows changed':<17} {changed} in the product's tables"


def failures(items: Sequence[Item]) -> list[str]:
    """A line for each item that failed."""
    return [f"  {label(item)}: {remark(item)}" for item in items if item.state == "failed"]


def _withheld(plan: Plan, counts: Counts) -> tuple[str, str]:
    why = "RESULTS=1 opted in" if plan.options.results else "no spoilers; RESULTS=1 opts in"
    return "Results withheld", f"{counted(counts.without_results, 'sessions')} ({why})"


def _folded(run: Run) -> tuple[str, str]:
    """Several drives of one man in one race, which make one result."""
    drives = sum((item.counts or {}).get("folded", 0) for item in run.items)
    return "Folded drives", str(drives)
