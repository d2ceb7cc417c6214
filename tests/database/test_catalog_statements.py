"""What a meeting costs the database: one transaction, and next to nothing where nothing is new."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from local.replay.server import ReplayServer
from tests.support.drain import drain
from tests.support.sample_year import read


@pytest.fixture
def transactions(app: App, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The statements of each transaction that the app opens, as they are sent."""
    found: list[list[str]] = []
    execute, transaction = psycopg.Cursor.execute, app.transaction

    @contextmanager
    def opened() -> Iterator[Any]:
        with transaction() as db:
            found.append([])
            yield db

    def counted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        if found and self.connection.info.transaction_status.name == "INTRANS":
            text = query if isinstance(query, str) else "composed"
            found[-1].append(" ".join(text.split())[:50])
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(app, "transaction", opened)
    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    return found


def test_a_meeting_is_written_in_one_transaction_of_at_most_twenty_statements(
    app: App, three: ReplayServer, transactions: list[list[str]]
) -> None:
    """The very first one makes everything: series, season, circuit, teams, drivers, entrants."""
    backfill.backfill(app, [2024], {"years": 2024})
    drain(app)
    asked, discovered, first, *others = transactions
    assert "runs" in asked[0]
    assert any("ingest.items" in text for text in discovered)
    assert 15 <= len(first) <= 20, first
    assert len(others) == 3
    assert all(len(statements) <= 20 for statements in others)


def test_a_meeting_that_did_not_change_takes_five_statements_and_writes_nothing(
    app: App, three: ReplayServer, transactions: list[list[str]]
) -> None:
    """Lock, whether a later answer is known, one read, the answers' record, the item's end."""
    read(app)
    transactions.clear()
    read(app)
    meetings = transactions[2:]
    assert [len(statements) for statements in meetings] == [5] * 4, meetings
