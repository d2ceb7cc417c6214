"""``audit``: a look through what is stored; with ``--compare``, where the sources disagree."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ingestion_core.cli import Commands, disagreements, years
from ingestion_core.database.invariants import Violation
from ingestion_core.quality.audit import Audited
from ingestion_core.tasks import audit
from ingestion_core.tasks.app import app


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("audit", help="look through what is stored; changes nothing")
    parser.add_argument(
        "--compare", action="store_true", help="list what the sources say differently"
    )
    years.add(parser)
    parser.add_argument("--spoilers", action="store_true", help="whose results, and their values")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(carry_out=lambda chosen: _audit(parser, chosen))


def _audit(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    first, last = years.chosen_years(parser, chosen)
    if chosen.compare:
        return disagreements.compare(chosen, first, last)
    if chosen.spoilers:
        parser.error("--spoilers is for --compare: of results nothing but counts is told here")
    from ingestion_core.tasks import check_results  # it knows results

    narrowed = (chosen.year, chosen.first, chosen.last) != (None, None, None)
    found = audit.look_through(app(), (first, last) if narrowed else None)
    refused = check_results.refused(app())
    if chosen.json:
        told = {"years": {"from": first, "to": last}, **asdict(found), "results_refused": refused}
        print(json.dumps(told))
        return 0
    for line in _lines(found, refused):
        print(line)
    return 0


def _lines(found: Audited, refused: Sequence[dict[str, Any]]) -> Iterator[str]:
    for table in found.nulls:
        empty = ", ".join(f"{name} {count}" for name, count in table.columns.items() if count)
        yield f"nulls: {table.table}, {table.rows} rows: {empty or 'none'}"
    for likely in found.duplicates:
        yield f"twice? {likely.kind}s by {likely.by}: {', '.join(likely.slugs)}"
    yield from _noticed("odd", found.odd)
    yield from _noticed("orphans", found.orphans or ())
    for one in found.drift:
        yield f"drift: {one['source']} {one['resource']}: {one['field']}, in {one['answers']}"
    for one in (*found.quarantine, *refused):
        yield f"quarantine: {one['source']} {one['resource']}: {one['reason']}: {one['rows']}"
    for one in found.gave:
        rows = "sessions" if one["kind"] == "entry" else "rows"
        yield f"gave: {one['source']} {one['kind']}: {one['claims']}, in {one['rows']} {rows}"
    yield (
        f"{len(found.duplicates)} likely twice, {len(found.odd)} kinds of odd values,"
        f" {sum(one['rows'] for one in (*found.quarantine, *refused))} rows in quarantine"
    )


def _noticed(word: str, those: Sequence[Violation]) -> Iterator[str]:
    for one in those:
        more = "" if one.count == len(one.examples) else ", ..."
        yield f"{word}: {one.name}: {one.count}: {'; '.join(one.examples)}{more}"
