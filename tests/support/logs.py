"""Lines of the log read back as a query reads them: action and fields from the text."""

import json
import re

import pytest

_FIELD = re.compile(
    r' (?P<name>[a-z_]+)=(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<plain>\S*))', re.DOTALL
)


def fields(text: str) -> tuple[str, dict[str, str]]:
    """A line's action, and its fields by name."""
    action, _, _ = text.partition(" ")
    found = {
        one["name"]: json.loads(one["quoted"]) if one["quoted"] else one["plain"]
        for one in _FIELD.finditer(text)
    }
    return action, found


def told(caplog: pytest.LogCaptureFixture, action: str) -> list[dict[str, str]]:
    """The fields of all lines of an action, in their order."""
    lines = (fields(message) for message in caplog.messages)
    return [found for its, found in lines if its == action]
