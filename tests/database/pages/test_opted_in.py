"""Whoever opted in may ask for a crawl; nothing of a page is told where results are not."""

import json
import logging
from typing import cast

import azure.functions as func
import pytest
from psycopg import sql

from functions import pages as doors
from ingestion_core.errors import Conflict
from ingestion_core.tasks import backfill, crawl
from ingestion_core.tasks.app import App
from local.replay.wiki.server import WikiServer
from tests.support import wiki_pages
from tests.support.apps import Opened
from tests.support.canaries import hits
from tests.support.drain import drain
from tests.support.product import rows
from tests.support.wiki_crawl import (
    ADA,
    FIRST,
    SECOND,
    SERIES,
    crawled,
    kept_titles,
    numbered,
    race,
)
from tests.support.wiki_pages import Row, link


def test_a_wiki_that_is_not_opted_into_is_not_asked_for(
    open_app: Opened, wiki: WikiServer, database: str
) -> None:
    """Whoever asks is told the setting; what waited when it was turned off fails by it."""
    with pytest.raises(Conflict, match="THIRDTURN_ENABLED"):
        crawl.crawl_series(open_app(thirdturn_enabled=False), SERIES, None, {})
    run = crawl.crawl_series(open_app(), SERIES, None, {})
    off = open_app(thirdturn_enabled=False)
    drain(off)
    shown = backfill.show_run(off, run)
    assert shown["last_error"] == "source-off: THIRDTURN_ENABLED is not true"
    assert wiki.requests == []


def test_a_crawl_is_asked_for_over_http(
    app: App, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """202 and where to watch it; what can't be is refused by name, with nothing begun."""
    monkeypatch.setattr(doors, "app", lambda: app)
    door = doors.crawl_wiki._function.get_user_function()

    def post(body: object) -> func.HttpResponse:
        request = func.HttpRequest("POST", "/api/wiki", body=json.dumps(body).encode())
        return cast("func.HttpResponse", door(request))

    years = {"from": 1962, "to": 1962}
    accepted = post({"series": SERIES, "seasons": years, "request_key": "once"})
    assert accepted.status_code == 202
    run = json.loads(accepted.get_body())["run"]
    assert accepted.headers["Location"] == f"/api/runs/{run}"
    again = post({"series": SERIES, "seasons": years, "request_key": "once"})
    assert json.loads(again.get_body())["run"] == run
    for body, status, named in (
        ({"series": SERIES, "index": True}, 400, "'series'"),
        ({"series": SERIES, "seasons": {"from": 1700, "to": 1962}}, 400, "1700"),
        ({"series": SERIES, "include_results": True}, 409, "RESULTS_ENABLED"),
    ):
        refused = post(body)
        assert refused.status_code == status
        assert named in json.loads(refused.get_body())["detail"]
    assert rows(database, "SELECT key FROM ingest.items") == [(SERIES,)]
    assert post({"index": True}).status_code == 202


def test_nothing_of_a_page_is_told_anywhere_but_where_results_are(
    app: App, wiki: WikiServer, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a log, an item, a record or a claim, whether the page can be read or not."""
    caplog.set_level(logging.DEBUG)
    values = {"laps": "7391", "led": "6173", "status": "zzcrash", "points": "8642"}
    canary = Row("1", link(ADA, "Ada Ferris"), car="7", **values)
    wiki.shelf.put(numbered(race(FIRST, canary, data={"Margin of Victory": "zzmargin"}), 103))
    wiki.shelf.put(numbered(wiki_pages.page(SECOND, "<p>zzwinner of zz8642</p>"), 104))
    run = crawled(app)
    assert run["failed"] == 1
    crawled(app)
    tables = rows(
        database, "SELECT tablename FROM pg_tables WHERE schemaname IN ('ingest', 'public')"
    )
    told = [
        row[0]
        for (table,) in tables
        for row in rows(
            database,
            sql.SQL("SELECT to_jsonb(t) - 'item' - 'rows' - 'run' FROM {} t").format(
                sql.Identifier("ingest" if table.islower() else "public", table)
            ),
        )
    ]
    secrets = (*values.values(), "zzmargin", "zzwinner", "zz8642")
    assert told
    assert caplog.messages
    assert not [one for one in map(str, told) if hits(one.casefold(), secrets)]
    assert not [one for one in caplog.messages if hits(one.casefold(), secrets)]
    # And there they are.
    assert len(kept_titles(database)) == 6
