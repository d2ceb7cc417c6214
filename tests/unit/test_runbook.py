"""The runbook: every alert has its page, and asks for lines that the app really writes."""

import re
from pathlib import Path

import pytest

from tests.support.logs import actions, check_query

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
ALERTS = sorted((ROOT / "infra" / "alerts").glob("*.kql"))


def test_every_action_that_is_logged_stands_in_the_runbook() -> None:
    """And no other does."""
    table = RUNBOOK.partition("## Alerts")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == actions()


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
    check_query(path.read_text())
