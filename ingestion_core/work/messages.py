"""What stands in a queue: which item, and which release of it. Everything else is in the database.

No key here is one that the host reserves for trigger metadata (id, dequeueCount, popReceipt, ...).
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingestion_core.errors import UnknownMessage


class Message(BaseModel):
    """Version 1. A change of meaning gets a new version and a function that lifts this one to it,
    kept for one release: messages of the earlier version are still in the queues then."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)

    v: Literal[1] = 1
    item: int = Field(gt=0, lt=2**63)
    release: int = Field(gt=0, lt=2**31)
    # The longest title of a wiki's page has 255 bytes.
    key: str = Field(max_length=255)

    def body(self) -> str:
        return self.model_dump_json()


def parse(body: bytes) -> Message:
    """Read a message.

    Raises:
        UnknownMessage: not JSON, another version, another form. Its text never repeats the body.
    """
    try:
        return Message.model_validate_json(body)
    except ValidationError as error:
        what = ", ".join(sorted({_at_fault(one["loc"], one["type"]) for one in error.errors()}))
        raise UnknownMessage(f"message of no known form: {what}") from None


def _at_fault(location: tuple[int | str, ...], kind: str) -> str:
    """A word of ours for what is wrong: the name of an unknown field is part of the body."""
    if not location:
        return kind
    name = str(location[0])
    return name if name in Message.model_fields else "unknown field"


def item_of(body: bytes) -> int | None:
    """The item a message speaks of, even if the rest of it means nothing."""
    try:
        return _Item.model_validate_json(body).item
    except ValidationError:
        return None


class _Item(BaseModel):
    # Strict: true is no item 1, or a senseless message would close somebody else's work.
    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)

    item: int = Field(gt=0, lt=2**63)
