"""Choosing a command. Exit codes: 0 done, 1 failed, 2 usage, 3 something is missing, 130 Ctrl-C."""

import argparse
import os
import sys
from collections.abc import Sequence

import psycopg
from azure.core.exceptions import AzureError

from ingestion_core.cli import (
    archive,
    audit,
    bulk,
    clean,
    crawl,
    healthcheck,
    matches,
    migrate,
    remove,
    results,
    runs,
    sources,
    sync,
    verify,
    why,
)
from ingestion_core.database.troubles import PASSING, refusal
from ingestion_core.errors import Conflict, IngestionError, Unprepared
from ingestion_core.tasks.app import app, rehearsing

#: A module each, with its ``add``; in the order in which ``--help`` names them.
_COMMANDS = (
    *(sync, bulk, archive, crawl, runs, sources),
    *(healthcheck, migrate, verify, audit, clean),
    *(why, matches, remove, results),
)


def parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    made = argparse.ArgumentParser(
        prog="python -m ingestion_core",
        epilog="Exit codes: 0 done, 1 something failed, 2 misuse, 3 something is missing that must"
        " be there. docs/cli.md has an example of each.",
    )
    commands = made.add_subparsers(dest="command", required=True)
    for one in _COMMANDS:
        one.add(commands)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    chosen = parser().parse_args(arguments)
    try:
        code: int = chosen.carry_out(chosen)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read along has seen enough; what is still buffered must go nowhere, silently.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _told("interrupted", 130)
    except (Unprepared, Conflict) as error:
        return _told(str(error), 3)
    except IngestionError as error:
        return _told(str(error), 1)
    except psycopg.errors.InsufficientPrivilege:
        return _told("the database does not let this login do that: docs/roles.md has who may", 3)
    except PASSING as error:
        refused = refusal(error)
        return _told(refused, 1) if refused else _told("the database does not answer", 3)
    except AzureError:
        return _told("the storage does not answer; what was asked is kept, and sent later", 3)
    finally:
        for made in (app, rehearsing):
            if made.cache_info().currsize:
                made().close()
                made.cache_clear()


def _told(what: str, code: int) -> int:
    print(what, file=sys.stderr)
    return code
