"""Sessions of a meeting: who is meant, and when and in what state each is."""

from collections.abc import Mapping
from datetime import datetime

from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.projection import believe, session_status
from ingestion_core.catalog.rounds import is_cancelled
from ingestion_core.catalog.tables import KEY_COLUMNS
from ingestion_core.identity import ids
from ingestion_core.identity.ids import Id
from ingestion_core.racing.types import ScheduledSession, Weekend

#: A session with its id.
Planned = tuple[Id, ScheduledSession]


def claim_sessions(
    plan: Plan, weekend: Weekend, round_id: Id, present: Mapping[Id, set[Id]]
) -> list[Planned]:
    """Claim a meeting's sessions; each with its id, in order of time.

    ``present``: the sessions that exist, by round.
    """
    source = weekend.origin.source
    column = KEY_COLUMNS.get((source, "session"))
    taken: set[Id] = set()
    planned: list[Planned] = []
    for one in weekend.sessions:
        id_ = _find_session(plan, source, one, round_id, present.get(round_id, set()), taken)
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
                "DayOnly": one.day_only,
                "Cancelled": one.cancelled,
                **({column: int(one.key)} if column else {}),
            },
        )
        planned.append((id_, one))
    return planned


def project_sessions(plan: Plan, sessions: Mapping[Id, Id], now: datetime) -> None:
    """Plan the rows of sessions (id to round) from all claims on them."""
    cancelled = {
        id_: is_cancelled(believe("round", plan.claims_on(id_))) for id_ in set(sessions.values())
    }
    for id_, round_id in sessions.items():
        said = believe("session", plan.claims_on(id_))
        end = said.get("EndTimeUtc")
        columns = {
            "Type": said["Type"],
            "StartTimeUtc": said["StartTimeUtc"],
            "Status": int(
                session_status(
                    datetime.fromisoformat(said["StartTimeUtc"]),
                    datetime.fromisoformat(end) if end else None,
                    bool(said["Cancelled"]) or cancelled[round_id],
                    now,
                    day_only=bool(said.get("DayOnly")),
                )
            ),
            "OpenF1SessionKey": said.get("OpenF1SessionKey"),
        }
        plan.put("session", id_, columns, {"RoundId": round_id})


def _find_session(
    plan: Plan,
    source: str,
    one: ScheduledSession,
    round_id: Id,
    present: set[Id],
    taken: set[Id],
) -> Id:
    """By the decided key, by the session key in the product, by type in the round, else new.

    A row of that type is this session unless it has another key of this source.
    """
    claim = plan.state.claim(source, "session", one.key)
    if claim is not None and claim.target is not None:
        return claim.target
    rows = plan.state.rows["session"]
    column = KEY_COLUMNS.get((source, "session"))
    if column:
        for id_ in sorted(rows):
            if rows[id_][column] == int(one.key):
                return id_
    for id_ in sorted(present):
        if (
            rows[id_]["Type"] == int(one.type)
            and (column is None or rows[id_][column] is None)
            and id_ not in taken
        ):
            return id_
    number = 1
    while (id_ := ids.of("session", round_id, int(one.type), number)) in rows or id_ in taken:
        number += 1
    return id_
