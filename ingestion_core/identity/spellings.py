"""How alike two names of one kind are: RapidFuzz measures the words, the rules are of our field.

Words pair up wherever they stand. They may be misspelt or shortened, or some may be missing on one
side: a sponsor, a second first name. A name that differs in both ways is soon another name.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from ingestion_core.racing.names import fold

Kind = Literal["driver", "team", "circuit"]
Words = tuple[str, ...]

#: Less than this is another name: a letter in five is wrong, or there are five words too many.
LEAST: Final = 0.8

#: They tell fathers from sons.
_SUFFIXES: Final = {
    **{one: one for one in ("jr", "sr", "ii", "iii", "iv")},
    "junior": "jr",
    "senior": "sr",
}
#: What many names of a kind have, and so does not tell one from another.
_FILLERS: Final[dict[Kind, frozenset[str]]] = {
    "driver": frozenset(_SUFFIXES),  # compared apart
    "team": frozenset(
        (
            *("1", "amg", "f1", "formula", "gp", "grand", "motorsport", "one", "prix", "racing"),
            *("scuderia", "team"),
        )
    ),
    "circuit": frozenset(
        (
            *("autodrom", "autodrome", "autodromo", "circuit", "circuito", "course", "da", "de"),
            *("del", "di", "do", "grand", "internacional", "international", "internazionale"),
            *("la", "motor", "nazionale", "of", "prix", "racing", "the", "track"),
        )
    ),
}
#: How many words two names share at least: a surname alone is a family's.
_SHARED: Final[dict[Kind, int]] = {"driver": 2, "team": 1, "circuit": 1}

#: Two words are one misspelt if no more than one letter in four is wrong. At two in seven and two
#: in six the archive's namesakes begin: Parkes and Sparken, Crook and Brooks.
_MISSPELT: Final = 0.75
#: The beginning of a word, of so many letters at least, is its short form: Alex of Alexander.
_SHORT_FORM: Final = 0.9
_BEGINNING: Final = 3
#: What each word costs that only one of the names has.
_EXTRA: Final = 0.95
_FILLER: Final = 0.99
_SPACING: Final = 0.99

#: On RapidFuzz's scale of 100: what is less alike is not looked at.
_NEAR: Final = 50

#: A hyphen stands before an engine, Cooper-Maserati, but for the AMG of Mercedes.
_HYPHEN: Final = re.compile(r"(?<=\w)-(?=\w)(?!AMG\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two names are, 0 to 1, and the words that only one of them has, in order."""

    score: float
    extra: Words = ()


def likeness(kind: Kind, one: str, other: str) -> Likeness | None:
    """How alike two names are, the same in either direction; None where they name two things."""
    if not fold(one) or not fold(other):
        return None
    if fold(one).replace(" ", "") == fold(other).replace(" ", ""):
        return Likeness(1.0 if fold(one) == fold(other) else _SPACING)
    if kind == "driver" and _suffixes(one) != _suffixes(other):
        return None
    if kind == "team" and (_has_engine(one, other) or _has_engine(other, one)):
        return None
    mine, theirs = telling(kind, one), telling(kind, other)
    pairs = list(_pairs(mine, theirs))
    if len(pairs) < max(_SHARED[kind], min(len(mine), len(theirs))):
        return None
    alike = _weighted(pairs)
    # Beside a missing word a misspelt one counts as two more: Naylor is not Shawe-Taylor.
    extra = tuple(sorted(set(mine) ^ set(theirs))) if len(mine) != len(theirs) else ()
    fillers = (set(fold(one).split()) ^ set(fold(other).split())) & _FILLERS[kind]
    score = alike * _EXTRA ** len(extra) * _FILLER ** len(fillers)
    return Likeness(score, extra) if score >= LEAST else None


def share_a_word(kind: Kind, one: str, other: str) -> bool:
    """Whether two names have a telling word in common, misspelt or shortened as it may be."""
    return next(_pairs(telling(kind, one), telling(kind, other)), None) is not None


def ratio(kind: Kind, one: str, other: str) -> float:
    """How alike two names are as they stand, 0 to 1, but for the order of their words."""
    return fuzz.ratio(in_order(kind, one), in_order(kind, other)) / 100


def in_order(kind: Kind, name: str) -> str:
    """The telling words, sorted: what ``ratio`` and ``near`` compare."""
    return " ".join(telling(kind, name))


def near(kind: Kind, name: str, texts: Sequence[str]) -> list[int]:
    """Which of the names, each ``in_order``, are worth a closer look: their places, sorted."""
    # Of sorted words a plain ratio will do, which is ten times as fast as one of their sets;
    # only sponsors need that what both names have counts more than what only one has.
    scorer = fuzz.ratio if kind == "driver" else fuzz.token_set_ratio
    text = in_order(kind, name)
    found = process.extract(text, texts, scorer=scorer, score_cutoff=_NEAR, limit=None)
    return sorted(place for _, _, place in found)


@lru_cache(maxsize=8192)
def telling(kind: Kind, name: str) -> Words:
    """The words that tell a name from others of its kind, sorted; all of them if none does."""
    words = sorted(fold(name).split())
    return tuple(word for word in words if word not in _FILLERS[kind]) or tuple(words)


def _suffixes(name: str) -> list[str]:
    return sorted(_SUFFIXES[word] for word in fold(name).split() if word in _SUFFIXES)


def _has_engine(one: str, other: str) -> bool:
    """Whether the one is the other with a hyphen and another name: De Tomaso-Ferrari, Ferrari."""
    halves = [telling("team", half) for half in _HYPHEN.split(one, maxsplit=1)]
    return len(halves) > 1 and all(halves) and telling("team", other) in halves


def _pairs(mine: Words, theirs: Words) -> Iterator[tuple[str, str, float]]:
    """Words that are one, each at most once, the likeliest first."""
    likely = sorted(
        (-alike, min(a, b), max(a, b), i, j)
        for i, a in enumerate(mine)
        for j, b in enumerate(theirs)
        if (alike := _word(a, b))
    )
    used: set[tuple[str, int]] = set()
    for alike, _, _, i, j in likely:
        if not used & {("mine", i), ("theirs", j)}:
            used |= {("mine", i), ("theirs", j)}
            yield mine[i], theirs[j], -alike


def _word(one: str, other: str) -> float:
    short, long = sorted((one, other), key=len)
    if one == other:
        return 1.0
    if len(short) >= _BEGINNING and long.startswith(short):
        return _SHORT_FORM
    return OSA.normalized_similarity(one, other, score_cutoff=_MISSPELT)


def _weighted(pairs: Sequence[tuple[str, str, float]]) -> float:
    """The mean likeness of a name's letters."""
    letters = [len(one) + len(other) for one, other, _ in pairs]
    return sum(count * alike for count, (_, _, alike) in zip(letters, pairs, strict=True)) / sum(
        letters
    )
