"""An archive behind an https address: one download through its source's gate, or the item waits."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_httpx import HTTPXMock

from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from tests.support.apps import app_with
from tests.support.archives import csv_text, tables, write_zip
from tests.support.drain import deliver, drain, letters
from tests.support.product import figures, rows

ADDRESS = "https://archive.test/sets/f1.zip?signature=hunter2"


@pytest.fixture
def app(database: str, azurite: str) -> Iterator[App]:
    """The app with its archive behind an address that holds a signature."""
    with closing(app_with(database, azurite, archive_url=ADDRESS)) as made:
        yield made


@pytest.fixture
def packed(tmp_path: Path) -> bytes:
    """The small archive as a zip."""
    members = {f"{table}.csv": csv_text(table, rows) for table, rows in tables().items()}
    return write_zip(tmp_path / "f1.zip", members).read_bytes()


def test_it_is_downloaded_once_for_all_seasons(
    app: App, database: str, packed: bytes, httpx_mock: HTTPXMock
) -> None:
    """At our turn, by the gate; the next import downloads it again."""
    httpx_mock.add_response(url=ADDRESS, content=packed, is_reusable=True)
    for downloads in (1, 2):
        run = backfill.import_archive(app, range(2019, 2024), {})
        drain(app)
        assert backfill.show_run(app, run)["state"] == "done"
        assert len(httpx_mock.get_requests()) == downloads
    assert figures(database)["rounds"] == (2, 0)
    (source,) = [one for one in backfill.list_sources(app) if one["source"] == "ergast"]
    assert source["last_request_at"] is not None
    assert source["pace_seconds"] == pytest.approx(60 / 60 * 1.025)
    observed = "SELECT DISTINCT observed_at FROM ingest.fetches WHERE source = 'ergast'"
    # The dates in the zip, which are older than its transport.
    assert rows(database, observed) == [(datetime(2024, 12, 9, 10, 20, 30, tzinfo=UTC),)]


def test_an_address_that_is_not_well_has_its_items_come_again(
    app: App, database: str, packed: bytes, httpx_mock: HTTPXMock
) -> None:
    """Given back and never lost; the source says why."""
    httpx_mock.add_response(url=ADDRESS, status_code=503)
    run = backfill.import_archive(app, [2019], {})
    ((task, message),) = letters(app)
    deliver(app, task, message)
    shown = backfill.show_run(app, run)
    assert (shown["state"], shown["failed"], shown["last_error"]) == ("running", 0, "http-503")
    (source,) = [one for one in backfill.list_sources(app) if one["source"] == "ergast"]
    assert (source["closed_why"], source["failures"]) == ("http-503", 1)

    httpx_mock.add_response(url=ADDRESS, content=packed)
    with app.db() as db:
        db.execute("UPDATE ingest.sources SET closed_until = 'epoch'")
        db.execute("UPDATE ingest.items SET state = 'waiting', not_before = now()")
    app.release("ergast")
    drain(app)
    assert backfill.show_run(app, run)["state"] == "done"
    assert figures(database)["rounds"] == (1, 0)


def test_an_address_that_says_no_ends_the_items_and_its_signature_is_not_shown(
    app: App, httpx_mock: HTTPXMock, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in the run nor in the log; every season is told, and one request was made."""
    httpx_mock.add_response(url=ADDRESS, status_code=404)
    run = backfill.import_archive(app, [2019, 2020, 2023], {})
    drain(app)
    shown = backfill.show_run(app, run)
    told = "archive-unreadable: f1.zip: the address answers 404"
    assert (shown["state"], shown["failed"], shown["last_error"]) == ("failed", 3, told)
    assert len(httpx_mock.get_requests()) == 1
    assert told in caplog.text
    assert "hunter2" not in caplog.text + str(shown) + repr(app.settings)
