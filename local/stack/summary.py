"""The end of a run, in lines."""

from collections.abc import Sequence

from local.stack.api import Item, Run
from local.stack.plan import REAL_PACE, Plan
from local.stack.product import Counts
from local.stack.progress import label, remark

ATTRIBUTION = "Data: OpenF1 (openf1.org), CC BY-NC-SA 4.0: non-commercial."


def summary(plan: Plan, run: Run, counts: Counts, seconds: float) -> list[str]:
    """What the database now holds of the run's years, and what it took."""
    first, last = plan.years
    years = str(first) if first == last else f"{first} to {last}"
    beside = f" and {counts.unnumbered} of testing or cancelled" if counts.unnumbered else ""
    rows = [
        ("Rounds", f"{counts.rounds}{beside}"),
        ("Sessions", str(counts.sessions)),
        ("Drivers", str(counts.drivers)),
        ("Entrants", str(counts.entrants)),
        ("Requests", str(run.totals.requests)),
        ("Seconds", f"{seconds:.1f}"),
        *([("Results", str(counts.results))] if plan.options.results else []),
        ("Results withheld", _withheld(plan, counts)),
        ("Pace", _pace(plan)),
    ]
    return [f"Season {years}", *(f"  {name:<17} {value}" for name, value in rows)]


def _pace(plan: Plan) -> str:
    if plan.replay:
        return f"the replay allows {plan.pace:g} requests a minute; the real API {REAL_PACE}"
    return f"{plan.pace:g} requests a minute"


def changed_line(changed: int) -> str:
    """The line by which a second run earns trust."""
    return f"  {'Rows changed':<17} {changed} in the product's tables"


def failures(items: Sequence[Item]) -> list[str]:
    """A line for each item that failed."""
    return [f"  {label(item)}: {remark(item)}" for item in items if item.state == "failed"]


def _withheld(plan: Plan, counts: Counts) -> str:
    if plan.options.results:
        return f"{counts.without_results} sessions (RESULTS=1 opted in)"
    return f"{counts.without_results} sessions (no spoilers; RESULTS=1 opts in)"
