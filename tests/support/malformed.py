"""Bodies of messages: a good one, and everything that could stand there instead."""

import json
from typing import Any

GOOD: dict[str, Any] = {"v": 1, "item": 17, "release": 3, "key": "1229"}


def changed(**fields: Any) -> bytes:
    """A message with other fields."""
    return json.dumps({**GOOD, **fields}).encode()


def without(name: str) -> bytes:
    """A message without one of its fields."""
    return json.dumps({k: v for k, v in GOOD.items() if k != name}).encode()


#: By name; a queue takes 48 KiB of base64. The word hunter2 must never be seen again.
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
    "deep list": b"[" * 30_000,
    "deep object": b'{"a":' * 6_000,
    "deep key": changed(key=[[[[[["1229"]]]]]]),
    "huge": b'{"v":1,"item":17,"release":3,"key":"' + b"x" * 30_000 + b'"}',
    "huge number": b'{"v":1,"release":3,"key":"1229","item":' + b"9" * 10_000 + b"}",
    "next version": changed(v=2),
    "version zero": changed(v=0),
    "version as text": changed(v="1"),
    "version null": changed(v=None),
    "no item": without("item"),
    "item as text": changed(item="17"),
    "item as float": changed(item=17.5),
    "item true": changed(item=True),
    "item as SQL": changed(item="1; DROP TABLE ingest.items; --hunter2"),
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
    "key as SQL": changed(key={"hunter2": "'); DROP TABLE ingest.items; --"}),
    "reserved id": changed(id="a"),
    "reserved pop receipt": changed(popReceipt="a"),
    "reserved count": changed(dequeueCount=1),
    "a field nobody knows": changed(hunter2="hunter2"),
    "a field with NUL": changed(**{"hunter2\x00": 1}),
    "an endless field": changed(**{"hunter2" * 4_000: 1}),
    "year 9999": b'{"v":1,"year":9999,"run":"hunter2"}',
    "an earlier form": json.dumps({"year": 2024, "meetingKey": 1229, "hunter2": 1}).encode(),
}
