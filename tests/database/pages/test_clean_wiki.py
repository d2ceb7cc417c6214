"""``clean-racing`` of what a wiki gave: the next crawl reads its pages again; all comes back."""

from typing import Any

import pytest

from ingestion_core.tasks.clean_racing import clean_racing
from ingestion_core.tasks.reparse import reparse
from local.replay.wiki.server import WikiServer
from tests.support import product
from tests.support.apps import Opened
from tests.support.wiki_crawl import FIRST, SEASON, SECOND, asked, crawled, paths

_RESULTS = 'SELECT to_jsonb(x)::text FROM "Results" x ORDER BY x."Id"'
_ALIASES = 'SELECT to_jsonb(x)::text FROM "SeriesAliases" x ORDER BY x."Id"'


def everything(database: str) -> dict[str, Any]:
    """Every racing row, and every result, which nothing here prints."""
    return {
        **product.dump(database),
        "SeriesAliases": product.rows(database, _ALIASES),
        "Results": product.rows(database, _RESULTS),
    }


@pytest.mark.parametrize("year", [None, 1962])
def test_a_crawl_afterwards_brings_back_the_same_rows(
    open_app: Opened, wiki: WikiServer, database: str, year: int | None
) -> None:
    """Whether all was taken out, or a year: its pages are read again, though they are as before."""
    app = open_app(results_enabled=True)
    crawled(app, results=True)
    before, mark = everything(database), len(wiki.requests)
    assert len(before["Results"]) == 6
    clean_racing(app, year=year)
    assert not any(everything(database)[table] for table in ("Rounds", "Results", "Entrants"))
    crawled(app, results=True)
    found = everything(database)
    assert [table for table in before if found[table] != before[table]] == []
    assert set(paths(SEASON, FIRST, SECOND)) <= set(asked(wiki, mark))


def test_the_pages_that_are_kept_bring_them_back_without_a_request(
    open_app: Opened, wiki: WikiServer, database: str
) -> None:
    """They are what a source once served, and no racing data."""
    app = open_app(results_enabled=True)
    crawled(app, results=True)
    before, mark = everything(database), len(wiki.requests)
    clean_racing(app)
    reparse(app, include_results=True)
    found = everything(database)
    assert [table for table in before if found[table] != before[table]] == []
    assert asked(wiki, mark) == []
