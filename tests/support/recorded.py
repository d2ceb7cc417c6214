"""The recorded Ergast archive as rows of texts, for tests that hold our tables against it."""

import csv
import html
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Thing:
    """A driver, a constructor or a circuit of the archive, and the years in which it raced."""

    ref: str
    name: str
    years: frozenset[int]

    @property
    def span(self) -> tuple[int | None, int | None]:
        """The first and the last of the years."""
        return (min(self.years), max(self.years)) if self.years else (None, None)


@cache
def rows(folder: Path, table: str) -> tuple[dict[str, str], ...]:
    """The rows of one table."""
    with (folder / "ergast" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def things(folder: Path, table: str) -> tuple[Thing, ...]:
    """Everything in ``drivers``, ``constructors`` or ``circuits``."""
    one = table.removesuffix("s")
    year_of = {row["raceId"]: int(row["year"]) for row in rows(folder, "races")}
    raced: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows(folder, "races" if table == "circuits" else "results"):
        raced[row[f"{one}Id"]].add(year_of[row["raceId"]])
    return tuple(
        Thing(row[f"{one}Ref"], _name(row), frozenset(raced[row[f"{one}Id"]]))
        for row in rows(folder, table)
    )


def _name(row: dict[str, str]) -> str:
    # One name has an entity of HTML in it: Lotus-Pratt &amp; Whitney.
    return html.unescape(row.get("name") or f"{row['forename']} {row['surname']}")
