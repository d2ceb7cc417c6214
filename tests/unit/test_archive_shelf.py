"""The archive is read once for all who asked together, anew for whoever asked later."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestion_core.errors import ArchiveMissing, ArchiveUnreadable, Dropped, SourceClosed
from ingestion_core.settings import Settings
from ingestion_core.sources.ergast.archive import Archive
from ingestion_core.sources.ergast.library import read_library
from ingestion_core.tasks.app import App
from ingestion_core.tasks.archive import ASKED_AT, Shelf
from ingestion_core.work.items import Item
from tests.support.archives import csv_text, tables, write_csv

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(seconds=1)


def app_with(archive: object) -> App:
    """An app whose archive is there; it opens no database."""
    chosen = {"database_url": "dbname=none", "AzureWebJobsStorage": "UseDevelopmentStorage=true"}
    named = {} if archive is None else {"archive_url": str(archive)}
    return App(Settings.model_validate(chosen | named))


def item(asked_at: datetime = NOON, year: int = 2019) -> Item:
    """A season of an import that was asked for at this moment."""
    return Item(1, 1, "ergast", "import_season", str(year), 1, 0, {ASKED_AT: asked_at.isoformat()})


class Counted:
    """A reader that counts, and fails while it is told to."""

    def __init__(self) -> None:
        self.readings = 0
        self.error: Exception | None = None

    def __call__(self, archive: Archive) -> int:
        self.readings += 1
        if self.error:
            raise self.error
        return self.readings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that could be an archive."""
    return write_csv(tmp_path / "archive", tables())


def test_everybody_who_asked_together_shares_one_reading(folder: Path) -> None:
    """However many seasons; and whoever asked earlier than that, too."""
    read = Counted()
    shelf, app = Shelf(read), app_with(folder)
    assert [shelf.get(app, item(year=year)) for year in (2019, 2023, 2024)] == [1, 1, 1]
    assert shelf.get(app, item(NOON - timedelta(hours=1))) == 1


def test_whoever_asked_later_has_it_read_again(folder: Path) -> None:
    """It may be another archive by then, at the same place; the first import finds the new one."""
    read = Counted()
    shelf, app = Shelf(read), app_with(folder)
    assert shelf.get(app, item()) == 1
    assert shelf.get(app, item(LATER)) == 2
    assert shelf.get(app, item()) == 2


def test_another_address_is_another_archive(folder: Path, tmp_path: Path) -> None:
    """Whenever it was asked for."""
    read = Counted()
    shelf = Shelf(read)
    other = write_csv(tmp_path / "other", tables())
    assert [shelf.get(app_with(place), item()) for place in (folder, other, folder)] == [1, 2, 3]


def test_threads_at_once_wait_for_one_reading(folder: Path) -> None:
    """Two functions that begin together don't read it twice."""
    began, go_on, readings = threading.Event(), threading.Event(), Counted()

    def slow(archive: Archive) -> int:
        began.set()
        assert go_on.wait(10)
        return readings(archive)

    shelf, app, got = Shelf(slow), app_with(folder), []
    threads = [
        threading.Thread(target=lambda: got.append(shelf.get(app, item()))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    assert began.wait(10)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert got == [1, 1, 1, 1]


def test_an_archive_that_cant_be_read_is_not_read_again_for_every_season(folder: Path) -> None:
    """All items of the import get the same answer, until somebody asks anew."""
    read = Counted()
    read.error = ArchiveUnreadable("drivers.csv", "is not UTF-8", 7, 3)
    shelf, app = Shelf(read), app_with(folder)
    for year in (2019, 2023):
        with pytest.raises(ArchiveUnreadable, match=r"^drivers.csv, line 7, column 3: is not"):
            shelf.get(app, item(year=year))
    assert read.readings == 1
    read.error = None
    assert shelf.get(app, item(LATER)) == 2


def test_an_address_that_does_not_answer_for_now_is_asked_again(folder: Path) -> None:
    """What is only deferred is kept by nobody."""
    read = Counted()
    read.error = SourceClosed("ergast", LATER, "busy")
    shelf, app = Shelf(read), app_with(folder)
    with pytest.raises(SourceClosed):
        shelf.get(app, item())
    read.error = None
    assert shelf.get(app, item()) == 2


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (None, "settings: ARCHIVE_URL is not set"),
        ("/no/such/folder", "ARCHIVE_URL: there is no such folder or file"),
        ("ftp://archive.test/x.zip", "ARCHIVE_URL: is no folder, file, https address or blob"),
        ("blob:archives", "ARCHIVE_URL: a blob is named by 'blob:container/name'"),
    ],
)
def test_a_wrong_address_closes_the_item_and_names_the_setting(
    where: str | None, said: str
) -> None:
    """It would not get better by the host's ten deliveries."""
    with pytest.raises(ArchiveMissing) as missing:
        Shelf(read_library).get(app_with(where), item())
    assert missing.value.told.startswith(f"archive-missing: {said}")


def _cut_short(folder: Path) -> None:
    (folder / "races.csv").write_text("")


def _no_utf8(folder: Path) -> None:
    lines = (folder / "drivers.csv").read_bytes().splitlines(keepends=True)
    (folder / "drivers.csv").write_bytes(lines[0] + lines[1] + b'"2","tw\xff"\n')


def _no_column(folder: Path) -> None:
    header = ["resultId", "raceId", "constructorId"]
    (folder / "results.csv").write_text(csv_text("results", [], header=header))


def _no_tables(folder: Path) -> None:
    (folder / "drivers.csv").unlink()
    (folder / "qualifying.csv").unlink()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_cut_short, "archive-unreadable: races.csv, line 1: there is no header"),
        (_no_utf8, "archive-unreadable: drivers.csv, line 3, column 8: is not UTF-8"),
        (_no_column, "archive-unreadable: results.csv, line 1, column driverId: is missing"),
        (
            _no_tables,
            "archive-unreadable: the archive: lacks the tables drivers, qualifying",
        ),
    ],
)
def test_what_the_run_shows_names_file_line_and_column(
    folder: Path, damage: Callable[[Path], object], told: str
) -> None:
    """And nothing that stands there."""
    damage(folder)
    with pytest.raises(Dropped) as dropped:
        Shelf(read_library).get(app_with(folder), item())
    assert dropped.value.told == told
