"""A plan: which claims and rows shall be, from a state; what differs is what is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ingestion_core.catalog.claims import (
    ADOPTED,
    MADE,
    PRODUCT,
    PSEUDO,
    REMEMBERED,
    WRITTEN,
    Claim,
    Fields,
    by_source,
    merge,
)
from ingestion_core.catalog.projection import project
from ingestion_core.catalog.state import State
from ingestion_core.catalog.tables import BY_KIND, SHARED
from ingestion_core.identity.ids import Id


@dataclass(slots=True)
class Plan:
    """What differs from the state. ``rows``: by kind and id, ready for ``tables.write``."""

    state: State
    observed_at: str
    fill_only: bool
    claims: dict[tuple[str, str, str], Claim] = field(default_factory=dict)
    rows: dict[str, dict[Id, dict[str, Any]]] = field(default_factory=dict)
    _on: dict[Id, dict[tuple[str, str, str], Claim]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.index_anew()

    def index_anew(self) -> None:
        """Look through the state's claims again: some were added."""
        for claim in self.state.claims.values():
            self._index(claim)

    def claim(
        self,
        source: str,
        kind: str,
        key: str,
        target: Id | None,
        fields: Fields,
        as_of: str | None = None,
        weak: bool = False,
    ) -> Claim:
        """Merge a source's word into its claim; the claim as it shall be.

        ``weak``: what was said before stands before it.
        """
        old = self.current(source, kind, key)
        new = Claim(
            source=source,
            kind=kind,
            key=key,
            target=target,
            observed_at=self.observed_at,
            fields=fields,
            dates={name: as_of for name, value in fields.items() if value is not None}
            if as_of
            else {},
        )
        merged = merge(old, new, self.fill_only or weak)
        if merged is not old:
            self._keep(merged)
        return merged

    def current(self, source: str, kind: str, key: str) -> Claim | None:
        """The claim as it stands, planned or stored."""
        return self.claims.get((source, kind, key)) or self.state.claim(source, kind, key)

    def claims_on(self, target: Id) -> dict[str, Fields]:
        """Source to fields, of all claims on one row, as they shall be."""
        return by_source(self._on.get(target, {}).values())

    def keys_of(self, target: Id) -> list[tuple[str, str]]:
        """The sources' keys that are decided to mean a row, as (source, key), in order.

        Those of which nothing more is known are left out: their source has yet to speak again.
        """
        return sorted(
            (source, key)
            for (source, _, key), claim in self._on.get(target, {}).items()
            if source not in PSEUDO and not claim.fields.keys() <= REMEMBERED
        )

    def put(self, kind: str, id_: Id, columns: Fields, once: Mapping[str, Any]) -> None:
        """Lay the product's own changes over the columns; plan the row if it differs.

        A row of a shared kind can be put twice (two keys, one team): the same columns come out.
        """
        current = self.state.rows[kind].get(id_)
        if current is not None and self.current(WRITTEN, kind, id_) is None:
            self._remember(ADOPTED, kind, id_, {name: current.get(name) for name in columns})
        found = project(columns, current, self.claims_on(id_))
        self._remember(WRITTEN, kind, id_, {**found.columns, **self._made(kind, id_, current)})
        if found.product:
            self._remember(PRODUCT, kind, id_, found.product)
        names = BY_KIND[kind].columns
        if current is not None and all(current.get(n) == found.columns[n] for n in names):
            return
        self.rows.setdefault(kind, {})[id_] = {
            "Id": id_,
            "new": current is None,
            **once,
            **found.columns,
            **({f"was {n}": current.get(n) for n in names} if current else {}),
        }

    @property
    def shared(self) -> bool:
        """Whether anything changes that other seasons share, or that others could make as well."""
        return any(kind in SHARED for _, kind, _ in self.claims) or bool(SHARED & self.rows.keys())

    def _made(self, kind: str, id_: Id, current: Fields | None) -> Fields:
        """Whether the row was made here: no other may go when no source gives it any more."""
        written = self.current(WRITTEN, kind, id_)
        made = current is None or (written is not None and MADE in written.fields)
        return {MADE: True} if made else {}

    def _remember(self, pseudo_source: str, kind: str, id_: Id, fields: Fields) -> None:
        # Nulls count here: that a column was empty when we last wrote is part of what we wrote.
        old = self.current(pseudo_source, kind, id_)
        if old is not None and old.fields == fields:
            return
        self._keep(Claim(pseudo_source, kind, id_, id_, self.observed_at, dict(fields), {}))

    def _keep(self, claim: Claim) -> None:
        self.claims[claim.identity] = claim
        self._index(claim)

    def _index(self, claim: Claim) -> None:
        if claim.target is not None:
            self._on.setdefault(claim.target, {})[claim.identity] = claim
