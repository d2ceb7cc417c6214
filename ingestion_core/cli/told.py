"""A run in words: how an item ended, and what all of them came to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

OPEN = frozenset({"waiting", "sent", "running"})
#: Items that are about a whole season.
_SEASONS = frozenset({"discover_year", "import_season"})
#: Counts worth a word, in this order; only those above 0.
_COUNTS = (
    *("rounds", "sessions", "entrants", "results", "folded"),
    *("embargoed", "quarantined", "shrunk", "rows"),
)
#: One of them, and several, where the word is not the count's own name.
_WORDS = {
    "folded": ("shared drive folded", "shared drives folded"),
    "embargoed": ("session under embargo", "sessions under embargo"),
    "quarantined": ("quarantined", "quarantined"),
    "shrunk": ("list much shorter than before", "lists much shorter than before"),
    "rows": ("row written", "rows written"),
}
#: Whoever asked for these could have asked for results as well.
_WITH_RESULTS = frozenset({"backfill", "meeting", "archive", "wiki"})


def name(item: Mapping[str, Any]) -> str:
    """What an item is about."""
    about = item["name"] or item["key"]
    return f"{about}, results" if "results" in item["task"] else str(about)


def remark(item: Mapping[str, Any]) -> str:
    """How it ended, in counts or in a reason."""
    if item["state"] != "done":
        why = item["error"] or item["outcome"]
        return f"{item['state']}: {why}" if why else str(item["state"])
    counts = item["counts"]
    told = [item["outcome"]] if item["outcome"] not in {None, "ok"} else []
    told += counted({what: counts[what] for what in (*_COUNTS, "meetings") if counts.get(what)})
    if counts.get("rounds") and not counts.get("rows"):
        told.append("unchanged")
    return ", ".join(told)


def counted(counts: Mapping[str, int]) -> Iterator[str]:
    """Counts in words."""
    for what, count in counts.items():
        one, several = _WORDS.get(what, (what.removesuffix("s"), what))
        yield f"{count} {one if count == 1 else several}"


def line(item: Mapping[str, Any]) -> str:
    """How an item ended, with its name before."""
    return f"{name(item):<24} {remark(item)}".rstrip()


def command(action: str, run: object) -> str:
    """What to type to do something with a run."""
    return f"python -m ingestion_core runs {action} {run}"


def summary(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What a run came to: its seasons by how they ended, sums, the command that retries it.

    A season failed if anything of it did. ``results``: ``withheld`` where nobody asked for them.
    """
    items: Sequence[Mapping[str, Any]] = shown["items"]
    years = _years(items)
    attempted = {years[item["item"]] for item in items if item["task"] in _SEASONS}
    failed = {years[item["item"]] for item in items if item["state"] == "failed"} & attempted
    unfinished = {years[item["item"]] for item in items if item["state"] != "done"} & attempted
    empty = {
        int(one["key"]) for one in items if one["task"] in _SEASONS and one["outcome"] == "empty"
    }
    asked = bool(shown["asked"].get("include_results"))
    over = shown["finished_at"]
    return {
        "years": {
            "attempted": sorted(attempted),
            "succeeded": sorted(attempted - unfinished),
            "failed": sorted(failed),
            "empty": sorted(empty & attempted),
        },
        "totals": _sums(items),
        "seconds": round((over - shown["created_at"]).total_seconds(), 1) if over else None,
        "results": (
            None if shown["kind"] not in _WITH_RESULTS else "asked for" if asked else "withheld"
        ),
        "again": (
            command("retry", shown["run"]) if shown["state"] in {"failed", "cancelled"} else None
        ),
    }


def lines(shown: Mapping[str, Any]) -> list[str]:
    """The same in lines, and what of it failed, by name."""
    came_to = summary(shown)
    years, sums = came_to["years"], came_to["totals"]
    done = len(years["succeeded"]) - len(years["empty"])
    sums = {"seasons": done, **sums}
    counts = {what: sums[what] for what in ("seasons", *_COUNTS, "requests") if sums.get(what)}
    parts = list(counted(counts))
    took = f", in {came_to['seconds']:.1f} s" if came_to["seconds"] is not None else ""
    told = [f"{str(shown['state']).capitalize()}: {', '.join(parts) or 'nothing to do'}{took}"]
    if years["empty"]:
        where = "in the archive" if shown["kind"] == "archive" else "listed yet"
        told.append(f"Not {where}: {_listed(years['empty'])}")
    if years["failed"]:
        told.append(
            f"Seasons: {len(years['attempted'])} asked for, {len(years['succeeded'])} succeeded,"
            f" {len(years['failed'])} failed: {_listed(years['failed'])}"
        )
    told += _failures(shown["items"])
    if came_to["results"] == "withheld":
        told.append("No results: they are spoilers, and nobody asked for them")
    if came_to["again"]:
        told.append(f"Again: {came_to['again']}")
    return told


def _listed(years: Iterable[int]) -> str:
    return ", ".join(map(str, years))


def _years(items: Iterable[Mapping[str, Any]]) -> dict[int, int | None]:
    """Which season each item belongs to, where that is known: its meeting's, its own."""
    meetings = {one["key"]: int(one["year"]) for one in items if one["year"]}
    return {
        one["item"]: int(one["key"])
        if one["task"] in _SEASONS or one["task"] == "load_season_results"
        else meetings.get(one["key"])
        for one in items
    }


def _sums(items: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for item in items:
        for what, count in item["counts"].items():
            sums[what] += count
    return dict(sums)


def _failures(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """What failed, by name; all that failed for one reason in one line."""
    names: dict[str, list[str]] = defaultdict(list)
    for item in items:
        if item["state"] == "failed":
            names[remark(item)].append(name(item))
    return [f"{', '.join(those)}: {why}" for why, those in names.items()]
