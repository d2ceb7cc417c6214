"""What a person is told in a browser when there is no status to be shown."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from playwright.sync_api import expect
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.browser.site import PHONE, Site, kept, violations
from tests.host.running import KEY


@contextmanager
def away(site: Site) -> Iterator[None]:
    """The database lets nobody in, and ends whoever was."""
    parts = conninfo_to_dict(site.database)
    name, server = str(parts.pop("dbname")), make_conninfo("", **{**parts, "dbname": "postgres"})
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        try:
            yield
        finally:
            db.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def test_what_goes_wrong_is_told_to_a_person_as_a_page_and_to_tools_as_a_problem(
    site: Site,
) -> None:
    """A season that can't be, and a database that is away; afterwards all is as ever."""
    page = site.browser.new_page(viewport=PHONE)
    refused = page.goto(f"{site.address}&year=1889")
    assert refused is not None
    assert refused.status == 400
    expect(page.get_by_role("heading", level=1)).to_have_text("Bad request")
    expect(page.get_by_text("1889")).to_be_visible()
    with away(site):
        refused = page.goto(site.address)
        assert refused is not None
        assert refused.status == 503
        expect(page.get_by_role("heading", level=1)).to_have_text("Database unavailable")
        expect(page.get_by_text("The database does not answer.")).to_be_visible()
        assert KEY not in page.content()
        assert violations(page) == []
        kept(page, "unavailable")
        told = site.app.client.get("/status")
        assert (told.status_code, told.json()["title"]) == (503, "Database unavailable")
    back = page.goto(site.address)
    assert back is not None
    assert back.status == 200
    page.close()
