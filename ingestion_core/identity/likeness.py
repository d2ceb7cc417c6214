"""Which existing row something new may be, for a person to decide: likeness proposes, never merges.

What forbids a proposal is told from what merely is not known: that counts neither for nor against.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ingestion_core.identity.ids import Id
from ingestion_core.identity.resolve import CAREERS_APART
from ingestion_core.identity.spellings import (
    Kind,
    Likeness,
    in_order,
    likeness,
    near,
    ratio,
    share_a_word,
    telling,
)

#: Nobody races before the one or after the other.
_AGES: Final = range(10, 100)

Signals = dict[str, float | bool | str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An existing row, under its name or one of its aliases, and its first and last season."""

    id: Id
    name: str
    born: date | None = None
    first_year: int | None = None
    last_year: int | None = None


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Something that a source names and nobody is, and the first and last season it is named in."""

    key: str
    name: str
    born: date | None = None
    first_year: int | None = None
    last_year: int | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """The likeliest row; ``score`` is 0 to 1 with four decimals. The signals say what it rests on.

    ``name``: likeness of the names. ``extra``: words that only one of them has. ``same_birth`` and
    ``years_apart``: only where both sides are known. ``rivals``: how many other rows it might be.
    """

    candidate: Candidate
    score: float
    signals: Signals


def propose_all(
    kind: Kind, newcomers: Iterable[Newcomer], candidates: Sequence[Candidate]
) -> dict[str, Proposal]:
    """The rows that newcomers may be, by the newcomers' keys, where it is worth a person's time.

    Args:
        kind: of them all.
        newcomers: what a source names.
        candidates: all rows of the kind. With only some of them, a name that holds two others'
            (Marussia Virgin Racing) can't be told from one that holds a sponsor's.
    """
    texts = [in_order(kind, one.name) for one in candidates]
    born = _by_birth(candidates)
    proposals: dict[str, Proposal] = {}
    for newcomer in newcomers:
        places = {*near(kind, newcomer.name, texts), *born.get(newcomer.born, ())}
        best = _best(kind, newcomer, [candidates[place] for place in sorted(places)])
        if best is not None:
            proposals[newcomer.key] = best
    return proposals


def propose(kind: Kind, newcomer: Newcomer, candidates: Sequence[Candidate]) -> Proposal | None:
    """The row that one newcomer may be; see ``propose_all``, which is faster for several."""
    return propose_all(kind, [newcomer], candidates).get(newcomer.key)


def forbidden(kind: Kind, newcomer: Newcomer, candidate: Candidate) -> bool:
    """Whether these two can't be one, however alike their names are."""
    if newcomer.born and candidate.born:
        return newcomer.born != candidate.born
    if kind == "circuit":  # venues rest for decades: Zandvoort from 1985 to 2021
        return False
    born = newcomer.born or candidate.born
    if born and any(year - born.year not in _AGES for year in _years(newcomer, candidate)):
        return True
    return (_years_apart(newcomer, candidate) or 0) >= CAREERS_APART


def _by_birth(candidates: Sequence[Candidate]) -> dict[date | None, list[int]]:
    places: dict[date | None, list[int]] = {}
    for place, one in enumerate(candidates):
        if one.born is not None:
            places.setdefault(one.born, []).append(place)
    return places


def _best(kind: Kind, newcomer: Newcomer, candidates: Iterable[Candidate]) -> Proposal | None:
    judged = (_judge(kind, newcomer, one) for one in candidates)
    found = [proposal for proposal in judged if proposal is not None]
    if not found or _holds_two(kind, newcomer, found):
        return None
    best = max(found, key=lambda one: (one.score, str(one.candidate.id)))
    rivals = {one.candidate.id for one in found} - {best.candidate.id}
    return Proposal(best.candidate, best.score, best.signals | {"rivals": float(len(rivals))})


def _judge(kind: Kind, newcomer: Newcomer, candidate: Candidate) -> Proposal | None:
    if forbidden(kind, newcomer, candidate):
        return None
    same_birth = newcomer.born is not None and newcomer.born == candidate.born
    like = likeness(kind, newcomer.name, candidate.name)
    if like is None and same_birth and share_a_word(kind, newcomer.name, candidate.name):
        # Checo and Sergio. No two of the archive's 861 drivers share a day of birth and a word.
        like = Likeness(ratio(kind, newcomer.name, candidate.name))
    if like is None:
        return None
    signals: Signals = {"name": round(like.score, 4)}
    if like.extra:
        signals["extra"] = " ".join(like.extra)
    if same_birth:
        signals["same_birth"] = True
    apart = _years_apart(newcomer, candidate)
    if apart is not None:
        signals["years_apart"] = float(apart)
    score = (1 + like.score) / 2 if same_birth else like.score
    return Proposal(candidate, round(score, 4), signals)


def _holds_two(kind: Kind, newcomer: Newcomer, found: Sequence[Proposal]) -> bool:
    """Whether the newcomer's name holds the names of two rows, neither of which holds the other."""
    mine = set(telling(kind, newcomer.name))
    held = [set(telling(kind, one.candidate.name)) for one in found]
    held = [words for words in held if words < mine]
    return any(not (one <= other or other <= one) for one in held for other in held)


def _years(*those: Newcomer | Candidate) -> list[int]:
    years = [year for one in those for year in (one.first_year, one.last_year)]
    return sorted(year for year in years if year is not None)


def _years_apart(newcomer: Newcomer, candidate: Candidate) -> int | None:
    """Years between the end of one's career and the start of the other's; None if not known."""
    mine, theirs = _years(newcomer), _years(candidate)
    if not mine or not theirs:
        return None
    return max(theirs[0] - mine[-1], mine[0] - theirs[-1], 0)
