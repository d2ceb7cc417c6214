"""``audit``: what is empty, twice, odd, alone, drifting and set apart is each found once."""

from typing import Any

import pytest

from ingestion_core.cli.main import main
from ingestion_core.quality import odd
from tests.database.quality.conftest import Command
from tests.support import product
from tests.support.composed import composed


def noticed(found: dict[str, Any], part: str) -> dict[str, Any]:
    """Its odd values or orphans by name: how many, and the first of them."""
    return {one["name"]: (one["count"], one["examples"]) for one in found[part]}


def test_of_what_was_read_whole_little_is_noticed(command: Command) -> None:
    """Nothing twice, nothing odd, nothing alone, nothing set apart."""
    found = command.audit()
    assert found["duplicates"] == []
    assert noticed(found, "odd") == {}
    assert noticed(found, "orphans") == {}
    assert (found["drift"], found["quarantine"], found["results_refused"]) == ([], [], [])


def test_nulls_are_counted_per_column(command: Command) -> None:
    """Of every table and column that this app fills."""
    none = 'SELECT count(*) FROM "Drivers" WHERE "HeadshotUrl" IS NULL'
    [(before,)] = product.rows(command.database, none)
    command.sql("""UPDATE "Drivers" SET "HeadshotUrl" = NULL WHERE "Slug" = 'lando-norris'""")
    found = {one["table"]: one for one in command.audit()["nulls"]}
    assert set(found) == set(product.RACING) - {"Seasons"}
    drivers = found["Drivers"]
    assert drivers["columns"]["HeadshotUrl"] == before + 1
    assert drivers["columns"]["LastName"] == 0
    assert drivers["columns"]["PlaceOfBirth"] == drivers["rows"] == 21
    assert "nulls: Drivers, 21 rows: " in command.run("audit")


TWICE = [
    (
        """INSERT INTO "Drivers" ("Id", "FirstName", "LastName", "Slug")
           VALUES ({nobody}, 'NICO', 'Hulkenberg', 'nico-hulkenberg-2')""",
        {"kind": "driver", "by": "name", "slugs": ["nico-hulkenberg", "nico-hulkenberg-2"]},
    ),
    (
        """INSERT INTO "Teams" ("Id", "Name", "Slug") VALUES ({nobody}, 'FERRARI', 'ferrari-2')""",
        {"kind": "team", "by": "name", "slugs": ["ferrari", "ferrari-2"]},
    ),
    (
        """INSERT INTO "Circuits" ("Id", "Name", "Slug", "Location", "Country", "Latitude",
               "Longitude")
           SELECT {nobody}, 'Other', 'other', '', '', "Latitude" + 0.001, "Longitude"
           FROM "Circuits" WHERE "Slug" LIKE '%jeddah%'""",
        {"kind": "circuit", "by": "place"},
    ),
    (
        """INSERT INTO "Circuits" ("Id", "Name", "Slug", "Location", "Country")
           SELECT {nobody}, upper("Name"), 'other', '', '' FROM "Circuits" LIMIT 1""",
        {"kind": "circuit", "by": "name"},
    ),
    (
        """INSERT INTO "Rounds" ("Id", "SeasonId", "CircuitId", "Name", "Slug", "RoundNumber",
               "DateStart", "DateEnd")
           SELECT {nobody}, "SeasonId", "CircuitId", 'Other', 'other', 9, "DateEnd", "DateEnd" + 1
           FROM "Rounds" WHERE "OpenF1MeetingKey" = 1229""",
        {"kind": "round", "by": "circuit and days"},
    ),
]


@pytest.mark.parametrize(("made", "expected"), TWICE)
def test_what_is_likely_there_twice_is_told(
    command: Command, made: str, expected: dict[str, Any]
) -> None:
    """In other letters, at one place, on the same days."""
    command.sql(composed(made))
    [found] = command.audit()["duplicates"]
    assert {name: found[name] for name in expected} == expected
    assert len(found["slugs"]) == 2
    assert f"twice? {expected['kind']}s by {expected['by']}: " in command.run("audit")


def test_two_who_were_born_on_different_days_are_two(command: Command) -> None:
    """Father and son may share a name."""
    command.sql(
        composed("""
UPDATE "Drivers" SET "DateOfBirth" = '1997-09-30' WHERE "Slug" = 'max-verstappen';
INSERT INTO "Drivers" ("Id", "FirstName", "LastName", "Slug", "DateOfBirth")
VALUES ({nobody}, 'Max', 'Verstappen', 'max-verstappen-2', '1947-09-30')""")
    )
    assert command.audit()["duplicates"] == []


STRANGE = {
    "empty text": """UPDATE "Drivers" SET "Nickname" = ' ' WHERE "Slug" = 'lando-norris'""",
    "session outside its round": """
        UPDATE "Sessions" SET "StartTimeUtc" = '2024-03-09T12:00Z'
        WHERE "OpenF1SessionKey" = 9472""",
    "round ends before it begins": composed("""
        UPDATE "Rounds" SET "DateEnd" = "DateStart" - 1 WHERE {bahrain}"""),
    "long round": composed("""
        UPDATE "Rounds" SET "DateEnd" = "DateStart" + 10 WHERE {bahrain}"""),
    "round of another year": 'UPDATE "Seasons" SET "Year" = 2020',
    "overdue status": 'UPDATE "Sessions" SET "Status" = 1 WHERE "OpenF1SessionKey" = 9472',
    "early status": """
        UPDATE "Sessions" SET "StartTimeUtc" = now() + interval '1 day'
        WHERE "OpenF1SessionKey" = 9472""",
    "impossible number": """
        UPDATE "Drivers" SET "DriverNumber" = 0 WHERE "Slug" = 'lando-norris'""",
    "impossible age": """
        UPDATE "Drivers" SET "DateOfBirth" = '2010-01-01' WHERE "Slug" = 'lando-norris'""",
    "country code": """UPDATE "Circuits" SET "CountryCode" = 'Bahrain'
        WHERE "Id" = (SELECT "CircuitId" FROM "Rounds" WHERE "OpenF1MeetingKey" = 1229)""",
    "place": """UPDATE "Circuits" SET "Latitude" = 91
        WHERE "Id" = (SELECT "CircuitId" FROM "Rounds" WHERE "OpenF1MeetingKey" = 1229)""",
    "length": """UPDATE "Circuits" SET "LengthMeters" = 5
        WHERE "Id" = (SELECT "CircuitId" FROM "Rounds" WHERE "OpenF1MeetingKey" = 1229)""",
    "colour": """UPDATE "Teams" SET "PrimaryColor" = 'red' WHERE "Slug" = 'ferrari'""",
    "address": """UPDATE "Teams" SET "Slug" = 'Ferrari!' WHERE "Slug" = 'ferrari'""",
}
#: What the same deed makes odd as well.
ALSO = {
    "round ends before it begins": {"session outside its round"},
    "early status": {"session outside its round"},
    "round of another year": {"impossible age"},
}


@pytest.mark.parametrize("name", STRANGE)
def test_an_odd_value_is_named(command: Command, name: str) -> None:
    """With its place; by year as well, and in another year it is not there."""
    command.sql(STRANGE[name])
    everything, year = command.audit(), "2020" if name == "round of another year" else "2024"
    for found in (everything, command.audit("--year", year)):
        count, examples = noticed(found, "odd")[name]
        assert count >= len(examples) > 0
        assert set(noticed(found, "odd")) <= {name} | ALSO.get(name, set())
    assert noticed(command.audit("--year", "2019"), "odd") == {}
    assert f"odd: {name}: " in command.run("audit")


ALONE = {
    "driver of nothing": composed("""INSERT INTO "Drivers" ("Id", "FirstName", "LastName", "Slug")
        VALUES ({nobody}, 'No', 'Body', 'no-body')"""),
    "team of nothing": composed("""INSERT INTO "Teams" ("Id", "Name", "Slug")
        VALUES ({nobody}, 'No', 'no')"""),
    "circuit of nothing": composed("""
        INSERT INTO "Circuits" ("Id", "Name", "Slug", "Location", "Country")
        VALUES ({nobody}, 'No', 'no', 'x', 'x')"""),
    "series of nothing": composed("""INSERT INTO "Series" ("Id", "Name", "Slug")
        VALUES ({nobody}, 'No', 'no')"""),
    "season without rounds": composed("""
        INSERT INTO "Seasons" SELECT {nobody}, "Id", 1999 FROM "Series" """),
    "round of nothing": composed("""
        INSERT INTO "Rounds" ("Id", "SeasonId", "CircuitId", "Name", "Slug", "RoundNumber",
            "DateStart", "DateEnd")
        SELECT {nobody}, "SeasonId", "CircuitId", 'No', 'no', 0, '2024-08-01', '2024-08-02'
        FROM "Rounds" WHERE {bahrain}"""),
    "entrant that no list names": "DELETE FROM ingest.entries",
    "claim without a row": """INSERT INTO ingest.claims (source, kind, key, observed_at, fields)
        VALUES ('thethirdturn', 'driver', 'Nobody', now(), '{"LastName": "Nobody"}')""",
    "row that nobody claims": "DELETE FROM ingest.claims WHERE kind = 'team' AND source = 'openf1'",
}


@pytest.mark.parametrize("name", ALONE)
def test_what_nothing_refers_to_is_named(command: Command, name: str) -> None:
    """Orphans belong to no year: they are told where none is asked about."""
    command.sql(ALONE[name])
    orphans = noticed(command.audit(), "orphans")
    assert name in orphans
    assert set(orphans) <= {name, "row that nobody claims"}
    assert command.audit("--year", "2024")["orphans"] is None
    assert f"orphans: {name}: " in command.run("audit")


def test_every_kind_of_odd_or_lonely_row_is_made_here_once() -> None:
    """None is added without a test that sees it."""
    assert {one.name for one in odd.ODD} == set(STRANGE)
    assert {one.name for one in odd.ORPHANS} == set(ALONE)


def test_drift_quarantine_and_what_was_given_are_told_by_source(command: Command) -> None:
    """Of refused results their number alone, by reason."""
    command.sql(
        """UPDATE ingest.fetches SET drift = '{+halo,-name_acronym}'
           WHERE resource = 'drivers' AND key = '1229';
INSERT INTO ingest.quarantine (source, resource, key, row_key, reason, row)
VALUES ('openf1', 'drivers', '1229', 'a', 'unreadable: x', '{"secret": 4711}');
INSERT INTO spoilers.quarantine (source, session, facet, row_key, reason, row)
VALUES ('openf1', '9472', 'classification', 'car=99', 'unreadable: laps', '{"position": 4711}')"""
    )
    found = command.audit()
    assert [(one["resource"], one["field"], one["answers"]) for one in found["drift"]] == [
        ("drivers", "+halo", 1),
        ("drivers", "-name_acronym", 1),
    ]
    [apart], [refused] = found["quarantine"], found["results_refused"]
    assert (apart["resource"], apart["reason"], apart["rows"]) == ("drivers", "unreadable: x", 1)
    assert set(refused) == {"source", "resource", "reason", "rows", "last_at"}
    assert (refused["reason"], refused["rows"]) == ("unreadable: laps", 1)
    gave = {(one["source"], one["kind"]): (one["claims"], one["rows"]) for one in found["gave"]}
    assert gave["openf1", "round"] == (2, 2)
    assert gave["openf1", "session"] == (10, 10)
    assert gave["openf1", "driver"] == (21, 21)
    told = command.run("audit")
    assert "drift: openf1 drivers: +halo, in 1" in told
    assert "quarantine: openf1 classification: unreadable: laps: 1" in told
    assert "gave: openf1 round: 2, in 2 rows" in told
    assert "4711" not in told
    assert "car=99" not in told


def test_a_value_of_a_result_is_told_by_no_part_of_it(command: Command) -> None:
    """Neither with years nor without; and --spoilers is another question's word."""
    command.sql("""UPDATE "Results" SET "Points" = 98765, "Laps" = 43210""")
    for told in (command.run("audit"), command.run("audit", "--year", "2024", "--json")):
        assert "98765" not in told
        assert "43210" not in told
    with pytest.raises(SystemExit) as misuse:
        main(["audit", "--spoilers"])
    assert misuse.value.code == 2
