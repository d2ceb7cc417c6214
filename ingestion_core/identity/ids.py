"""Ids of rows, and those of new ones: uuid5 of source-independent natural keys.

Two workers, two sources, two runs that meet the same new thing make the same row. An existing row
keeps its id, whatever this module would have said.
"""

import hashlib
from typing import Final, NewType

#: A row's id as text, as JSON has it: a season's rows are compared and sorted by it, and objects
#: of class UUID cost more there than all the rest.
Id = NewType("Id", str)

#: Made once for this project; changing it would orphan every id.
_PROJECT: Final = "6f2b3a54-8d0c-5b6e-9a41-1f0e5c7d2b93"
#: RFC 9562: the two highest bits of the eighth byte are 10.
_VARIANTS: Final = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class Namespace:
    """A namespace of ids, itself one.

    As text at once, what ``uuid.uuid5`` makes by way of objects: a season is thousands of them.
    """

    def __init__(self, id_: str) -> None:
        self._bytes = bytes.fromhex(id_.replace("-", ""))

    def id(self, name: str) -> Id:
        """The uuid5 of a name."""
        text = hashlib.sha1(self._bytes + name.encode(), usedforsecurity=False).hexdigest()
        variant = _VARIANTS[text[16]]
        return Id(f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}")


_NAMESPACE: Final = Namespace(_PROJECT)


def of(kind: str, *parts: object) -> Id:
    """The id of the ``kind`` with these natural keys, joined by ``|``."""
    return _NAMESPACE.id("|".join([kind, *map(str, parts)]))
