"""What ``audit --compare`` tells: where the sources disagree; of results, in how many rows."""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ingestion_core.catalog.compare import Difference
from ingestion_core.tasks.app import app
from ingestion_core.tasks.audit import disagreements

#: A row of results that only some sources have; it is told by source.
_ROW = "row"
_TOLD = {_ROW: "rows that some have only"}


def compare(chosen: argparse.Namespace, first: int, last: int) -> int:
    """Tell where the sources disagree in these years."""
    # Only this command may know, and `why`; without the word it is told nothing but counts.
    from ingestion_core.tasks import show_results

    shared, found = disagreements(app(), first, last)
    results = show_results.disagreements(app(), shared, chosen.spoilers)
    totals = _totals(found, results)
    if chosen.json:
        told = [_as_json(one) for one in found]
        print(
            json.dumps(
                {
                    "years": {"from": first, "to": last},
                    "rounds": len(shared),
                    "disagreements": told,
                    "results": results,
                    "totals": totals,
                }
            )
        )
        return 0
    for line in _lines(found, results or (), totals):
        print(line)
    print(f"{len(shared)} rounds are known to several sources")
    if results is None:
        print("results: off here, and none stored")
    elif results and not chosen.spoilers:
        print("whose results, and what the sources say: --spoilers")
    return 0


def _part(one: Difference) -> str:
    """Which of the totals it counts in."""
    if one.about is not None:
        return "entry lists"
    return "rounds" if one.session is None else "sessions"


def _totals(
    found: Iterable[Difference], results: Sequence[Mapping[str, Any]] | None
) -> dict[str, dict[str, int]]:
    totals: dict[str, Counter[str]] = {
        "rounds": Counter(),
        "sessions": Counter(),
        "entry lists": Counter(),
    }
    for one in found:
        totals[_part(one)][one.field] += 1
    if results is not None:
        totals["results"] = Counter()
        for each in results:
            totals["results"].update(each["counts"])
    return {part: dict(sorted(counted.items())) for part, counted in totals.items()}


def _lines(
    found: Iterable[Difference],
    results: Iterable[Mapping[str, Any]],
    totals: Mapping[str, Mapping[str, int]],
) -> Iterator[str]:
    for one in found:
        about = f", {one.about}" if one.about else ""
        place = one.round if one.session is None else f"{one.round}, {_name(one.session.name)}"
        yield f"{place}: {one.field}{about}: {_said(one.said)}"
    for each in results:
        yield f"{each['round']}, {_name(each['session'])}, results: {_counts(each)}"
        for told in each.get("differences", ()):
            yield f"    {told['driver']}: {told['field']}: {_said(told['said'])}"
    for part, counted in totals.items():
        told = ", ".join(f"{count} {_TOLD.get(field, field)}" for field, count in counted.items())
        yield f"{part}: {told or 'no disagreement'}"


def _counts(each: Mapping[str, Any]) -> str:
    parts = [f"only {source} has {_rows(count)}" for source, count in each["only"].items()]
    parts += [f"{count} {field}" for field, count in each["counts"].items() if field != _ROW]
    return ", ".join(parts)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _said(said: Mapping[str, Any]) -> str:
    return ", ".join(f"{source} {'nothing' if it is None else it}" for source, it in said.items())


def _name(type_: str) -> str:
    return type_.lower().replace("_", " ")


def _as_json(one: Difference) -> dict[str, Any]:
    return {**asdict(one), "session": None if one.session is None else one.session.name}
