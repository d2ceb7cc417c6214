"""``healthcheck``: every part that the app needs, asked once, in words or as JSON."""

import argparse
import json
from typing import Any

from ingestion_core.cli import Commands, options
from ingestion_core.tasks import health
from ingestion_core.tasks.app import rehearsing

_FAILING = 3


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "healthcheck",
        help="ask database, storage, queues and sources whether all is well",
        description="Changes nothing. OpenF1 is asked one thing, through its gate. Exit code 0 for"
        " ok and degraded, 3 where something is failing.",
    )
    options.add_json(parser)
    parser.set_defaults(carry_out=_healthcheck)


def _healthcheck(chosen: argparse.Namespace) -> int:
    checks = health.health(rehearsing)
    status = health.worst(checks)
    if chosen.json:
        print(json.dumps({"status": status, "checks": checks}))
    else:
        for check in checks:
            print(f"{check['status']:<9} {check['name']:<28} {_more(check)}".rstrip())
        print(f"All in all: {status}")
    return _FAILING if status == health.FAILING else 0


def _more(check: dict[str, Any]) -> str:
    parts = [check["why"]] if "why" in check else []
    parts += [f"PostgreSQL {check['version']}"] if "version" in check else []
    parts += [f"{check['messages']} messages"] if "messages" in check else []
    parts += [f"{check['ms']} ms"] if "ms" in check else []
    return ", ".join(parts)
