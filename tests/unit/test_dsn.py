"""Connection strings in three forms, and none of them in an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from ingestion_core.database.dsn import to_conninfo

URL = "postgresql://writer:p%40ss@db.example.org:5433/parcferme?sslmode=require"
ADO_NET = "Host=db.example.org;Port=5433;Username=writer;Password=p@ss;Database=parcferme"
ADO_NET += ";SSL Mode=Require"


def parameters(text: str) -> dict[str, object]:
    """What libpq reads in the result."""
    return dict(conninfo_to_dict(to_conninfo(text)))


@pytest.mark.parametrize(
    "text",
    [
        URL,
        URL.replace("postgresql://", "postgres://"),
        f"  {URL}\n",
        "host=db.example.org port=5433 user=writer password=p@ss dbname=parcferme sslmode=require",
        ADO_NET,
        ADO_NET.replace("Host", "Server").replace("Username", "User Id").replace("Password", "Pwd")
        + ";Pooling=true; Command Timeout=30; Trust Server Certificate=true;",
        ADO_NET.lower().replace("=", " = ").replace(";", " ; ").replace("ssl mode", "sslmode"),
        ADO_NET.replace("p@ss", "'p@ss' ").replace("parcferme", '"parcferme"'),
    ],
)
def test_three_forms_name_one_database(text: str) -> None:
    """libpq's URL, libpq's pairs, and ADO.NET with Npgsql's other names; what tunes it is left."""
    assert parameters(text) == {
        "host": "db.example.org",
        "port": "5433",
        "user": "writer",
        "password": "p@ss",
        "dbname": "parcferme",
        "sslmode": "require",
    }


@pytest.mark.parametrize(
    ("mode", "sslmode"),
    [
        ("Disable", "disable"),
        ("Prefer", "prefer"),
        ("Require", "require"),
        ("VerifyCA", "verify-ca"),
        ("VerifyFull", "verify-full"),
        ("verify-full", "verify-full"),
    ],
)
def test_ssl_modes_are_libpqs(mode: str, sslmode: str) -> None:
    """Npgsql writes them without hyphens."""
    assert parameters(f"Host=h;SSL Mode={mode}")["sslmode"] == sslmode


@pytest.mark.parametrize(
    ("written", "password"),
    [
        ('"a;b"', "a;b"),
        ("'a;b=c'", "a;b=c"),
        ('"say ""hi"""', 'say "hi"'),
        ("'it''s'", "it's"),
        ("a=b==", "a=b=="),
        ('"it\'s"', "it's"),
        ("a\\b c", "a\\b c"),
        ("http://x", "http://x"),
        ('" a "', " a "),
        ("", ""),
    ],
)
def test_ado_net_passwords_may_hold_anything(written: str, password: str) -> None:
    """Semicolons and quotes within quotes, and what looks like a URL."""
    assert parameters(f"Host=h;Username=u;Password={written};Database=d")["password"] == password


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1))
def test_a_quoted_password_is_read_as_it_is(password: str) -> None:
    """Whatever characters it has."""
    quoted = password.replace('"', '""')
    assert parameters(f'Host=h;Password="{quoted}";Database=d') == {
        "host": "h",
        "password": password,
        "dbname": "d",
    }


@pytest.mark.parametrize(
    "text",
    ["postgresql://u:a;b@h/d", "host=h user=u password='a;b' dbname=d", "password='a;b' host=h"],
)
def test_a_semicolon_in_libpqs_forms_makes_no_ado_net(text: str) -> None:
    """Only the beginning of the string tells the forms apart."""
    assert parameters(text)["password"] == "a;b"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "hunter2",
        "hunter2;hunter2",
        "mysql://u:hunter2@h/d",
        "postgresql://u:hunter2@h:port:port/d?nonsense=hunter2",
        "postgresql://u:hunter2%zz@h/d",
        "host=h hunter2",
        "host=h nonsense=hunter2",
        "Username=u;Password=hunter2",
        "Host=h;hunter2",
        'Host=h;Password="hunter2',
        "Host=h;Password='hunter2'hunter2;",
        "Host=h;Password='hunter2' Database=d",
    ],
)
def test_nonsense_is_refused_and_never_repeated(text: str) -> None:
    """An error ends up in a log, and a connection string holds a password."""
    with pytest.raises(ValueError, match="connection string") as refused:
        to_conninfo(text)
    assert "hunter2" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@given(st.text())
def test_any_text_is_a_conninfo_or_a_value_error(text: str) -> None:
    """Nothing else reaches whoever started the app."""
    try:
        conninfo_to_dict(to_conninfo(text))
    except ValueError:
        return
