"""The runbook: every alert has its page, and asks for lines that the app really writes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
ALERTS = sorted((ROOT / "infra" / "alerts").glob("*.kql"))


def sources() -> Iterator[ast.AST]:
    for path in sorted((ROOT / "ingestion_core").rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text()))


def told() -> set[str]:
    """The actions of every call of ``tell``, as written in the code."""
    return {
        node.args[2].value
        for node in sources()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "tell"
        and isinstance(node.args[2], ast.Constant)
    }


def words() -> set[str]:
    """Every text constant of the code: names of fields among them."""
    return {
        node.value
        for node in sources()
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_action_that_is_logged_stands_in_the_runbook() -> None:
    """And no other does."""
    table = RUNBOOK.partition("## Alerts")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == told()


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    """Each with a command that mends it."""
    pages = RUNBOOK.partition("## Alerts")[2].split("\n### ")[1:]
    named = {page.partition("\n")[0]: page for page in pages}
    assert set(named) == {path.stem for path in ALERTS}
    assert len(named) == 5
    assert all("```sh\n" in page for page in named.values())


@pytest.mark.parametrize("path", ALERTS, ids=lambda path: path.stem)
def test_an_alert_asks_for_actions_and_fields_that_the_app_logs(path: Path) -> None:
    """A misspelt one would never be raised."""
    query = path.read_text()
    actions = set(re.findall(r'message startswith "([a-z-]+) "', query))
    assert actions
    assert actions <= told()
    found = re.search(r"parse-kv message as \((.*?)\)", query)
    fields = re.findall(r"(\w+): \w+", found[1]) if found else []
    assert set(fields) <= words() | {"sessions", "entrants", "results"}
