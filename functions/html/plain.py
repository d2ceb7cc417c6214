"""Coverage as plain values, for JSON."""

from typing import Any

from ingestion_core.quality.coverage import RoundCoverage, SessionCoverage
from ingestion_core.quality.totals import DecadeCoverage
from ingestion_core.tasks.status import Coverage


def plain(covered: Coverage) -> dict[str, Any]:
    """The season, round by round in order of the calendar, and every source's decades."""
    return {
        "series": covered.series.slug,
        "name": covered.series.name,
        "year": covered.season.year,
        "seasons": covered.series.years,
        "as_of": covered.policy.now,
        "results": {
            "opted_in": covered.policy.opted_in,
            "embargo_hours": covered.policy.embargo.total_seconds() / 3600,
        },
        "totals": covered.season.totals(),
        "rounds": [_round(one) for one in covered.season.rounds],
        "decades": [_decade(one) for one in covered.decades],
    }


def _round(one: RoundCoverage) -> dict[str, Any]:
    return {
        "id": one.id,
        "number": one.number,
        "name": one.name,
        "first_day": one.first_day,
        "last_day": one.last_day,
        "sources": [{"source": source, "key": key} for source, key in one.sources],
        "entrants": one.entrants,
        "quarantined": one.quarantined,
        "state": one.told.state if one.told else None,
        "reason": one.told.reason if one.told else None,
        "sessions": [_session(each) for each in one.sessions],
    }


def _session(one: SessionCoverage) -> dict[str, Any]:
    return {
        "id": one.id,
        "type": one.type.name,
        "starts_at": one.starts_at,
        "day_only": one.day_only,
        "sources": one.sources,
        "entrants": one.entrants,
        "results": one.results,
        "state": one.state,
        "reason": one.reason,
    }


def _decade(one: DecadeCoverage) -> dict[str, Any]:
    return {
        "source": one.source,
        "series": one.series,
        "decade": one.decade,
        "rounds": one.rounds,
        "sessions": one.sessions,
        "completed": one.completed,
        "with_entrants": one.with_entrants,
        "with_results": one.with_results,
    }
