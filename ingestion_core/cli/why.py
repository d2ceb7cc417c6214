"""``why``: who gave each column of a row, under which key, when, and who says otherwise."""

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from ingestion_core.cli import Commands
from ingestion_core.racing.kinds import Role, SessionStatus, SessionType
from ingestion_core.tasks.app import app
from ingestion_core.tasks.why import why

_RESULT = "result"
_KINDS = ("series", "circuit", "team", "driver", "round", "session", "entrant", _RESULT)
_SOURCES = {"tables": "the hand-checked tables of identity/data", "product": "there"}
#: Columns that hold a number with a name.
_NAMED = {
    ("Sessions", "Type"): SessionType,
    ("Sessions", "Status"): SessionStatus,
    ("Entrants", "Role"): Role,
}


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add_parser("why", help="where a row comes from, column by column")
    parser.add_argument("table", type=_kind, help=f"{', '.join(map(_plural, _KINDS))}; any case")
    parser.add_argument(
        "id", help="the row's id, its address, an OpenF1 session key, an OpenF1 meeting key"
    )
    parser.add_argument("--spoilers", action="store_true", help="yes, tell me a result")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(carry_out=lambda chosen: _why(parser, chosen))


def _plural(kind: str) -> str:
    return kind if kind == "series" else f"{kind}s"


def _kind(text: str) -> str:
    kind = {_plural(kind): kind for kind in _KINDS}.get(text.casefold(), text.casefold())
    if kind not in _KINDS:
        raise argparse.ArgumentTypeError(f"'{text}' is none of {', '.join(_KINDS)}")
    return kind


def _why(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> int:
    if chosen.table == _RESULT:
        told = _result(parser, chosen)
        lines = _of_result(told)
    else:
        told = why(app(), chosen.table, chosen.id)
        lines = _of_row(told)
    if chosen.json:
        print(json.dumps(told))
    else:
        for line in lines:
            print(line)
    return 0


def _result(parser: argparse.ArgumentParser, chosen: argparse.Namespace) -> dict[str, Any]:
    if not chosen.spoilers:
        parser.error("a result is a spoiler: add --spoilers to be told")
    try:
        result = UUID(chosen.id)
    except ValueError:
        parser.error("a result is known by its id alone")
    from ingestion_core.tasks import show_results  # only this command may know, and only now

    return show_results.why(app(), result)


def _of_row(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"{told['table']} {told['id']}"
    for key in told["keys"]:
        by = f", decided by {key['decided_by']}" if key["decided_by"] else ""
        yield f"  is {key['source']}'s '{key['key']}', observed {_moment(key['observed_at'])}{by}"
    for one in told["decisions"]:
        yield (
            f"  decision {one['decision']}: {one['source']}'s {one['kind']} '{one['key']}' is"
            f" {one['after']}, not {one['before']}; {one['decided_by'] or 'nobody'} said so,"
            f" {_moment(one['decided_at'])}"
        )
    for column in told["columns"]:
        yield from _of_column(told["table"], column)
    for name, value in told["due"].items():
        yield f"The next synchronisation writes {name} = {_value(told['table'], name, value)}"


def _of_column(table: str, column: Mapping[str, Any]) -> Iterator[str]:
    name = column["name"]
    yield f"{name} = {_value(table, name, column['value'])}"
    if column["because"]:
        yield f"    {column['because']}"
    for word in column["words"]:
        yield f"    {_said_by(word)}" + _saying(table, name, word, column["value"])
    for word in column["others"]:
        yield f"    but {_said_by(word)}" + _saying(table, name, word, column["value"])


def _said_by(word: Mapping[str, Any]) -> str:
    """Whose word it is, of what, and when."""
    name = _SOURCES.get(word["source"], word["source"])
    key = f"{name} '{word['key']}'" if word["key"] else name
    about = f", {word['about']}" if word["about"] else ""
    observed = f", observed {_moment(word['observed_at'])}" if word["observed_at"] else ""
    of = f", of {_moment(word['as_of'])}" if word["as_of"] else ""
    return f"{key}{about}{observed}{of}"


def _saying(table: str, name: str, word: Mapping[str, Any], value: Any) -> str:
    return "" if word["value"] == value else f": {_value(table, name, word['value'])}"


def _of_result(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"{told['table']} {told['id']}: {told['name']}"
    for group in told["groups"]:
        yield _values(group["columns"])
        if group["because"]:
            yield f"    {group['because']}"
        if group["given"]:
            yield f"    {_set(group['given'])}"
        for word in group["others"]:
            other = {
                name: value
                for name, value in word["columns"].items()
                if value != group["columns"][name]
            }
            yield f"    but {_set(word)}: {_values(other, nulls=True)}"
        if group["due"]:
            yield f"    the next storing of this session writes {_values(group['due'])}"


def _set(word: Mapping[str, Any]) -> str:
    doubts = f", in doubt: {', '.join(word['doubts'])}" if word["doubts"] else ""
    return f"{word['source']}'s set, observed {_moment(word['observed_at'])}{doubts}"


def _values(columns: Mapping[str, Any], nulls: bool = False) -> str:
    """Those that have one, or all of them; where none has, the first's name for the whole group."""
    told = [
        f"{name} = {'nothing' if value is None else value}"
        for name, value in columns.items()
        if nulls or value is not None
    ]
    return ", ".join(told) or f"{next(iter(columns))} = nothing"


def _value(table: str, name: str, value: Any) -> str:
    if value is None:
        return "nothing"
    kind = _NAMED.get((table, name))
    return f"{value} ({kind(value).name})" if kind else str(value)


def _moment(text: str | None) -> str:
    """To the second: ``2024-12-08 13:00:00Z``."""
    return "never" if text is None else f"{text[:10]} {text[11:19]}Z"
