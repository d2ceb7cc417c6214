"""``verify``: what is expected against what is found, and whether all that must hold does."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from ingestion_core.cli import Commands, years
from ingestion_core.database.invariants import Violation
from ingestion_core.quality.verify import Held, Verified
from ingestion_core.tasks import verify
from ingestion_core.tasks.app import app


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "verify", help="expected against found, and what must hold; changes nothing"
    )
    years.add(parser)
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.set_defaults(carry_out=lambda chosen: _verify(parser, chosen))


def _verify(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    """A gap is none of ours: only what must hold and does not makes it fail."""
    first, last = years.chosen_years(parser, chosen)
    from ingestion_core.tasks import check_results  # it knows results

    seasons, violations = verify.verify(app(), first, last)
    violations = [*violations, *check_results.verify(app())]
    if chosen.json:
        told = {
            "years": {"from": first, "to": last},
            "seasons": [asdict(one) for one in seasons],
            "violations": [asdict(one) for one in violations],
        }
        print(json.dumps(told))
    else:
        for line in _lines(seasons, violations):
            print(line)
    return 1 if violations else 0


def _lines(seasons: Sequence[Verified], violations: Sequence[Violation]) -> Iterator[str]:
    for one in seasons:
        results = f", results {_of(one.results)}" if one.results else ", results not opted in"
        fewest, most = one.entrants
        yield (
            f"{one.series} {one.year}: rounds {_of(one.rounds)}, sessions with entrants"
            f" {_of(one.sessions)}, {fewest} to {most} in each{results}"
        )
        for reason, count in one.reasons.items():
            yield f"  {count:>4} {reason}"
        for gap in one.gaps:
            name = "" if gap.session is None else f", {gap.session.lower().replace('_', ' ')}"
            yield f"    {gap.round}{name}: {gap.reason}"
    for broken in violations:
        yield f"violation: {broken.name}: {broken.says}: not so in {broken.count}"
        yield from (f"    {example}" for example in broken.examples)
    gaps = sum(len(one.gaps) for one in seasons)
    yield f"seasons: {len(seasons)}, gaps: {gaps}, violations: {len(violations)}"


def _of(held: Held) -> str:
    return f"{held.found} of {held.expected}"
