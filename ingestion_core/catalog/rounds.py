"""Rounds of a season: who is meant, and each row projected from all claims, numbered together."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from ingestion_core.catalog.claims import PSEUDO, Claim, Fields
from ingestion_core.catalog.plan import Plan
from ingestion_core.catalog.projection import believe, columns_of
from ingestion_core.catalog.state import season_key
from ingestion_core.catalog.tables import KEY_COLUMNS, ROUNDS
from ingestion_core.identity import ids
from ingestion_core.identity.ids import Id
from ingestion_core.racing.names import free
from ingestion_core.racing.types import Weekend, number_rounds

#: Two sources' race days may differ by so much and mean one round.
_NEAR: Final = timedelta(days=3)


def claims_of_season(plan: Plan, season: str) -> dict[str, list[Claim]]:
    """Source to its claims on the rounds of a season, as they shall be."""
    found: dict[str, list[Claim]] = {}
    for claim in {**plan.state.claims, **plan.claims}.values():
        if (
            claim.kind == "round"
            and claim.fields.get("Season") == season
            and claim.fields.get("DateStart")
        ):
            found.setdefault(claim.source, []).append(claim)
    return found


def counts(fields: Fields) -> bool:
    """Whether a meeting takes a round number."""
    return not (fields.get("Testing") or is_cancelled(fields))


def is_cancelled(fields: Fields) -> bool:
    """Whether the season's list says so, or all of the meeting's sessions are."""
    return bool(fields.get("Cancelled") or fields.get("SessionsCancelled"))


def numbers(claims: Iterable[Claim]) -> dict[str, int]:
    """Round numbers by the source's keys: its own ones, 0 among them, else counted by date."""
    claims = list(claims)
    counted = number_rounds(
        (claim.key, date.fromisoformat(claim.fields["DateStart"]), counts(claim.fields))
        for claim in claims
    )
    own = {
        claim.key: int(claim.fields["Number"])
        for claim in claims
        if claim.fields.get("Number") is not None
    }
    return counted | own


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


def claim_rounds(
    plan: Plan, weekends: Iterable[Weekend], circuits: Mapping[str, Id], slugs: Mapping[str, str]
) -> dict[str, Id]:
    """Claim the rounds of these weekends; the source's keys to ids.

    Args:
        circuits: the source's keys to ids.
        slugs: the same keys to the circuits' addresses.
    """
    weekends = list(weekends)
    for weekend in weekends:
        _claim(plan, weekend, circuits[weekend.circuit.key], None)
    found: dict[str, Id] = {}
    for weekend in weekends:
        source = weekend.origin.source
        circuit = circuits[weekend.circuit.key]
        id_ = find_round(plan, weekend, circuit, found.values())
        if id_ is None:
            season = season_key(weekend.series, weekend.year)
            nth = nth_at_circuit(claims_of_season(plan, season)[source], weekend.key)
            id_ = _free_id(plan, f"{season}|{slugs[weekend.circuit.key]}", nth)
        _claim(plan, weekend, circuit, id_)
        found[weekend.key] = id_
    return found


def _claim(plan: Plan, weekend: Weekend, circuit: Id, id_: Id | None) -> None:
    source, key = weekend.origin.source, weekend.key
    column = KEY_COLUMNS.get((source, "round"))
    plan.claim(
        source,
        "round",
        key,
        id_,
        {
            "Season": season_key(weekend.series, weekend.year),
            "Name": weekend.name,
            "OfficialName": weekend.official_name,
            "Number": weekend.number,
            "DateStart": weekend.first_day.isoformat(),
            "DateEnd": weekend.last_day.isoformat(),
            "CircuitKey": weekend.circuit.key,
            "CircuitId": circuit,
            "Testing": weekend.testing or None,
            "SessionsCancelled": weekend.cancelled,
            "WikipediaUrl": weekend.url,
            **({column: int(key)} if column else {}),
        },
    )


def project_rounds(plan: Plan, season: str, new: Mapping[Id, Fields]) -> None:
    """Project every round of the season that exists, and the ``new`` ones (id to columns set once).

    All of them, since one meeting that is cancelled renumbers the rest. Each source numbers its
    own list; whose number counts is decided as for any other field.
    """
    for id_, said in said_of_season(plan, season).items():
        row = plan.state.rows["round"].get(id_)
        if row is None and id_ not in new:
            continue
        columns = columns_of(ROUNDS.columns, believe("round", said))
        once = new.get(id_) or {
            "SeasonId": row["SeasonId"] if row else None,
            "Slug": row["Slug"] if row else None,
        }
        plan.put("round", id_, columns, once)


def said_of_season(plan: Plan, season: str) -> dict[Id, dict[str, Fields]]:
    """What is said of each round that any source's meeting is decided to be, numbers included.

    By id, in order; then by source.
    """
    claims = claims_of_season(plan, season)
    numbered = {source: numbers(own) for source, own in claims.items()}
    found: dict[Id, dict[str, Fields]] = {}
    for claim in sorted(
        (one for own in claims.values() for one in own), key=lambda one: (one.target or "", one.key)
    ):
        if claim.target is not None:
            said = found.setdefault(claim.target, plan.claims_on(claim.target))
            number = numbered[claim.source][claim.key]
            said[claim.source] = {**said.get(claim.source, {}), "RoundNumber": number}
    return found


def new_rounds(
    plan: Plan, weekends: Iterable[Weekend], rounds: Mapping[str, Id], season: Id
) -> dict[Id, Fields]:
    """Of those that do not exist yet, the columns that are set once; addresses are kept free."""
    rows = plan.state.rows["round"]
    taken = {row["Slug"] for row in rows.values()}
    new: dict[Id, Fields] = {}
    for weekend in weekends:
        id_ = rounds[weekend.key]
        if id_ not in rows:
            slug = free(weekend.slug, taken)
            taken.add(slug)
            new[id_] = {"SeasonId": season, "Slug": slug}
    return new


def find_round(plan: Plan, weekend: Weekend, circuit: Id, taken: Iterable[Id]) -> Id | None:
    """By the decided key, by the key in the product, by circuit and date; never by name."""
    source = weekend.origin.source
    claim = plan.state.claim(source, "round", weekend.key)
    if claim is not None and claim.target is not None:
        return claim.target
    rows = plan.state.rows["round"]
    if (source, "round") in KEY_COLUMNS:
        for id_, row in sorted(rows.items()):
            if row["own_key"] == int(weekend.key):
                return id_
    decided = {
        claim.target
        for claim in claims_of_season(plan, season_key(weekend.series, weekend.year)).get(
            source, ()
        )
    }
    near = [
        id_
        for id_, row in sorted(rows.items())
        if row["here"]
        and row["own_key"] is None
        and (weekend.joins or (id_ not in decided and id_ not in taken))
        and row["CircuitId"] == circuit
        and abs(date.fromisoformat(row["DateEnd"]) - weekend.last_day) <= _NEAR
        and (row["RoundNumber"] == 0)
        == (weekend.testing or weekend.cancelled or weekend.number == 0)
    ]
    return near[0] if len(near) == 1 else None


def to_join(plan: Plan, weekend: Weekend, circuit: Id) -> Id | None:
    """The round that a weekend adds to: one that another source gives, and nobody else's.

    A round and its sprint can be two weekends of one source: each of them joins.
    """
    id_ = find_round(plan, weekend, circuit, ())
    source = weekend.origin.source
    others = id_ is not None and any(one != source for one, _ in plan.keys_of(id_))
    return id_ if others else None


def _free_id(plan: Plan, natural: str, nth: str) -> Id:
    """The natural id; where another meeting has it (the calendar was re-ordered), the next one."""
    taken = {
        claim.target
        for claim in {**plan.state.claims, **plan.claims}.values()
        if claim.kind == "round" and claim.source not in PSEUDO
    } | plan.state.rows["round"].keys()
    prefix, _, number = nth.rpartition("|")
    count = int(number)
    while True:
        id_ = ids.of("round", natural, f"{prefix}|{count}" if prefix else str(count))
        if id_ not in taken:
            return id_
        count += 1
