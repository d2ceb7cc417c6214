"""The tables of a race's page, as sections by their captions. What a cell says is for its reader.

Whoever asks names the columns it may read, and is given no cell of any other: an entry list must
not even come by a finishing position.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ingestion_core.sources.thethirdturn.markup import Node, first, is_hidden, nodes, text_of
from ingestion_core.sources.thethirdturn.page import Drift
from ingestion_core.sources.thethirdturn.tables import by_column, caption, cells, header, rows

FEATURE: Final = "FEATURE RESULTS"
DID_NOT_START: Final = "Did not start"
DID_NOT_QUALIFY: Final = "Did not qualify"

#: Columns that say who took part, and nothing of how it ended.
ENTRY_COLUMNS: Final = frozenset({"#", "Driver", "Sponsor", "Make"})
RESULT_COLUMNS: Final = frozenset({"Fin", "St", "Laps", "Led", "Status", "Pts", "Div", "Class"})

_LABELS: Final = frozenset(
    {DID_NOT_START, DID_NOT_QUALIFY, "Time of Race", "Starting Lineup Set By", "Fast Qualifier"}
    | {"Margin of Victory", "Average Speed", "Cautions", "Lead Changes", "Fastest Lap"}
    | {"Preliminary Feature Winners", "Heat Winners", "Qualifier Winners", "Dash Winners"}
    | {"Scramble Winners", "Consi Winners", "Non-Qualifiers Race Winners"}
)
#: Other races of a day, of which no recorded page has a table; their rows are read all the same.
_EXPECTED: Final = re.compile(
    r"(?:FEATURE|HEAT|QUALIFY|CONSI|DASH|SPRINT|PRELIM|SCRAMBLE|NON-QUALIFIER|LAST CHANCE)\b.*"
    r"|QUALIFYING.*|QUALIFIER.*|RACE DATA",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, repr=False)
class TableRow:
    """One row: its cells by column, those asked for; empty where they don't fit the header.

    ``group``: the heading within the table under which it stands, such as DID NOT QUALIFY.
    """

    cells: Mapping[str, Node]
    group: str | None


@dataclass(slots=True, repr=False)
class Section:
    """What stands under one caption; ``notes`` are cells of their own, with their labels."""

    caption: str | None
    columns: tuple[str, ...] = ()
    rows: list[TableRow] = field(default_factory=list)
    separators: list[str] = field(default_factory=list)
    notes: list[tuple[str, Node]] = field(default_factory=list)


def sections(root: Node, wanted: Collection[str], drift: Drift) -> list[Section]:
    """All sections of a race's page in its order, with the columns ``wanted``."""
    found: list[Section] = []
    waiting: str | None = None  # a table may hold nothing but the caption of the next one
    for table in nodes(root, "table.racetable"):
        listed = list(rows(table))
        title = caption(listed[0]) if listed else None
        if title is not None and len(listed) == 1:
            waiting = title
            continue
        section = Section(title or waiting)
        waiting = None
        for row in listed[title is not None :]:
            _add(section, row, wanted, drift)
        found.append(section)
    for section in found:
        _report(section, drift)
    return found


def feature(found: Sequence[Section]) -> Section | None:
    """The section of the race itself; the only one with drivers, where none is called so."""
    for section in found:
        if section.caption == FEATURE and "Driver" in section.columns:
            return section
    named = [section for section in found if "Driver" in section.columns]
    return named[0] if len(named) == 1 else None


def notes(found: Sequence[Section], label: str) -> Iterator[Node]:
    """The cells with this label that the page shows."""
    for section in found:
        yield from (cell for name, cell in section.notes if name == label)


def _add(section: Section, row: Node, wanted: Collection[str], drift: Drift) -> None:
    if is_hidden(row):
        return
    heading = caption(row)
    if heading is not None:
        section.separators.append(heading)
        return
    columns = header(row)
    if columns is not None and (not section.columns or columns == section.columns):
        section.columns = columns
        return
    if not section.columns:
        for cell in cells(row):
            _note(section, cell, drift)
        return
    fitting = by_column(row, section.columns)
    if fitting is None:
        drift.strange("row")
    section.rows.append(
        TableRow(
            {name: cell for name, cell in (fitting or {}).items() if name in wanted},
            section.separators[-1] if section.separators else None,
        )
    )


def _note(section: Section, cell: Node, drift: Drift) -> None:
    bold = first(cell, "b")
    if bold is None:
        drift.strange("note")
        return
    section.notes.append((text_of(bold).rstrip(": "), cell))


def _report(section: Section, drift: Drift) -> None:
    if section.caption is None:
        drift.gone("caption")
    elif not _EXPECTED.fullmatch(section.caption):
        drift.new("caption", section.caption)
    for name in sorted(set(section.columns) - ENTRY_COLUMNS - RESULT_COLUMNS):
        drift.new("column", name)
    if "Driver" in section.columns:
        for name in sorted((ENTRY_COLUMNS | RESULT_COLUMNS) - set(section.columns)):
            if name not in ("Div", "Class"):
                drift.gone(f"column {name}")
    for label, _ in section.notes:
        if label not in _LABELS:
            drift.new("label", label)
