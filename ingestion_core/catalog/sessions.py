"""Sessions of a meeting: who is meant, and when and in what state each is."""

from datetime import datetime
from uuid import UUID

from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.projection import believe, session_status
from ingestion_core.catalog.rounds import is_cancelled
from ingestion_core.identity import ids
from ingestion_core.racing.types import ScheduledSession, Weekend


def plan_sessions(
    plan: Plan, weekend: Weekend, round_id: UUID, now: datetime
) -> list[tuple[UUID, ScheduledSession]]:
    """Plan a meeting's sessions; each with its id, in order of time."""
    source = weekend.origin.source
    round_claim = plan.current(source, "round", weekend.key)
    round_cancelled = round_claim is not None and is_cancelled(round_claim.fields)
    taken: set[UUID] = set()
    planned: list[tuple[UUID, ScheduledSession]] = []
    for one in weekend.sessions:
        id_ = _find_session(plan, source, one, round_id, taken)
        taken.add(id_)
        plan.claim(
            source,
            "session",
            one.key,
            id_,
            {
                "Type": int(one.type),
                "Caption": one.caption,
                "StartTimeUtc": one.start.isoformat(),
                "EndTimeUtc": one.end.isoformat() if one.end else None,
                "Cancelled": one.cancelled,
                "OpenF1SessionKey": int(one.key),
            },
        )
        fields = believe("session", plan.claims_on(id_))
        end = fields.get("EndTimeUtc")
        columns = {
            "Type": fields["Type"],
            "StartTimeUtc": fields["StartTimeUtc"],
            "Status": int(
                session_status(
                    datetime.fromisoformat(fields["StartTimeUtc"]),
                    datetime.fromisoformat(end) if end else None,
                    bool(fields["Cancelled"]) or round_cancelled,
                    now,
                )
            ),
            "OpenF1SessionKey": fields["OpenF1SessionKey"],
        }
        plan.put("session", id_, columns, {"RoundId": round_id})
        planned.append((id_, one))
    return planned


def _find_session(
    plan: Plan, source: str, one: ScheduledSession, round_id: UUID, taken: set[UUID]
) -> UUID:
    """By the decided key, by the session key in the product, by type in the round, else new."""
    claim = plan.state.claim(source, "session", one.key)
    if claim is not None and claim.target is not None:
        return claim.target
    rows = plan.state.rows["session"]
    for id_, row in sorted(rows.items()):
        if row["OpenF1SessionKey"] == int(one.key):
            return id_
    for id_, row in sorted(rows.items()):
        if (
            UUID(row["RoundId"]) == round_id
            and row["Type"] == int(one.type)
            and row["OpenF1SessionKey"] is None
            and id_ not in taken
        ):
            return id_
    number = 1
    while (id_ := ids.of("session", round_id, int(one.type), number)) in rows or id_ in taken:
        number += 1
    return id_
