"""How names compare, and how they look in a public address.

Sources write one person in many ways: ``ZHOU Guanyu``, ``Nico HULKENBERG``, ``Sergio Pérez``,
``Patricio O’Ward``. Folding takes away what carries no identity (case, accents, punctuation) and
keeps what does: suffixes such as ``Jr.`` and ``III`` tell fathers from sons.
"""

import unicodedata
from collections.abc import Set
from functools import lru_cache
from typing import Final

# Letters that Unicode does not decompose, as the Latin alphabet writes them. Lower case: casefold
# comes first, and has already made "ss" of ß.
_TRANSLITERATED: Final = {
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ħ": "h",
    "ŧ": "t",
    "ŋ": "n",
    "ı": "i",
    "ĸ": "k",
    "ə": "a",
}

# Inside a word these stand for nothing: O'Ward is written OWard in addresses, A.J. is AJ.
_VANISHING: Final = "'’‘‛ʼʻʹ′`´."

_REPLACED: Final = str.maketrans(_TRANSLITERATED) | dict.fromkeys(map(ord, _VANISHING))


@lru_cache(maxsize=8192)  # a season's lists name the same few people a hundred times over
def fold(text: str) -> str:
    """The form in which two spellings of one name are equal: lower-case words, one space between.

    Latin letters lose their marks (``Hülkenberg`` is ``hulkenberg``), apostrophes and full stops
    vanish (``O'WARD`` is ``oward``), every other punctuation, hyphens included, parts words.
    Letters of other scripts stay as they are, since dropping them would make different names
    equal. A text without any letter or digit folds to the empty string.
    """
    # Apostrophes go before decomposing too: compatibility makes a space and a mark of "´".
    decomposed = _decompose(text.translate(_REPLACED)).translate(_REPLACED)
    kept = "".join(_kept(character) for character in decomposed)
    return unicodedata.normalize("NFC", " ".join(kept.split()))


def words(text: str) -> frozenset[str]:
    """The words of the folded name, for sources that write the surname first."""
    return frozenset(fold(text).split())


def slugify(text: str) -> str:
    """The folded name as part of an address: ``São Paulo`` is ``sao-paulo``.

    Empty for a text without any letter or digit; what then names the row is the caller's choice.
    """
    return fold(text).replace(" ", "-")


def free(slug: str, taken: Set[str]) -> str:
    """The address, or with the first number behind it that nobody has: ``-2``, ``-3``."""
    candidate, number = slug, 1
    while candidate in taken:
        number += 1
        candidate = f"{slug}-{number}"
    return candidate


def _decompose(text: str) -> str:
    """Compatibility decomposition of the case-folded text, stable under repetition."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFKD", decomposed).casefold()


def _kept(character: str) -> str:
    """A character's part in a folded name: itself, nothing, or the space between two words."""
    # The accents of the Latin, Greek and Cyrillic scripts; other scripts' marks change the word.
    if "\u0300" <= character <= "\u036f":
        return ""
    category = unicodedata.category(character)
    if category == "Cf":  # soft hyphens, joiners, byte order marks: invisible
        return ""
    return character if category[0] in "LNM" else " "
