"""What work costs a machine, and what a database keeps of it: by /proc and by the server."""

import os
from pathlib import Path

import psycopg

from local.stack.postgres import Postgres

_TICKS = os.sysconf("SC_CLK_TCK")
_OURS = ["public", "ingest", "spoilers"]

_SIZES = """
SELECT n.nspname || '.' || c.relname, pg_relation_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'i') AND n.nspname = ANY(%(ours)s)
UNION ALL
SELECT n.nspname || '.' || c.relname || ' toast', pg_total_relation_size(c.reltoastrelid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.reltoastrelid <> 0 AND n.nspname = ANY(%(ours)s)
"""

_TOUCHED = """
SELECT blks_hit + blks_read, xact_commit + xact_rollback
FROM pg_stat_database WHERE datname = current_database()
"""


def processor_seconds(pid: int) -> float:
    """What a process has used, with those of its children that have ended."""
    return sum(map(int, _stat(pid)[11:15])) / _TICKS


def processor_seconds_of_server(postgres: Postgres) -> float:
    """The same of a server, with the processes that it has now."""
    server = int((postgres.data / "postmaster.pid").read_text().split()[0])
    total = processor_seconds(server)
    for process in Path("/proc").iterdir():
        if process.name.isdecimal():
            try:
                stat = _stat(int(process.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(stat[1]) == server:
                total += sum(map(int, stat[11:13])) / _TICKS
    return total


def resident(pid: int) -> int:
    """The memory that a process has, in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def touched(database: str) -> tuple[int, int]:
    """How many pages were looked at in a database, and how many transactions ended, ever.

    Sessions report them at most once a second, and when they end.
    """
    with psycopg.connect(database, autocommit=True) as db:
        [(pages, transactions)] = db.execute(_TOUCHED).fetchall()
        return int(pages), int(transactions)


def sizes(database: str) -> dict[str, int]:
    """Bytes of each table, each index, and of what tables keep apart."""
    with psycopg.connect(database, autocommit=True) as db:
        return dict(db.execute(_SIZES, {"ours": _OURS}).fetchall())


def copied_afresh(database: str) -> None:
    """Write each table and index anew, as a copy of its rows would be."""
    with psycopg.connect(database, autocommit=True) as db:
        db.execute("VACUUM (FULL)")


def _stat(pid: int) -> list[str]:
    """From the state on: names of programs may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
