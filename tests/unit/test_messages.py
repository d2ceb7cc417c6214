"""What stands in a queue, and everything that could stand there instead."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_core.errors import UnknownMessage
from ingestion_core.work.messages import Message, item_of, parse
from tests.support.fuzzing import fuzzed

GOOD: dict[str, Any] = {"v": 1, "item": 17, "release": 3, "key": "1229"}
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


def changed(**fields: Any) -> bytes:
    """A message with other fields."""
    return json.dumps({**GOOD, **fields}).encode()


def without(name: str) -> bytes:
    """A message without one of its fields."""
    return json.dumps({k: v for k, v in GOOD.items() if k != name}).encode()


def test_a_message_is_read_as_it_was_written() -> None:
    """Four fields and no more: everything else is in the database."""
    message = Message(item=17, release=3, key="1229")
    assert json.loads(message.body()) == GOOD
    assert parse(message.body().encode()) == message
    assert item_of(message.body().encode()) == 17


def test_no_field_is_one_that_the_host_reserves() -> None:
    """It would be replaced by the trigger's own metadata."""
    assert not {name.casefold() for name in Message.model_fields} & RESERVED


MALFORMED = {
    "nothing": b"",
    "blank": b"   ",
    "text": b"hello",
    "html": b"<html></html>",
    "half an object": b'{"v":1,"item":17,',
    "single quotes": b"{'v':1}",
    "byte order mark": b"\xef\xbb\xbf" + changed(),
    "utf-16": json.dumps(GOOD).encode("utf-16"),
    "broken utf-8": b'{"v":1,"item":17,"release":3,"key":"\xff"}',
    "lone surrogate": b'{"v":1,"item":17,"release":3,"key":"\\ud800"}',
    "two objects": changed() + changed(),
    "a list": b"[1, 17, 3]",
    "a list of one": b"[" + changed() + b"]",
    "null": b"null",
    "a number": b"17",
    "a string": b'"17"',
    "an empty object": b"{}",
    "NaN": b'{"v":1,"item":NaN,"release":3,"key":"1229"}',
    "infinite": b'{"v":1,"item":1e999,"release":3,"key":"1229"}',
    "deep list": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "deep key": changed(key=[[[[[["1229"]]]]]]),
    "huge": b'{"v":1,"item":17,"release":3,"key":"' + b"x" * 100_000 + b'"}',
    "huge number": b'{"v":1,"release":3,"key":"1229","item":' + b"9" * 10_000 + b"}",
    "next version": changed(v=2),
    "version zero": changed(v=0),
    "version as text": changed(v="1"),
    "version null": changed(v=None),
    "no item": without("item"),
    "item as text": changed(item="17"),
    "item as float": changed(item=17.5),
    "item true": changed(item=True),
    "item zero": changed(item=0),
    "item negative": changed(item=-1),
    "item beyond a bigint": changed(item=2**63),
    "item null": changed(item=None),
    "no release": without("release"),
    "release beyond an integer": changed(release=2**31),
    "release zero": changed(release=0),
    "no key": without("key"),
    "key as number": changed(key=1229),
    "key null": changed(key=None),
    "key too long": changed(key="x" * 256),
    "reserved id": changed(id="a"),
    "reserved pop receipt": changed(popReceipt="a"),
    "reserved count": changed(dequeueCount=1),
    "a field nobody knows": changed(hunter2="hunter2"),
    "a field with NUL": changed(**{"hunter2\x00": 1}),
    "an endless field": changed(**{"hunter2" * 10_000: 1}),
    "an earlier form": json.dumps({"year": 2024, "meetingKey": 1229, "hunter2": 1}).encode(),
}


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
