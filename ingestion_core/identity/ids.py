"""Ids of rows, and those of new ones: uuid5 of source-independent natural keys.

Two workers, two sources, two runs that meet the same new thing make the same row. An existing row
keeps its id, whatever this module would have said.
"""

from typing import NewType
from uuid import UUID, uuid5

#: A row's id as text, as JSON has it: a season's rows are compared and sorted by it, and objects
#: of class UUID cost more there than all the rest.
Id = NewType("Id", str)

#: Made once for this project; changing it would orphan every id.
_NAMESPACE = UUID("6f2b3a54-8d0c-5b6e-9a41-1f0e5c7d2b93")


def of(kind: str, *parts: object) -> Id:
    """The id of the ``kind`` with these natural keys, joined by ``|``."""
    return Id(str(uuid5(_NAMESPACE, "|".join([kind, *(str(part) for part in parts)]))))
