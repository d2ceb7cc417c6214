"""Where results come from, and where the sources disagree on them, for whoever asks.

As ``load_results``, nothing but its commands imports this.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from ingestion_core.catalog.compare import SharedRound
from ingestion_core.database.roles import Role
from ingestion_core.errors import NotFound, Unprepared
from ingestion_core.results import compare, schema
from ingestion_core.results import why as results
from ingestion_core.tasks.app import App
from ingestion_core.tasks.prepared import prepare


def why(app: App, result: UUID) -> dict[str, Any]:
    """Spoilers: a result's trace as JSON, see ``results.why``.

    Raises:
        NotFound: there is no such result.
        Unprepared: results were never opted into in this database.
    """
    app = app.acting(Role.RESULTS)
    if not _stored(app):
        raise Unprepared(
            "this database has no results: they are off until RESULTS_ENABLED=true opts in"
        )
    with app.db() as db:
        found = results.trace(db, result)
    if found is None:
        raise NotFound(f"no result is known as '{result}'")
    return asdict(found)


def disagreements(
    app: App, shared: Sequence[SharedRound], spoilers: bool
) -> list[dict[str, Any]] | None:
    """The sessions on whose results the sources disagree, in order of time, as JSON.

    In counts of drivers by field; whose and what only with ``spoilers``. None where results were
    never opted into, or our login may not look at them.
    """
    app = app.acting(Role.RESULTS)
    if not _stored(app):
        return None
    with app.db() as db:
        found = compare.compare(db, {one.id: one.year for one in shared})
        drivers = compare.drivers(db, found) if spoilers else {}
    rounds = {str(one.id): (place, one) for place, one in enumerate(shared)}
    return [
        {
            "year": rounds[one.round][1].year,
            "round": rounds[one.round][1].slug,
            "session": one.type.name,
            "counts": one.counts,
            "only": one.only,
            **({"differences": _told(one, drivers)} if spoilers else {}),
        }
        for one in sorted(found, key=lambda one: (rounds[one.round][0], one.type, one.session))
    ]


def _told(compared: compare.Compared, drivers: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "driver": drivers[one.entrant],
            "field": one.field,
            "said": {source: compare.worded(one.field, it) for source, it in one.said.items()},
        }
        for one in sorted(compared.differences, key=lambda one: drivers[one.entrant])
    ]


def _stored(app: App) -> bool:
    """Whether results were ever opted into here; their schema is then brought up to date."""
    with app.db() as db:
        there = schema.exists(db)
    if there:
        prepare(app)
    return there
