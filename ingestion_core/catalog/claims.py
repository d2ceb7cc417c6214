"""Claims: what each source says of a thing, kept apart from every other source's word.

A claim is a map of fields. Null says nothing and never replaces a value. Where a field has a date,
it is the moment that the source's row speaks of (a driver's headshot in a certain session): the
later moment wins, whatever the order in which the answers arrive.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ingestion_core.identity.ids import Id

#: Pseudo-sources: what we last wrote, what somebody changed in the product since, and what stood
#: in a row before we first wrote it.
WRITTEN = "written"
PRODUCT = "product"
ADOPTED = "adopted"
PSEUDO = frozenset({WRITTEN, PRODUCT, ADOPTED})
#: Beside the columns of what we wrote: that the row was made here, not found.
MADE = "made here"

#: Of a driver: the source knows so many people that a name of its tells nobody.
APART = "Apart"
#: Of a team: a make of cars, or nobody, for which any number drive.
LOOSE = "Loose"

#: What of a claim outlives the row that it was on: of which season, and whom it can't be taken for.
#: A claim that holds nothing else only remembers what its key means.
REMEMBERED = frozenset({"Season", APART})

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Claim:
    """One source's word on one thing. Values are JSON's: days and instants are ISO texts."""

    source: str
    kind: str
    key: str
    target: Id | None
    observed_at: str
    fields: Fields
    dates: dict[str, str]

    @property
    def identity(self) -> tuple[str, str, str]:
        return self.source, self.kind, self.key


def merge(old: Claim | None, new: Claim, fill_only: bool = False) -> Claim:
    """The claim after an answer.

    Args:
        old: what is stored.
        new: what was read; its dates, if any, name every field.
        fill_only: the answer is older than one that was kept already, so it may only fill nulls.

    Returns ``old`` itself where nothing changes, so that an unchanged claim is not written.
    """
    if old is None:
        return replace(new, fields={k: v for k, v in new.fields.items() if v is not None})
    fields, dates = dict(old.fields), dict(old.dates)
    for name, value in new.fields.items():
        if value is None:
            continue
        if fields.get(name) is None:
            wins = True
        elif name in new.dates:
            wins = new.dates[name] > dates.get(name, "") or (
                new.dates[name] == dates.get(name) and not fill_only
            )
        else:
            wins = not fill_only
        if wins:
            fields[name] = value
            if name in new.dates:
                dates[name] = new.dates[name]
    target = new.target or old.target
    if fields == old.fields and dates == old.dates and target == old.target:
        return old
    return replace(
        old,
        target=target,
        fields=fields,
        dates=dates,
        observed_at=max(old.observed_at, new.observed_at),
    )


def by_source(claims: Iterable[Claim]) -> dict[str, Fields]:
    """Source to its fields, of all claims on one row; a source's several keys in order of key."""
    found: dict[str, Fields] = {}
    for claim in sorted(claims, key=lambda one: one.identity):
        found[claim.source] = {**found.get(claim.source, {}), **claim.fields}
    return found
