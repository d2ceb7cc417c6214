"""Results like nobody's, and secrets like nobody's: to be found nowhere but where they belong."""

import logging
import re
import traceback
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import unquote

import psycopg
from psycopg import sql

from local.replay.lockout import Tokens
from local.replay.server import ReplayServer

#: A gap, points, a time in either unit, laps, and texts where there should be numbers.
VALUES = ("98765.4321", "77.4321", "54321.987", "54321987", "9753", "ZZGAP", "ZZPLACE")
_CAR = 18

#: Trust authentication asks for no password, and so takes any.
DATABASE_PASSWORD = "zzdatabasepassword"
LOGIN, LOGIN_PASSWORD, TOKEN = "zz@example.org", "zzloginpassword", "zztokenzztoken"
#: The beginning of the key that every emulator has.
ACCOUNT_KEY = "Eby8vdM02xNOcqFl"
SECRETS = (DATABASE_PASSWORD, LOGIN_PASSWORD, TOKEN, ACCOUNT_KEY)

#: Fractions of a clock's seconds, random ids, ports and lengths: they come to any four digits some
#: day. A canary that is a time is none of a clock's.
_CHANCE = re.compile(
    r"[0-2]\d:\d\d:\d\d[.,]\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|127\.0\.0\.1:\d+|content-length\W+(?:b')?\d+",
    re.I,
)
#: What every record of the log has.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_TABLES = """
SELECT schemaname, tablename FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'spoilers') AND tablename <> 'Results'
"""


def hits(text: str, values: Iterable[str] = VALUES) -> list[str]:
    """The results of ours in a text, without regard to what is there by chance."""
    text = unquote(text)
    there = [one for one in values if one in text]  # next to nothing to look for, as a rule
    return re.findall("|".join(map(_wanted, there)), _CHANCE.sub(" ", text)) if there else []


def _wanted(value: str) -> str:
    """Digits by themselves, or any number could have them; letters wherever they stand."""
    exact = re.escape(value)
    return exact if any(map(str.isalpha, value)) else rf"(?<![\w.]){exact}(?!\w)"


def leaks(text: str) -> list[str]:
    """The results and the secrets in a text, each once."""
    return sorted({*hits(text), *(one for one in SECRETS if one in text)})


def in_tables(conninfo: str) -> dict[str, list[str]]:
    """Which of them stand in a table that is not for them."""
    one = sql.SQL("SELECT {name}, to_jsonb(t)::text FROM {table} t")
    with psycopg.connect(conninfo) as db:
        tables = db.execute(_TABLES).fetchall()
        everything = sql.SQL(" UNION ALL ").join(
            one.format(name=sql.Literal(".".join(each)), table=sql.Identifier(*each))
            for each in tables
        )
        texts: dict[str, list[str]] = {}
        for name, text in db.execute(everything):
            texts.setdefault(name, []).append(text)
    found = {name: leaks("\n".join(rows)) for name, rows in texts.items()}
    return {name: those for name, those in found.items() if those}


def shown(record: logging.LogRecord) -> str:
    """All that a handler could show of a record, the errors behind its error included."""
    extra = {name: value for name, value in vars(record).items() if name not in _USUAL}
    error = record.exc_info[1] if record.exc_info else None
    behind = "".join(traceback.format_exception(error)) if error else ""
    return f"{record.getMessage()} {record.args!r} {extra!r} {behind} {record.stack_info or ''}"


def tell_results(server: ReplayServer) -> None:
    """Let one car have results like nobody's in every race that has any; add a row that nobody
    can read."""
    canary = {
        "points": 77.4321,
        "number_of_laps": 9753,
        "duration": 54321.987,
        "gap_to_leader": 98765.4321,
    }
    told = {row["session_key"] for row in server.rows.of("session_result")}
    races = {
        row["session_key"] for row in server.rows.of("sessions") if row["session_name"] == "Race"
    }
    for race in told & races:
        car = {"session_key": race, "driver_number": _CAR}
        assert server.rows.change("session_result", car, canary) == 1
    [first, *_] = server.rows.of("session_result")
    spoiled = {"driver_number": 997, "position": "ZZPLACE", "gap_to_leader": "ZZGAP" * 30}
    server.rows.change("session_result", {"session_key": -1}, add=[{**first, **spoiled}])


class OneToken(Tokens):
    """Whoever knows the password gets a token like nobody's."""

    def __init__(self) -> None:
        super().__init__(LOGIN, LOGIN_PASSWORD)

    def issue(self, username: str, password: str, now: datetime) -> str | None:
        if super().issue(username, password, now) is None:
            return None
        self._issued[TOKEN] = now
        return TOKEN
