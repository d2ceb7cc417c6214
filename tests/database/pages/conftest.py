"""A made-up corner of the wiki, and instances of the app that opted into it, on one database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion_core.tasks.app import App
from local.replay.wiki.server import WikiServer
from tests.support.apps import Opened, opening
from tests.support.wiki_crawl import lantern, opened


@pytest.fixture
def wiki(tmp_path: Path) -> Iterator[WikiServer]:
    """The corner of the wiki."""
    with lantern(tmp_path) as served:
        yield served


@pytest.fixture
def chosen() -> dict[str, object]:
    """Settings that all instances have besides."""
    return {}


@pytest.fixture
def open_app(
    database: str, azurite: str, wiki: WikiServer, chosen: dict[str, object]
) -> Iterator[Opened]:
    """Opens instances; they are closed in the end."""
    with opening(
        lambda **settings: opened(database, azurite, wiki, **(chosen | settings))
    ) as open_app:
        yield open_app


@pytest.fixture
def app(open_app: Opened) -> App:
    """One of them."""
    return open_app()
