"""``python -m ingestion_core crawl``: what it asks for, what it does itself, what it refuses."""

from collections.abc import Iterator

import pytest

from ingestion_core.cli.main import main
from local.replay.wiki.server import WikiServer
from tests.support.commands import on, set_only
from tests.support.drain import drain
from tests.support.product import rows
from tests.support.wiki_crawl import CONTACT, SERIES, opened

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def environment(
    database: str, azurite: str, wiki: WikiServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pytest.MonkeyPatch]:
    """The command line's settings."""
    of_wiki = {"WIKI_CONTACT": CONTACT, "THIRDTURN_BASE_URL": wiki.url}
    with set_only(monkeypatch, on(database, azurite, THIRDTURN_ENABLED="true", **of_wiki)):
        yield monkeypatch


def test_a_crawl_is_asked_for_and_then_built_anew(
    database: str, azurite: str, wiki: WikiServer, capsys: Captured
) -> None:
    """One message to begin with; without a host nothing is asked of the wiki."""
    years = ["--from", "1962", "--to", "1962"]
    assert main(["crawl", "--series", "Lantern Cup Central", *years, "--no-wait"]) == 0
    assert wiki.requests == []
    asked = "SELECT kind, asked, key, payload ? 'years:1962-1962' FROM ingest.runs, ingest.items"
    wish = {"series": SERIES, "seasons": {"from": 1962, "to": 1962}, "include_results": False}
    assert rows(database, asked) == [("wiki", wish, SERIES, True)]
    app = opened(database, azurite, wiki)
    drain(app)
    app.close()
    begun = len(wiki.requests)
    capsys.readouterr()
    assert main(["crawl", "--reparse"]) == 0
    told = "1 series, 1 season, 1 circuit, 1 driver, 2 race pages read again: 0 rows changed, 0"
    assert capsys.readouterr().out == f"{told} of results\n"
    assert len(wiki.requests) == begun


def test_a_mistyped_title_is_told_and_is_a_failure(
    database: str, azurite: str, wiki: WikiServer, capsys: Captured
) -> None:
    """By name, once it is known that the wiki has no such page."""
    assert main(["crawl", "--series", "Lantern Cap Central", "--no-wait"]) == 0
    app = opened(database, azurite, wiki)
    drain(app)
    app.close()
    [(run,)] = rows(database, "SELECT run FROM ingest.runs")
    assert main(["runs", "watch", str(run)]) == 1
    why = "failed: no-such-page: there is none of this title"
    assert f"\nLantern Cap Central: {why}\n" in capsys.readouterr().out


def test_the_index_is_asked_for(database: str) -> None:
    """By its own title."""
    assert main(["crawl", "--index", "--no-wait"]) == 0
    assert rows(database, "SELECT key FROM ingest.items") == [("Series_Database:Index",)]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--index", "--series", "A"],
        ["--index", "--from", "1962"],
        ["--index", "--results"],
        ["--series", "a|b"],
        ["--series", "A", "--from", "1800"],
        ["--series", "A", "--from", "1970", "--to", "1960"],
    ],
)
def test_what_can_not_be_meant_is_misuse(arguments: list[str], capsys: Captured) -> None:
    """Exit code 2, before anything is asked for."""
    with pytest.raises(SystemExit) as ended:
        main(["crawl", *arguments])
    assert ended.value.code == 2


@pytest.mark.parametrize("arguments", [["--index"], ["--series", "A"], ["--reparse"]])
def test_a_wiki_that_is_off_is_told_by_its_setting(
    environment: pytest.MonkeyPatch, arguments: list[str], capsys: Captured
) -> None:
    """Exit code 3: something is missing that must be there."""
    environment.setenv("THIRDTURN_ENABLED", "false")
    assert main(["crawl", *arguments]) == 3
    assert "THIRDTURN_ENABLED" in capsys.readouterr().err


def test_results_without_the_opt_in_are_refused(capsys: Captured) -> None:
    """Whether they are asked for with a crawl or built anew."""
    for arguments in (["--series", "A"], ["--reparse"]):
        assert main(["crawl", *arguments, "--results"]) == 3
        assert "RESULTS_ENABLED" in capsys.readouterr().err
