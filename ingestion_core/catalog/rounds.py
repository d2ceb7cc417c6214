"""Rounds of a season, from the claims on them: numbered together, each row projected."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from ingestion_core.catalog.claims import Claim, Fields
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.projection import believe, columns_of
from ingestion_core.catalog.tables import ROUNDS
from ingestion_core.racing.types import number_rounds


def claims_of_season(plan: Plan, source: str, season: str) -> list[Claim]:
    """A source's claims on the rounds of a season, as they shall be."""
    everything = {**plan.state.claims, **plan.claims}
    return [
        claim
        for claim in everything.values()
        if claim.source == source
        and claim.kind == "round"
        and claim.fields.get("Season") == season
        and claim.fields.get("DateStart")
    ]


def counts(fields: Fields) -> bool:
    """Whether a meeting takes a round number."""
    return not (fields.get("Testing") or is_cancelled(fields))


def is_cancelled(fields: Fields) -> bool:
    """Whether the season's list says so, or all of the meeting's sessions are."""
    return bool(fields.get("Cancelled") or fields.get("SessionsCancelled"))


def numbers(claims: list[Claim]) -> dict[str, int]:
    """Round numbers by the source's keys."""
    return number_rounds(
        (claim.key, date.fromisoformat(claim.fields["DateStart"]), counts(claim.fields))
        for claim in claims
    )


def nth_at_circuit(claims: list[Claim], key: str) -> str:
    """Which of a season's weekends at its circuit a meeting is, tests and cancelled ones apart.

    The last part of a round's natural key: ``1``, ``2``, ``test|1``, ``cancelled|1``.
    """
    me = next(claim for claim in claims if claim.key == key)

    def class_of(claim: Claim) -> str:
        if claim.fields.get("Testing"):
            return "test|"
        return "cancelled|" if is_cancelled(claim.fields) else ""

    alike = sorted(
        (claim.fields["DateStart"], claim.key)
        for claim in claims
        if claim.fields.get("CircuitKey") == me.fields.get("CircuitKey")
        and class_of(claim) == class_of(me)
    )
    return f"{class_of(me)}{alike.index((me.fields['DateStart'], key)) + 1}"


def plan_rounds(plan: Plan, source: str, season: str, new: Mapping[UUID, Fields]) -> None:
    """Project every round of the season that exists, and the ``new`` ones (id to columns set once).

    All of them, since one meeting that is cancelled renumbers the rest.
    """
    claims = claims_of_season(plan, source, season)
    numbered = numbers(claims)
    for claim in sorted(claims, key=lambda one: one.key):
        if claim.target is None:
            continue
        row = plan.state.rows["round"].get(claim.target)
        if row is None and claim.target not in new:
            continue
        said = plan.claims_on(claim.target)
        said[source] = {**said.get(source, {}), "RoundNumber": numbered[claim.key]}
        columns = columns_of(ROUNDS.columns, believe("round", said))
        once = new.get(claim.target) or {
            "SeasonId": row["SeasonId"] if row else None,
            "Slug": row["Slug"] if row else None,
        }
        plan.put("round", claim.target, columns, once)
