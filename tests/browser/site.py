"""The status page in a browser: where it is, how it is opened, what is looked at."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page

from local.replay.server import ReplayServer
from tests.host.processes import eventually
from tests.host.running import CALENDAR, KEY, Running, Start

#: Git ignores them; whoever wants to see the page looks here.
SCREENSHOTS = Path(__file__).parents[2] / ".local" / "screenshots"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


@dataclass(frozen=True)
class Site:
    """The app, its database, its source, and the browser."""

    app: Running
    database: str
    replay: ReplayServer
    browser: Browser

    @property
    def address(self) -> str:
        """The page, with the key in its address as in a bookmark."""
        return f"{self.app.host.url}/api/status?code={KEY}"

    @contextmanager
    def opened(self, query: str = "", **context: Any) -> Iterator[Page]:
        """The page in a context of its own; whatever the browser complains of fails the test."""
        complaints: list[str] = []

        def heard(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                complaints.append(message.text)

        made = self.browser.new_context(**{"viewport": DESK, **context})
        page = made.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(self.address + query)
        yield page
        made.close()
        assert complaints == []

    def sql(self, statement: str) -> None:
        """Change the database from outside."""
        with psycopg.connect(self.database, autocommit=True) as db:
            db.execute(statement.encode())


def made(browser: Browser, start: Start, database: str, replay: ReplayServer) -> Site:
    """A site whose season has six meetings, the fifth called off; a request every 0.3 s."""
    for name in ("meetings", "sessions", "drivers"):
        found = replay.rows.of(name)
        replay.rows.replace(name, [row for row in found if row["meeting_key"] <= 1233])
    replay.rows.change("meetings", {"meeting_key": 1233}, {"is_cancelled": True})
    app = start(
        replay,
        per_minute=200,
        settings={"RESULTS_ENABLED": "true", "LOG_LEVEL": "DEBUG"},
        listening=(*CALENDAR, "load_results", "dead_letter_meeting"),
        maxDequeueCount=2,
        visibilityTimeout="00:00:00",
        maxPollingInterval="00:00:00.250",
    )
    return Site(app, database, replay, browser)


def kept(page: Page, name: str) -> None:
    """Keep a picture of the whole page."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


def until(page: Page, expression: str) -> None:
    """Wait until something holds; asked from outside, since the page's policy forbids eval."""
    eventually(lambda: page.evaluate(expression))


def violations(page: Page) -> list[str]:
    """What axe-core finds, as rule and where."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['target']}" for one in found for node in one["nodes"]]
