"""Somebody of whom no source has spoken is known by name, whatever else was left undecided."""

from datetime import date

from tests.support.product import dump
from tests.support.weekends import Db, Person, weekend, write

DAY = date(2026, 5, 24)
_PRODUCTS_OWN = """
INSERT INTO "Drivers" ("Id", "FirstName", "LastName", "Slug")
VALUES (gen_random_uuid(), 'Ada', 'Ferris', 'the-products-own')
"""
_UNDECIDED = """
INSERT INTO ingest.claims (source, kind, key, observed_at, fields, dates)
VALUES ('openf1', 'driver', 'bo lund', '2026-01-01T00:00Z', '{}', '{}')
"""


def test_a_key_that_was_never_decided_hides_nobody(db: Db, database: str) -> None:
    """It is listed beside somebody whom an administrator added under another address."""
    db.execute(_PRODUCTS_OWN)
    db.execute(_UNDECIDED)
    write(
        db, weekend("openf1", "1236", [Person("Ada Ferris", "Red"), Person("Bo Lund", "Red")], DAY)
    )
    found = [row["Slug"] for row in dump(database)["Drivers"]]
    assert sorted(found) == ["bo-lund", "the-products-own"]
