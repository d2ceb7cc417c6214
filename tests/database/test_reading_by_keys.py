"""In a large database a meeting takes what it takes in a small one: nothing is read whole."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from local.replay.serving import Serving
from tests.faults.seasons import app_on
from tests.host.processes import eventually
from tests.support.drain import drain
from tests.support.product import rows
from tests.support.synthetic import Synthetic

#: More than what the planner reads whole because it is small.
MANY = 5000
YEAR = 1990

_FILL = sql.SQL("""
INSERT INTO "Circuits" ("Id", "Name", "Slug", "Location", "Country")
SELECT gen_random_uuid(), 'C', 'filled-' || n, 'L', 'C' FROM generate_series(1, {many}) n;
INSERT INTO "Teams" ("Id", "Name", "Slug")
SELECT gen_random_uuid(), 'T', 'filled-' || n FROM generate_series(1, {many}) n;
INSERT INTO "Drivers" ("Id", "FirstName", "LastName", "Slug")
SELECT gen_random_uuid(), 'F' || n, 'L' || n, 'filled-' || n FROM generate_series(1, {many}) n;
INSERT INTO "Series" ("Id", "Name", "Slug") VALUES (gen_random_uuid(), 'Filled', 'filled');
INSERT INTO "Seasons" ("Id", "SeriesId", "Year")
SELECT gen_random_uuid(), "Id", n FROM "Series", generate_series(1901, 2000) n
WHERE "Slug" = 'filled';
INSERT INTO "Rounds" ("Id", "SeasonId", "CircuitId", "Name", "Slug", "RoundNumber", "DateStart",
    "DateEnd")
SELECT gen_random_uuid(), s."Id", (SELECT "Id" FROM "Circuits" WHERE "Slug" = 'filled-1'), 'R',
    'filled-' || s."Year" || '-' || n, n, '1990-01-01', '1990-01-03'
FROM "Seasons" s, generate_series(1, {many} / 100) n
WHERE s."SeriesId" = (SELECT "Id" FROM "Series" WHERE "Slug" = 'filled');
INSERT INTO "Sessions" ("Id", "RoundId", "Type", "StartTimeUtc", "Status")
SELECT gen_random_uuid(), "Id", 6, '1990-01-03', 2 FROM "Rounds" WHERE "Slug" LIKE 'filled-%';
INSERT INTO "Entrants" ("Id", "RoundId", "DriverId", "TeamId")
SELECT gen_random_uuid(), "Id", (SELECT "Id" FROM "Drivers" WHERE "Slug" = 'filled-1'),
    (SELECT "Id" FROM "Teams" WHERE "Slug" = 'filled-1')
FROM "Rounds" WHERE "Slug" LIKE 'filled-%';
INSERT INTO ingest.fetches (source, resource, key, outcome, observed_at)
SELECT 'openf1', resource, 'filled ' || n, 'ok', now()
FROM unnest(ARRAY['sessions', 'drivers']) resource, generate_series(1, {many} / 2) n;
INSERT INTO ingest.items (source, task, key, state, closed_at)
SELECT 'openf1', 'sync_meeting', 'filled ' || n, 'done', now() FROM generate_series(1, {many}) n
""").format(many=sql.Literal(MANY))
_READ_WHOLE = """
SELECT relname, seq_tup_read FROM pg_stat_user_tables WHERE schemaname IN ('public', 'ingest')
"""


@pytest.fixture
def source() -> Iterator[Serving]:
    """Seasons of four meetings, of which two change from one list to the next."""
    with Serving(Synthetic(seed=1, meetings=4, ends=YEAR + 1), [], 0) as serving:
        yield serving


def read(database: str, azurite: str, source: Serving) -> dict[str, int]:
    """Read the season; how many rows of each table its statements came by without an index."""
    before = dict(rows(database, _READ_WHOLE))
    app = app_on(database, azurite, source.url)
    work_off(app)
    # Its connections tell the server what they did when they end, and are waited for.
    app.close()
    gone = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'parcferme-ingestion'"
    assert eventually(lambda: rows(database, gone) == [(0,)])
    after = dict(rows(database, _READ_WHOLE))
    return {name: count - before.get(name, 0) for name, count in after.items()}


def work_off(app: App) -> None:
    """The season and its meetings."""
    backfill.backfill(app, [YEAR], {"years": YEAR})
    assert drain(app) == 5


def test_a_meeting_reads_no_large_table_whole(database: str, azurite: str, source: Serving) -> None:
    """Nobody new, two meetings that changed, two that did not; thousands of other rows."""
    read(database, azurite, source)
    with psycopg.connect(database, autocommit=True) as db:
        db.execute(_FILL)
        db.execute("ANALYZE")
    found = read(database, azurite, source)
    assert {name: count for name, count in found.items() if count >= MANY} == {}
