"""Debian's Chromium before the app under the stand-in host, one of each for a file's tests."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from local.replay.server import ReplayServer
from local.stack.postgres import Postgres
from tests.browser.site import Site, made
from tests.conftest import cloned
from tests.host.conftest import emptied
from tests.host.running import UNLIMITED, starting


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, headless; without one the tests fail and say how to get it."""
    # The shell is the same browser without windows, of which each costs most of a second.
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert program, "no Chromium on PATH: apt-get install chromium-headless-shell"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def site(
    browser: Browser,
    postgres: Postgres,
    template: str,
    azurite: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """The app with results opted into, and a season of six meetings before it."""
    folder: Path = tmp_path_factory.mktemp("site")
    with (
        cloned(postgres, template) as database,
        ReplayServer(limits=UNLIMITED) as replay,
        starting(database, emptied(azurite), folder) as start,
    ):
        yield made(browser, start, database, replay)
