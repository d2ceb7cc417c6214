"""Lines of the log read back as a query reads them, and what queries may ask for."""

import ast
import functools
import json
import re
from collections.abc import Sequence

import pytest

from local.stack.home import ROOT

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


#: Counts that tasks come to: their names are keys of a dictionary, or of a line.
COUNTS = frozenset({"sessions", "entrants", "results"})


@functools.cache
def actions() -> frozenset[str]:
    """The actions of every call of ``tell``, as written in the code."""
    return frozenset(
        node.args[2].value
        for node in _code()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "tell"
        and isinstance(node.args[2], ast.Constant)
        and isinstance(node.args[2].value, str)
    )


@functools.cache
def words() -> frozenset[str]:
    """Every text of the code: names of fields among them."""
    return frozenset(
        node.value
        for node in _code()
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def check_query(query: str) -> set[str]:
    """A query asks for actions and fields that the app logs; the actions."""
    asked = set(re.findall(r'message startswith "([a-z-]+) "', query))
    assert asked, query
    assert asked <= actions(), query
    found = re.search(r"parse-kv message as \((.*?)\)", query)
    named = re.findall(r"(\w+): \w+", found[1]) if found else []
    assert set(named) <= words() | COUNTS, query
    assert query.count("(") == query.count(")"), query
    return asked


@functools.cache
def _code() -> Sequence[ast.AST]:
    """Every node of the code, read once for all queries."""
    paths = sorted((ROOT / "ingestion_core").rglob("*.py"))
    return [node for path in paths for node in ast.walk(ast.parse(path.read_text()))]
