"""From claims to columns: per field, the first source in its order that says anything.

Pure. What was changed in the product wins over everything; what nobody claims stays as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ingestion_core.catalog.claims import ADOPTED, MADE, PRODUCT, WRITTEN, Fields
from ingestion_core.racing.kinds import SessionStatus

#: The hand-checked tables of identity/, as a source.
TABLES: Final = "tables"

#: Whose word counts first for times and entries.
SCHEDULE: Final = ("openf1", "ergast", "thethirdturn")
_PROFILE: Final = (TABLES, "ergast", "openf1", "thethirdturn")
_OPENF1_FIRST: Final = ("openf1", TABLES, "ergast", "thethirdturn")

_PRECEDENCE: Final[Mapping[str, tuple[str, ...]]] = {
    "series": _PROFILE,
    "circuit": _PROFILE,
    "team": _PROFILE,
    "driver": _PROFILE,
    "round": SCHEDULE,
    "session": SCHEDULE,
    "entrant": SCHEDULE,
}
_EXCEPTIONS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("circuit", "CountryCode"): _OPENF1_FIRST,
    ("team", "PrimaryColor"): _OPENF1_FIRST,
    ("driver", "HeadshotUrl"): _OPENF1_FIRST,
}

#: A session counts as running for this long after its planned end: two of three run late.
OVERRUN: Final = timedelta(minutes=30)
#: What a session without a known end lasts; and one of which only the local day is known: until
#: that day is over everywhere.
_USUAL_LENGTH: Final = timedelta(hours=2)
_DAY_EVERYWHERE: Final = timedelta(hours=36)


def believe(kind: str, claims: Mapping[str, Fields]) -> Fields:
    """Per field, the word of the first source in its order that has one."""
    return {name: claims[source][name] for name, source in believed_from(kind, claims).items()}


def believed_from(kind: str, claims: Mapping[str, Fields]) -> dict[str, str]:
    """Per field, the first source in its order that has a word."""
    names = {name for source, fields in claims.items() if source in _SOURCES for name in fields}
    believed: dict[str, str] = {}
    for name in names:
        for source in _EXCEPTIONS.get((kind, name), _PRECEDENCE[kind]):
            if claims.get(source, {}).get(name) is not None:
                believed[name] = source
                break
    return believed


_SOURCES: Final = frozenset({TABLES, "openf1", "ergast", "thethirdturn"})


@dataclass(frozen=True, slots=True)
class Projected:
    """A row's columns as they shall be, and the changes found in the product, if any are new."""

    columns: Fields
    product: Fields


def project(columns: Fields, current: Fields | None, claims: Mapping[str, Fields]) -> Projected:
    """Lay what was changed in the product over what the sources say.

    Args:
        columns: what the sources say, by column; null where they say nothing.
        current: the row as it is, None if it is new.
        claims: by source, with the pseudo-sources "written" and "product".

    A value that differs from what we last wrote was changed in the product: it becomes a claim of
    its own and wins, a null as well. A row that we never wrote is adopted: sources win, and what
    they leave open stays. What no source gives any more is as it was before, or null.
    """
    written = claims.get(WRITTEN)
    product = dict(claims.get(PRODUCT, {}))
    if current is not None and written is not None:
        for name, value in columns.items():
            if name in written and current.get(name) != written[name]:
                product[name] = current.get(name)
            elif name not in written and value is None and current.get(name) is not None:
                # A column that is new to us, of which no source speaks: somebody filled it.
                product[name] = current[name]
    before = claims.get(ADOPTED) or ({} if written and MADE in written else current) or {}
    projected = {
        name: product[name]
        if name in product
        else (value if value is not None else before.get(name))
        for name, value in columns.items()
    }
    return Projected(projected, {k: v for k, v in product.items() if k in columns})


def session_status(
    start: datetime,
    end: datetime | None,
    cancelled: bool,
    now: datetime,
    *,
    day_only: bool = False,
) -> SessionStatus:
    """Status by time alone: no source says it, and none of it is a result."""
    if cancelled:
        return SessionStatus.CANCELLED
    if now < start:
        return SessionStatus.SCHEDULED
    usual = _DAY_EVERYWHERE if day_only else _USUAL_LENGTH
    if now < (end or start + usual) + OVERRUN:
        return SessionStatus.IN_PROGRESS
    return SessionStatus.COMPLETED


def columns_of(names: Mapping[str, str], believed: Mapping[str, Any]) -> Fields:
    """The managed columns of a table, null where nothing is believed."""
    return {name: believed.get(name) for name in names}
