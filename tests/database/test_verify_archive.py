"""``verify`` and ``audit`` of the whole recorded archive: sound, whole, and quickly."""

import json
import time
from collections.abc import Iterator

import pytest

from ingestion_core.cli.main import main
from local.stack.postgres import Postgres
from tests.conftest import cloned
from tests.support.commands import set_only
from tests.support.whole_archive import WholeArchive


@pytest.fixture
def database(
    postgres: Postgres,
    whole_archive: WholeArchive,
    azurite: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """A clone of the archive; the command line's settings."""
    with cloned(postgres, whole_archive.name) as conninfo:
        chosen = {
            "DATABASE_URL": conninfo,
            "AzureWebJobsStorage": azurite,
            "RESULTS_ENABLED": "true",
        }
        with set_only(monkeypatch, chosen):
            yield conninfo


@pytest.mark.usefixtures("database")
def test_all_of_it_holds_and_is_looked_through_in_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """75 seasons, 1,125 rounds; nothing is violated."""
    begun = time.monotonic()
    code = main(["verify", "--json"])
    took = time.monotonic() - begun
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found["violations"]] == []
    assert code == 0
    seasons = found["seasons"]
    assert [one["year"] for one in seasons] == list(range(1950, 2025))
    assert took < 15
    print(took, sum(one["rounds"]["found"] for one in seasons), [ (one["year"], one["reasons"]) for one in seasons if one["reasons"]][:20])
