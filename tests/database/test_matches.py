"""The commands by which a person decides who is who, and takes a source out."""

import re
from collections.abc import Iterator
from datetime import date

import pytest

from ingestion_core.cli.main import main
from ingestion_core.settings import settings
from ingestion_core.tasks.app import app as process_app
from tests.support import product
from tests.support.weekends import Person, prepared, weekend, write

ALEX = Person("Alex Palou", "McLaren", key="palou", car="5", career=(2023, 2023))
TYPO = Person("Alex Pallou", "McLaren", car="5")


@pytest.fixture
def two(database: str, azurite: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """One man under two names, and an environment in which the commands find him."""
    with prepared(database) as db:
        write(db, weekend("ergast", "1100", [ALEX], date(2023, 5, 7), "imola", "Imola Grand Prix"))
        write(db, weekend("openf1", "1210", [TYPO], date(2023, 5, 28), "22"))
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("AzureWebJobsStorage", azurite)
    settings.cache_clear()
    process_app.cache_clear()
    yield database
    settings.cache_clear()


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit code of a command, and what it printed."""
    code = main(arguments)
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def the_question(capsys: pytest.CaptureFixture[str]) -> str:
    """The id of the one question there is."""
    _, printed = said(capsys, "matches", "list", "--all")
    return printed.split()[0]


def drivers(conninfo: str) -> set[str]:
    """Their addresses."""
    return {row["Slug"] for row in product.dump(conninfo)["Drivers"]}


def test_a_question_is_listed_shown_approved_and_taken_back(
    two: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way of a merge, by its commands."""
    before = product.dump(two)
    code, printed = said(capsys, "matches", "list")
    assert code == 0
    assert re.search(r"pending +driver +0\.\d\d +openf1 'Alex Pallou' = 'Alex Palou'\?", printed)
    assert printed.endswith("1 to decide on\n")
    match = the_question(capsys)
    code, printed = said(capsys, "matches", "show", match)
    assert code == 0
    assert "ergast 'palou': Career [2023, 2023], FirstName Alex, LastName Palou" in printed
    code, printed = said(capsys, "matches", "approve", match, "--by", "somebody")
    assert code == 0
    assert printed.startswith("decision 1 done: ")
    assert "seasons: 2023" in printed
    assert drivers(two) == {"alex-palou"}
    assert said(capsys, "matches", "list")[1] == "nothing to decide on\n"
    assert "approved" in said(capsys, "matches", "list", "--all")[1]
    assert said(capsys, "matches", "approve", match)[0] == 3
    assert said(capsys, "matches", "reject", match)[0] == 3
    code, printed = said(capsys, "matches", "undo", "1", "--by", "somebody else")
    assert code == 0
    assert product.dump(two) == before
    assert said(capsys, "matches", "list")[1].endswith("1 to decide on\n")


def test_a_rejected_question_is_never_asked_again(
    two: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both stay, also after the next synchronisation."""
    match = the_question(capsys)
    assert said(capsys, "matches", "reject", match, "--notes", "cousins") == (0, "rejected\n")
    with prepared(two) as db:
        write(db, weekend("openf1", "1210", [TYPO], date(2023, 5, 28), "22"))
    assert said(capsys, "matches", "list")[1] == "nothing to decide on\n"
    assert drivers(two) == {"alex-palou", "alex-pallou"}
    [row] = product.rows(
        two, 'SELECT "Status", "Resolution", "ResolutionNotes" FROM "PendingMatches"'
    )
    assert row == (2, 1, "cousins")


def test_a_merge_that_nobody_asked_about(two: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By the source's key and the row."""
    [row] = [one["Id"] for one in product.dump(two)["Drivers"] if one["Slug"] == "alex-palou"]
    code, _ = said(capsys, "matches", "merge", "driver", "openf1", "alex pallou", row)
    assert (code, drivers(two)) == (0, {"alex-palou"})
    code, printed = said(capsys, "matches", "merge", "driver", "openf1", "nobody", row)
    assert (code, printed) == (1, "openf1 has no driver 'nobody'\n")


def test_a_source_is_taken_out_only_when_meant(
    two: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dry run counts and keeps nothing; what is unknown is said."""
    before = product.dump(two)
    code, printed = said(capsys, "remove-source", "ergast", "--dry-run")
    assert code == 0
    assert re.search(r"rounds +would be gone +1", printed)
    assert product.dump(two) == before
    with pytest.raises(SystemExit) as usage:
        main(["remove-source", "ergast"])
    assert usage.value.code == 2
    assert said(capsys, "remove-source", "ergast", "--yes")[0] == 0
    assert drivers(two) == {"alex-pallou"}
    assert said(capsys, "remove-source", "ergast", "--yes") == (
        1,
        "nothing is stored of a source 'ergast'\n",
    )
