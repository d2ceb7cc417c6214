"""A source says that several of its keys are one: what is decided by that, and what is not."""

from collections.abc import Iterator
from datetime import date

import pytest

from ingestion_core.catalog import merges, redirects
from ingestion_core.catalog.redirects import Joined, OnePage
from tests.support.weekends import NOW, Db, Person, between_the_locks, prepared, weekend, write

ALEX = Person("Alex Palou", "McLaren", key="palou", car="5", career=(2023, 2023))
OTHER = Person("Max Verstappen", "Red Bull", key="max_verstappen", car="1")
TYPO = Person("Alex Pallou", "McLaren", car="5")
MISSPELT = weekend("openf1", "1210", [TYPO], date(2023, 5, 28), "22")
PAGE = OnePage("driver", "openf1", "alex pallou", ("alex palou",))


@pytest.fixture
def db(database: str) -> Iterator[Db]:
    """Two men in the archive, both in OpenF1 as well, and one of them there misspelt too."""
    with prepared(database) as connection:
        imola = date(2023, 5, 7)
        write(connection, weekend("ergast", "1100", [ALEX, OTHER], imola, "imola", "Imola"))
        write(connection, MISSPELT)
        known = [Person("Alex Palou", "McLaren", car="5"), Person("Max Verstappen", "Red Bull")]
        write(connection, weekend("openf1", "1211", known, date(2023, 6, 4), "15", "Spanish"))
        yield connection


def join(db: Db, page: OnePage) -> Joined:
    """In a transaction, under the locks."""
    with db.transaction():
        return redirects.join(db, page, redirects.lock(db, page), NOW)


def slugs(db: Db) -> list[str]:
    """The drivers' addresses."""
    return [row[0] for row in db.execute('SELECT "Slug" FROM "Drivers" ORDER BY 1')]


def questions(db: Db) -> list[tuple[int, str | None]]:
    """How what is put before a person stands, and who answered it."""
    return db.execute('SELECT "Status", "ResolvedBy" FROM "PendingMatches"').fetchall()


def test_the_row_that_others_give_is_the_one(db: Db) -> None:
    """Though the other is that of the page's own title; whoever was asked the same is answered."""
    assert questions(db) == [(0, None)]
    done = join(db, PAGE)
    assert (done.changed, done.doubts, [one.year for one in done.seasons]) == (True, (), [2023])
    assert slugs(db) == ["alex-palou", "max-verstappen"]
    assert questions(db) == [(1, "openf1")]
    assert write(db, MISSPELT).rows == 0
    assert join(db, PAGE) == Joined()


def test_taken_back_it_is_a_question_again(db: Db) -> None:
    """Which nobody answers for the person but a person."""
    join(db, PAGE)
    [(decision,)] = db.execute("SELECT decision FROM ingest.decisions").fetchall()
    with db.transaction():
        merges.undo(db, decision, "tests", NOW)
    assert questions(db) == [(0, None)]
    assert join(db, PAGE) == Joined()
    assert slugs(db) == ["alex-pallou", "alex-palou", "max-verstappen"]


def test_whom_a_person_said_to_be_two_stay_so(db: Db) -> None:
    """A rejected question is an answer."""
    db.execute('UPDATE "PendingMatches" SET "Status" = 2')
    assert join(db, PAGE) == Joined()
    assert len(slugs(db)) == 3


def test_two_whom_others_give_stay_two(db: Db) -> None:
    """The source is wrong, or the others are: it is told."""
    done = join(db, OnePage("driver", "openf1", "alex palou", ("max verstappen",)))
    assert not done.changed
    assert [(one.row_key, one.row["why"]) for one in done.doubts] == [
        ("driver=max verstappen", "either is given by others too")
    ]


def test_a_season_that_comes_in_between_is_locked_as_well(
    db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before what seasons share: locks are always taken in one order."""
    comes = weekend("openf1", "1310", [TYPO], date(2024, 5, 26), "22")
    left = between_the_locks(monkeypatch, db, comes)
    with db.transaction():
        assert [one.year for one in redirects.lock(db, PAGE)] == [2023, 2024]
    assert left == []
