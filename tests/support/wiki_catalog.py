"""Saved and invented pages of The Third Turn, written straight through the catalog."""

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from ingestion_core.catalog import writer
from ingestion_core.catalog.writer import Written
from ingestion_core.racing.types import Profiles, Season, Weekend
from ingestion_core.sources.ergast.archive import opened
from ingestion_core.sources.ergast.library import Library, read_library
from ingestion_core.sources.ergast.season import season as archived
from ingestion_core.sources.thethirdturn import circuit, driver, index, race, season, series, shape
from ingestion_core.sources.thethirdturn.shape import RaceContext
from tests.support import product

Db = Connection[TupleRow]

READ = datetime(2026, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 2, tzinfo=UTC)


@cache
def saved(folder: Path) -> dict[str, bytes]:
    """Every saved page by its own name: files are called otherwise."""
    found = {}
    for path in sorted((folder / "thethirdturn").rglob("*.html")):
        body = path.read_bytes()
        named = re.search(rb'"wgPageName":"([^"]+)"', body)
        assert named
        found[named[1].decode()] = body
    return found


@cache
def library(folder: Path) -> Library:
    """The recorded archive."""
    with opened(str(folder / "ergast")) as found:
        return read_library(found)


def write_archive(db: Db, folder: Path, year: int) -> Written:
    """One season of the archive."""
    return write(db, archived(library(folder), year))


def write(db: Db, told: Profiles | Season | Weekend) -> Written:
    """What a page says, in one transaction."""
    with db.transaction():
        if isinstance(told, Profiles):
            return writer.write_profiles(db, told)
        writer.lock_season(db, told.series, told.year)
        if isinstance(told, Season):
            return writer.write_season(db, told, NOW)
        return writer.write_weekend(db, told, NOW)


def index_page(body: bytes) -> Profiles:
    """What the index says."""
    return shape.index_profiles(index.read(body), READ)


def series_page(body: bytes) -> Profiles:
    """What a series' page says."""
    return shape.series_profiles(series.read(body), READ)


def circuit_page(body: bytes) -> Profiles:
    """What a track's page says."""
    return shape.circuit_profiles(circuit.read(body), READ)


def driver_page(body: bytes) -> Profiles:
    """What a driver's page says."""
    return shape.driver_profiles(driver.read(body), READ)


def season_page(body: bytes, of: str, name: str) -> Season:
    """What a season's page says."""
    return shape.season(season.read(body), of, name, READ)


def contexts(body: bytes, of: str, name: str) -> tuple[RaceContext, ...]:
    """What a season's page says of each race."""
    return shape.contexts(season.read(body), of, name)


def race_page(body: bytes, context: RaceContext) -> Weekend:
    """What a race's page says, but for its results."""
    return shape.race(race.read(body), context, READ)


def rows(db: Db, table: str) -> list[dict[str, Any]]:
    """A table's rows, as they are."""
    return product.dump(db.info.dsn)[table]


def slugs(db: Db, table: str) -> set[str]:
    """A table's addresses."""
    return {row["Slug"] for row in rows(db, table)}
