"""The archive and OpenF1 in one database: in either order, and at once, the same rows."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
import pytest

from ingestion_core.database.prepare import migrate
from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.names import fold
from ingestion_core.results import schema
from ingestion_core.sources.ergast.archive import opened
from ingestion_core.sources.ergast.library import Library, read_library
from ingestion_core.sources.ergast.results import read_results
from ingestion_core.sources.ergast.season import season
from local.stack.postgres import Postgres
from tests.conftest import cloned, recorded_folder
from tests.support.overlap import YEARS, Db, archive_season, openf1_season
from tests.support.product import dump, rows
from tests.support.weekends import Person, weekend, write
from tests.support.whole_archive import WholeArchive

#: The seasons that are written at once: those that both sources know, and some before them.
RECENT = range(2019, 2025)

_RESULTS = 'SELECT to_jsonb(x) FROM "Results" x ORDER BY x."Id"'
_ALIASES = 'SELECT to_jsonb(x) FROM "TeamAliases" x ORDER BY x."Id"'


@dataclass(frozen=True)
class Libraries:
    """The archive, without and with results."""

    entries: Library
    results: Library

    def store(self, db: Db, year: int) -> None:
        """One of its seasons."""
        archive_season(db, season(self.entries, year), self.results)


@pytest.fixture(scope="module")
def libraries() -> Libraries:
    """Read once."""
    with opened(str(recorded_folder() / "ergast")) as files:
        return Libraries(read_library(files), read_results(files))


@contextmanager
def prepared(postgres: Postgres, template: str) -> Iterator[str]:
    """An empty product with our schemas."""
    with cloned(postgres, template) as conninfo:
        with psycopg.connect(conninfo, autocommit=True) as db:
            migrate(db)
            schema.prepare(db)
        yield conninfo


@dataclass(frozen=True)
class Orders:
    """Both sources' rows, whichever came first."""

    archive_first: str
    openf1_first: str


@pytest.fixture(scope="module")
def orders(
    postgres: Postgres, template: str, libraries: Libraries, whole_archive: WholeArchive
) -> Iterator[Orders]:
    """The whole archive and the years of OpenF1, in both orders."""
    with (
        cloned(postgres, whole_archive.name) as archive_first,
        prepared(postgres, template) as openf1_first,
    ):
        for conninfo in (archive_first, openf1_first):
            with psycopg.connect(conninfo, autocommit=True) as db:
                for year in YEARS:
                    openf1_season(db, year)
        with psycopg.connect(openf1_first, autocommit=True) as db:
            for season_ in sorted(libraries.entries.races):
                libraries.store(db, season_)
        yield Orders(archive_first, openf1_first)


def everything(conninfo: str) -> dict[str, list[dict[str, Any]]]:
    """Every row that we write, ids included."""
    return {
        **dump(conninfo),
        "TeamAliases": [row for (row,) in rows(conninfo, _ALIASES)],
        "Results": [row for (row,) in rows(conninfo, _RESULTS)],
    }


def counts(conninfo: str) -> dict[str, int]:
    """How many of each."""
    return {table: len(found) for table, found in everything(conninfo).items()}


def differing(one: str, other: str) -> dict[str, int]:
    """How many rows of each table are not in both; no value is told, for some are results."""
    mine, theirs = everything(one), everything(other)
    found = {
        table: sum(row not in theirs_by_id.get(row["Id"], []) for row in mine[table])
        + abs(len(mine[table]) - len(theirs[table]))
        for table in mine
        for theirs_by_id in [{row["Id"]: [row] for row in theirs[table]}]
    }
    return {table: count for table, count in found.items() if count}


def test_the_figures_of_both(orders: Orders) -> None:
    """As counted in the sources; 212 teams, since Sauber and Kick Sauber are two rows."""
    found = counts(orders.archive_first)
    assert {table: found[table] for table in ("Rounds", "Sessions", "Drivers", "Entrants")} == {
        "Rounds": 1126,
        "Sessions": 1892,
        "Drivers": 874,
        "Entrants": 26_730,
    }
    assert (found["Circuits"], found["Teams"], found["Results"]) == (77, 212, 40_079)
    by_year = dict(
        rows(
            orders.archive_first,
            'SELECT y."Year", count(*) FROM "Sessions" s JOIN "Rounds" r ON r."Id" = s."RoundId"'
            ' JOIN "Seasons" y ON y."Id" = r."SeasonId" WHERE y."Year" >= 2023 GROUP BY 1',
        )
    )
    assert by_year == {2023: 110, 2024: 123}


def test_either_order_gives_the_same_rows(orders: Orders) -> None:
    """All columns, ids and addresses."""
    assert differing(orders.archive_first, orders.openf1_first) == {}


def test_no_two_drivers_share_a_folded_name(orders: Orders) -> None:
    """And nobody who drove in both sources is there twice."""
    names = Counter(
        fold(f"{row['FirstName']} {row['LastName']}")
        for row in dump(orders.archive_first)["Drivers"]
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_rounds_carry_both_sources_keys(orders: Orders) -> None:
    """Of 2023 and 2024 all but the test; their numbers are the archive's too."""
    found = rows(
        orders.openf1_first,
        'SELECT r."RoundNumber", r."OpenF1MeetingKey" IS NOT NULL, r."ErgastRaceId" IS NOT NULL'
        ' FROM "Rounds" r JOIN "Seasons" y ON y."Id" = r."SeasonId" WHERE y."Year" >= 2023',
    )
    assert Counter(found) == Counter(
        [(number, True, True) for number in range(1, 23)]
        + [(number, True, True) for number in range(1, 25)]
        + [(0, True, False)]
    )


def test_las_vegas_is_one_round_on_its_local_day(orders: Orders) -> None:
    """23 November 2024, its race at six in the morning of the 24th, UTC."""
    [(last, race)] = rows(
        orders.archive_first,
        'SELECT r."DateEnd"::text, s."StartTimeUtc" AT TIME ZONE \'UTC\' FROM "Rounds" r'
        ' JOIN "Sessions" s ON s."RoundId" = r."Id" AND s."Type" = %s'
        " WHERE r.\"Slug\" = '2024-las-vegas-grand-prix'",
        int(SessionType.RACE),
    )
    assert (last, f"{race:%Y-%m-%d %H:%M}") == ("2024-11-23", "2024-11-24 06:00")


@pytest.mark.parametrize(
    ("slug", "years"),
    [
        ("nelson-piquet", (1978, 1991)),
        ("nelson-piquet-jr", (2008, 2009)),
        ("gilles-villeneuve", (1977, 1982)),
        ("jacques-villeneuve", (1996, 2006)),
        ("jacques-villeneuve-sr", (1981, 1983)),
        ("jim-crawford", (1975, 1975)),
        ("tony-crook", (1952, 1953)),
        ("tony-brooks", (1956, 1961)),
        ("jos-verstappen", (1994, 2003)),
        ("max-verstappen", (2015, 2024)),
        ("arthur-leclerc", (2024, 2024)),
        ("charles-leclerc", (2018, 2024)),
    ],
)
def test_fathers_sons_and_namesakes_keep_their_careers(
    orders: Orders, slug: str, years: tuple[int, int]
) -> None:
    """First and last season entered, as the archive and OpenF1's lists have them."""
    found = rows(
        orders.openf1_first,
        'SELECT min(y."Year"), max(y."Year") FROM "Drivers" d'
        ' JOIN "Entrants" e ON e."DriverId" = d."Id" JOIN "Rounds" r ON r."Id" = e."RoundId"'
        ' JOIN "Seasons" y ON y."Id" = r."SeasonId" WHERE d."Slug" = %s',
        slug,
    )
    assert found == [years]


@pytest.mark.parametrize(
    ("slug", "cars"),
    [
        ("lando-norris", {"4"}),
        ("max-verstappen", {"1"}),
        ("daniel-ricciardo", {"3"}),
        ("liam-lawson", {"30", "40"}),
        ("oliver-bearman", {"38", "50"}),
        ("jack-doohan", {"61"}),
    ],
)
def test_a_number_follows_its_driver(orders: Orders, slug: str, cars: set[str]) -> None:
    """Whoever drove a reserve's car had a number of his own; nobody has another's results."""
    found = rows(
        orders.archive_first,
        'SELECT DISTINCT n.car FROM ingest.entries n JOIN "Drivers" d ON d."Id" = n.driver'
        " WHERE d.\"Slug\" = %s AND n.source = 'openf1'",
        slug,
    )
    assert {car for (car,) in found} == cars


def test_numbers_and_surnames_of_later_seasons_move_nobody(
    postgres: Postgres, template: str, libraries: Libraries
) -> None:
    """Norris with the champion's 1, Verstappen with Ricciardo's 3, a Crawford who is no Jim."""
    with (
        prepared(postgres, template) as conninfo,
        psycopg.connect(conninfo, autocommit=True) as db,
    ):
        for year in (1975, 2024):
            libraries.store(db, year)
        before = {row["Slug"]: row["Id"] for row in dump(conninfo)["Drivers"]}
        jak = Person("Jak CRAWFORD", "Aston Martin", car="34")
        norris = Person("Lando NORRIS", "McLaren", car="1")
        verstappen = Person("Max VERSTAPPEN", "Red Bull Racing", car="3")
        write(
            db, weekend("openf1", "1275", [jak], date(2025, 10, 26), "65", "Mexico City Grand Prix")
        )
        write(db, weekend("openf1", "1279", [norris, verstappen], date(2026, 3, 8), "10", "Race"))
        entered = rows(
            conninfo,
            'SELECT d."Slug", d."Id"::text FROM "Entrants" e'
            ' JOIN "Drivers" d ON d."Id" = e."DriverId"'
            ' JOIN "Rounds" r ON r."Id" = e."RoundId" JOIN "Seasons" y ON y."Id" = r."SeasonId"'
            ' WHERE y."Year" >= 2025 ORDER BY 1',
        )
    assert [slug for slug, _ in entered] == ["jak-crawford", "lando-norris", "max-verstappen"]
    assert [before.get(slug) for slug, _ in entered] == [None, *(id_ for _, id_ in entered[1:])]
    assert "jim-crawford" in before


def test_both_sources_at_once_give_the_same_rows(
    postgres: Postgres, template: str, libraries: Libraries
) -> None:
    """Seasons and years on four connections; nobody waits for ever, nobody fails."""

    def at_once(conninfo: str, steps: list[Callable[[Db], None]]) -> list[BaseException]:
        failed: list[BaseException] = []
        waiting, lock = list(steps), threading.Lock()

        def work() -> None:
            with psycopg.connect(conninfo, autocommit=True) as db:
                while True:
                    with lock:
                        if not waiting:
                            return
                        step = waiting.pop()
                    try:
                        step(db)
                    except BaseException as error:  # noqa: BLE001 -- told to the test's own thread
                        failed.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return failed

    def archive(year: int) -> Callable[[Db], None]:
        return lambda db: libraries.store(db, year)

    def openf1(year: str) -> Callable[[Db], None]:
        return lambda db: openf1_season(db, year)

    steps = [*(archive(year) for year in RECENT), *(openf1(year) for year in YEARS)]
    with (
        prepared(postgres, template) as together,
        prepared(postgres, template) as in_turn,
    ):
        assert [type(error).__name__ for error in at_once(together, steps)] == []
        with psycopg.connect(in_turn, autocommit=True) as db:
            for step in steps:
                step(db)
        assert differing(together, in_turn) == {}
