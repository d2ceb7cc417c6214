"""Rounds of a season, from the claims on them: numbered together, each row projected."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from ingestion_core.catalog.claims import Claim, Fields
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.projection import believe, columns_of
from ingestion_core.catalog.state import season_key
from ingestion_core.catalog.tables import ROUNDS
from ingestion_core.identity import ids
from ingestion_core.racing.types import Weekend, number_rounds


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


def plan_round(
    plan: Plan, weekend: Weekend, season: UUID, circuit: UUID, circuit_slug: str
) -> UUID:
    """Plan a meeting's round, and with it the numbers of the whole season; its id."""
    source, key = weekend.origin.source, weekend.key
    season_text = season_key(weekend.series, weekend.year)
    fields = {
        "Season": season_text,
        "Name": weekend.name,
        "OfficialName": weekend.official_name,
        "DateStart": weekend.first_day.isoformat(),
        "DateEnd": weekend.last_day.isoformat(),
        "CircuitKey": weekend.circuit.key,
        "CircuitId": str(circuit),
        "Testing": weekend.testing or None,
        "SessionsCancelled": weekend.cancelled,
        "OpenF1MeetingKey": int(key),
    }
    plan.claim(source, "round", key, None, fields)
    found = _find_round(plan, weekend, circuit)
    if found is None:
        nth = nth_at_circuit(claims_of_season(plan, source, season_text), key)
        found = _free_id(plan, f"{season_text}|{circuit_slug}", nth)
    plan.claim(source, "round", key, found, fields)
    once = {"SeasonId": season, "Slug": _free_slug(plan, weekend.slug, found)}
    plan_rounds(
        plan, source, season_text, {} if found in plan.state.rows["round"] else {found: once}
    )
    return found


def _find_round(plan: Plan, weekend: Weekend, circuit: UUID) -> UUID | None:
    """By the decided key, by the meeting key in the product, by circuit and date; never by name."""
    claim = plan.state.claim(weekend.origin.source, "round", weekend.key)
    if claim is not None and claim.target is not None:
        return claim.target
    rows = plan.state.rows["round"]
    for id_, row in sorted(rows.items()):
        if row["OpenF1MeetingKey"] == int(weekend.key):
            return id_
    near = [
        id_
        for id_, row in sorted(rows.items())
        if row["here"]
        and row["OpenF1MeetingKey"] is None
        and UUID(row["CircuitId"]) == circuit
        and (row["RoundNumber"] == 0) == (weekend.testing or weekend.cancelled)
    ]
    return near[0] if len(near) == 1 else None


def _free_id(plan: Plan, natural: str, nth: str) -> UUID:
    """The natural id; where another meeting has it (the calendar was re-ordered), the next one."""
    taken = {
        claim.target
        for claim in {**plan.state.claims, **plan.claims}.values()
        if claim.kind == "round"
    } | plan.state.rows["round"].keys()
    prefix, _, number = nth.rpartition("|")
    count = int(number)
    while True:
        id_ = ids.of("round", natural, f"{prefix}|{count}" if prefix else str(count))
        if id_ not in taken:
            return id_
        count += 1


def _free_slug(plan: Plan, slug: str, round_id: UUID) -> str:
    taken = {row["Slug"] for id_, row in plan.state.rows["round"].items() if id_ != round_id}
    candidate, number = slug, 1
    while candidate in taken:
        number += 1
        candidate = f"{slug}-{number}"
    return candidate
