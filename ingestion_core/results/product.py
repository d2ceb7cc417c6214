"""The product's rows of results: what stands there, and how it becomes what is wanted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from ingestion_core.results import statements
from ingestion_core.results.projection import COLUMNS

Db = Connection[TupleRow]
#: A row by column, values as JSON has them.
Row = dict[str, Any]

#: What of a row that is not ours counts where no source speaks of it.
_KEPT = ("GridPosition", "Points", "LapsLed", "CarNumber")
#: How somebody's session ended, which the detail explains.
_END = ("Status", "Laps")
_FASTEST = tuple(name for name in COLUMNS if name.startswith("FastestLap"))
_SILENT = (None,) * len(_FASTEST)
_fastest = itemgetter(*_FASTEST)
_values = itemgetter(*statements.NAMES)


@dataclass(frozen=True, slots=True, repr=False)
class Ours:
    """What we wrote of a session.

    Args:
        results: ids of rows.
        kept: of rows that were there before ours, or to which somebody added.
        fastest: whether a source spoke of fastest laps. If none did, what the rows say of them is
            somebody else's word, even in a row of ours.
    """

    results: frozenset[str] = frozenset()
    kept: Mapping[str, Row] = field(default_factory=dict)
    fastest: bool = False


_NOTHING = Ours()


def replace(db: Db, sessions: Sequence[str], wanted: Iterable[Row]) -> tuple[int, int]:
    """Make ``wanted`` the results of these sessions; how many rows were written, and removed.

    A row that is not ours keeps its id, and what no source speaks of; it never goes.

    Args:
        db: a connection in a transaction.
        sessions: their ids.
        wanted: by column.
    """
    ours = {
        session: Ours(frozenset(results), kept, fastest)
        for session, results, kept, fastest in db.execute(statements.WRITTEN, (sessions,))
    }
    standing = {
        (values[1], values[2]): values for values in db.execute(statements.CURRENT, (sessions,))
    }
    plan = _plan(wanted, standing, ours)
    _write(db, sorted(plan.gone), _by_id(plan.changed), _by_id(plan.added))
    _remember(db, plan.ours, ours)
    return len(plan.changed) + len(plan.added), len(plan.gone)


@dataclass(slots=True, repr=False)
class _Plan:
    """What is to be done; ``ours``: per session, what will have been written by us then."""

    added: list[Row] = field(default_factory=list)
    changed: list[Row] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    ours: dict[str, Ours] = field(default_factory=dict)


def _plan(
    wanted: Iterable[Row],
    standing: Mapping[tuple[str, str], tuple[Any, ...]],
    ours: Mapping[str, Ours],
) -> _Plan:
    """Compare by session and entrant; values stand in the order of the statements' names."""
    plan = _Plan(ours=dict.fromkeys(ours, _NOTHING))
    left = dict(standing)
    for session, rows in _by_session(wanted).items():
        mine = ours.get(session, _NOTHING)
        fastest = {_fastest(row) for row in rows} != {_SILENT}
        kept: dict[str, Row] = {}
        for row in rows:
            before = left.pop((session, row["EntrantId"]), None)
            if before is None:
                row["FastestLap"] = row["FastestLap"] or False
                plan.added.append(row)
                continue
            stood = dict(zip(statements.NAMES, before, strict=True))
            remains = _kept(stood, mine)
            _over(stood, row, remains)
            if remains:
                kept[row["Id"]] = remains
            if _values(row) != before:
                plan.changed.append(row)
        plan.ours[session] = Ours(frozenset(row["Id"] for row in rows), kept, fastest)
    plan.gone = [id_ for id_, session, *_ in left.values() if id_ in _results(ours, session)]
    return plan


def _results(ours: Mapping[str, Ours], session: str) -> frozenset[str]:
    return ours.get(session, _NOTHING).results


def _by_session(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["SessionId"]].append(row)
    return found


def _kept(before: Row, ours: Ours) -> Row:
    """What of the row that stands there is not ours to forget."""
    mine = before["Id"] in ours.results
    names = (*(() if mine else _KEPT), *(() if mine and ours.fastest else _FASTEST))
    kept = {
        name: value for name, value in ours.kept.get(before["Id"], {}).items() if name not in names
    }
    # 0 is a word. False is none: it stands wherever nobody said anything.
    kept |= {
        name: before[name]
        for name in names
        if before[name] is not None and before[name] is not False
    }
    if not mine and before["StatusDetail"] is not None:
        kept |= {name: before[name] for name in ("StatusDetail", *_END)}
    return kept


def _over(before: Row, row: Row, kept: Row) -> None:
    """A row keeps its id; nothing else of it is older than the latest sets but what is kept."""
    row["Id"] = before["Id"]
    same_end = all(kept.get(name) == row[name] for name in _END)
    for name, value in kept.items():
        # A detail tells of one end: it would contradict a row that tells of another.
        if row[name] is None and name not in _END and (same_end or name != "StatusDetail"):
            row[name] = value
    row["FastestLap"] = row["FastestLap"] or False


def _by_id(rows: list[Row]) -> list[Row]:
    """Ids tell nothing; the order of a classification does."""
    return sorted(rows, key=itemgetter("Id"))


def _write(db: Db, gone: Sequence[str], changed: Sequence[Row], added: Sequence[Row]) -> None:
    if gone:
        db.execute(statements.REMOVE, (gone,))
    if changed:
        db.execute(statements.CHANGE, (Jsonb(changed),))
    if added:
        # What is new is known beforehand, under the season's lock: COPY writes it at once.
        with db.cursor().copy(statements.ADD) as copy:
            for row in added:
                copy.write_row(_values(row))


def _remember(db: Db, after: Mapping[str, Ours], before: Mapping[str, Ours]) -> None:
    news = {session: one for session, one in after.items() if one != before.get(session)}
    if new := sorted(news.keys() - before.keys()):
        with db.cursor().copy(statements.REMEMBER_NEW) as copy:
            for session in new:
                one = news[session]
                # Ids need no quoting; psycopg looks at every element of a list.
                results = f"{{{','.join(sorted(one.results))}}}"
                copy.write_row((session, results, Jsonb(one.kept), one.fastest))
    if changed := sorted(news.keys() & before.keys()):
        rows = [
            {
                "session": session,
                "results": sorted(news[session].results),
                "kept": news[session].kept,
                "fastest": news[session].fastest,
            }
            for session in changed
        ]
        db.execute(statements.REMEMBER, (Jsonb(rows),))
