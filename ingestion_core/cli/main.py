"""Choosing a command. Exit codes: 0 done, 1 failed, 2 usage, 3 something is missing."""

import argparse
import os
import sys
from collections.abc import Sequence

import psycopg
from azure.core.exceptions import AzureError
from psycopg_pool import PoolTimeout

from ingestion_core.cli import (
    archive,
    audit,
    clean,
    crawl,
    matches,
    remove,
    results,
    verify,
    watch,
    why,
)
from ingestion_core.errors import Conflict, IngestionError, Unprepared
from ingestion_core.tasks.app import app

_COMMANDS = (archive, crawl, watch, matches, remove, results, why, audit, verify, clean)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m ingestion_core")
    commands = parser.add_subparsers(dest="command", required=True)
    for one in _COMMANDS:
        one.add(commands)
    chosen = parser.parse_args(arguments)
    try:
        code: int = chosen.carry_out(chosen)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read along has seen enough; what is still buffered must go nowhere, silently.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Unprepared, Conflict) as error:
        return _told(str(error), 3)
    except IngestionError as error:
        return _told(str(error), 1)
    except (psycopg.OperationalError, PoolTimeout):
        return _told("the database does not answer", 3)
    except AzureError:
        return _told("the storage does not answer; what was asked is kept, and sent later", 3)
    finally:
        if app.cache_info().currsize:
            app().close()
            app.cache_clear()


def _told(what: str, code: int) -> int:
    print(what, file=sys.stderr)
    return code
