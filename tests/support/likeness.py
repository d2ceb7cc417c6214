"""Asking for whom somebody or something new would be proposed."""

from datetime import date
from uuid import UUID

from ingestion_core.identity.likeness import Candidate, Newcomer, Proposal, propose
from ingestion_core.identity.spellings import Kind


def row(number: int, name: str, born: date | None = None, *years: int) -> Candidate:
    """An existing row; of its years the first and the last."""
    first, last = (min(years), max(years)) if years else (None, None)
    return Candidate(UUID(int=number), name, born, first, last)


def asked(
    kind: Kind,
    name: str,
    *rows: Candidate | str,
    born: date | None = None,
    year: int | None = None,
) -> Proposal | None:
    """What is proposed for somebody or something of this name."""
    known = [
        row(number, one) if isinstance(one, str) else one for number, one in enumerate(rows, 1)
    ]
    return propose(kind, Newcomer("key", name, born, year, year), known)
