"""Connection strings: libpq's, and the ADO.NET form that the product's .NET API uses."""

import re

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

#: Npgsql's keywords, folded (lower case, spaces away), and what libpq calls them.
_ADO_NET = {
    "host": "host",
    "server": "host",
    "port": "port",
    "database": "dbname",
    "db": "dbname",
    "username": "user",
    "userid": "user",
    "user": "user",
    "uid": "user",
    "password": "password",
    "pwd": "password",
    "sslmode": "sslmode",
    "rootcertificate": "sslrootcert",
    "sslcertificate": "sslcert",
    "sslkey": "sslkey",
    "timeout": "connect_timeout",
    "applicationname": "application_name",
}
#: Npgsql's SslMode values are libpq's without hyphens.
_SSL_MODES = {"verifyca": "verify-ca", "verifyfull": "verify-full"}


#: One whole pair before the first semicolon. In libpq's form a second pair stands there.
_ADO_NET_BEGINS = re.compile(r"""\s*[A-Za-z ]+=\s*("[^"]*"|'[^']*'|[^;="']*)\s*;""")


def to_conninfo(text: str) -> str:
    """Turn a libpq URL, a libpq ``key=value`` string or an ADO.NET string into libpq's form.

    ADO.NET keywords that only tune Npgsql (pooling, command timeout, ...) are left out.

    Raises:
        ValueError: it is none of the three; the text never repeats the string, it holds a password.
    """
    text = text.strip()
    if not text:
        raise ValueError("the connection string is empty")
    parameters = _from_ado_net(text) if _looks_like_ado_net(text) else text
    try:
        if isinstance(parameters, dict):
            return make_conninfo("", **parameters)
        conninfo_to_dict(parameters)
    except ProgrammingError:
        raise ValueError(
            "the connection string is neither a libpq URL (postgresql://...), nor key=value pairs,"
            " nor the ADO.NET form (Host=...;Username=...)"
        ) from None
    return parameters


def _looks_like_ado_net(text: str) -> bool:
    # A password of either form may hold what marks the other: only the beginning tells.
    return _ADO_NET_BEGINS.match(text) is not None


def _from_ado_net(text: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for name, value in _pairs(text):
        keyword = _ADO_NET.get(name.replace(" ", "").lower())
        if keyword is None:
            continue
        if keyword == "sslmode":
            folded = value.lower()
            value = _SSL_MODES.get(folded, folded)
        parameters[keyword] = value
    if "host" not in parameters:
        raise ValueError("the ADO.NET connection string names no Host")
    return parameters


def _pairs(text: str) -> list[tuple[str, str]]:
    """Split ``a=b;c="d;e"``; a quote inside a quoted value is doubled."""
    pairs: list[tuple[str, str]] = []
    rest = text
    while rest := rest.lstrip("; \t\n"):
        name, equals, rest = rest.partition("=")
        if not equals:
            raise ValueError("the ADO.NET connection string has a part without a value")
        rest = rest.lstrip()
        if rest[:1] in {'"', "'"}:
            value, rest = _quoted(rest)
            if rest.lstrip()[:1] not in {"", ";"}:
                raise ValueError("the ADO.NET connection string has text after a closing quote")
        else:
            value, _, rest = rest.partition(";")
            value = value.strip()
        pairs.append((name.strip(), value))
    return pairs


def _quoted(text: str) -> tuple[str, str]:
    quote, position, value = text[0], 1, ""
    while position < len(text):
        if text[position] == quote:
            if text[position + 1 : position + 2] != quote:
                return value, text[position + 1 :]
            position += 1
        value += text[position]
        position += 1
    raise ValueError("the ADO.NET connection string has an unclosed quote")
