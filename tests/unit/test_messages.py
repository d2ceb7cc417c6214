"""What stands in a queue, and everything that could stand there instead."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_core.errors import UnknownMessage
from ingestion_core.work.messages import Message, item_of, parse
from tests.support.fuzzing import fuzzed
from tests.support.malformed import GOOD, MALFORMED, changed, without

#: What the Functions host adds to a queue trigger's metadata: a body may not use these names.
RESERVED = {
    "id",
    "dequeuecount",
    "expirationtime",
    "insertiontime",
    "nextvisibletime",
    "popreceipt",
    "queuetrigger",
    "sys",
}


def test_a_message_is_read_as_it_was_written() -> None:
    """Four fields and no more: everything else is in the database."""
    message = Message(item=17, release=3, key="1229")
    assert json.loads(message.body()) == GOOD
    assert parse(message.body().encode()) == message
    assert item_of(message.body().encode()) == 17


def test_no_field_is_one_that_the_host_reserves() -> None:
    """It would be replaced by the trigger's own metadata."""
    assert not {name.casefold() for name in Message.model_fields} & RESERVED


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_body_is_unknown_and_never_repeated(body: bytes) -> None:
    """The reason is words of ours: it stands in a table, and nobody knows what the body holds."""
    with pytest.raises(UnknownMessage) as unknown:
        parse(body)
    reason = str(unknown.value)
    assert reason.startswith("message of no known form: ")
    assert reason.isascii()
    assert reason.isprintable()
    assert len(reason) < 200
    assert "hunter2" not in reason
    assert "xxx" not in reason
    assert unknown.value.__suppress_context__


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (changed(v=2), "v"),
        (changed(item=0), "item"),
        (without("key"), "key"),
        (changed(nonsense=1), "unknown field"),
        (b"hello", "json_invalid"),
        (changed(v=2, item="x"), "item, v"),
    ],
)
def test_what_is_wrong_is_named(body: bytes, named: str) -> None:
    """Enough to find the sender."""
    with pytest.raises(UnknownMessage, match=f": {named}$"):
        parse(body)


@pytest.mark.parametrize(
    ("body", "item"),
    [
        (changed(v=2), 17),
        (changed(id="a"), 17),
        (b'{"item":17}', 17),
        (changed(item="17"), None),
        (changed(item=True), None),
        (changed(item=17.0), None),
        (changed(item=0), None),
        (changed(item=2**63), None),
        (b'[{"item":17}]', None),
        (b"17", None),
        (b"", None),
        (b"[" * 100_000, None),
    ],
)
def test_the_item_of_a_senseless_message_is_found_where_it_is_certain(
    body: bytes, item: int | None
) -> None:
    """It is closed as failed with the reason: true is no item 1."""
    assert item_of(body) == item


@fuzzed()
@given(st.binary())
def test_any_bytes_are_a_message_or_unknown(body: bytes) -> None:
    """Nothing else is raised: an exception would deliver the same bytes again and again."""
    item_of(body)
    with pytest.raises(UnknownMessage):
        parse(body)
