"""Rows that were there before: changed or made in the product, or moved on by time."""

from datetime import UTC, datetime, timedelta

import psycopg

from ingestion_core.catalog import statuses
from ingestion_core.tasks.app import App
from local.replay.server import ReplayServer
from tests.support.product import dump, rows
from tests.support.sample_year import BAHRAIN, JEDDAH, read


def test_what_an_administrator_changed_survives_every_sync(
    app: App, database: str, three: ReplayServer
) -> None:
    """In every table, a null as well; what was not changed still follows the source."""
    read(app)
    with psycopg.connect(database) as db:
        db.execute(
            """UPDATE "Drivers" SET "FirstName" = 'Checo', "HeadshotUrl" = NULL
               WHERE "Slug" = 'sergio-perez'"""
        )
        db.execute("""UPDATE "Circuits" SET "Name" = 'Jeddah' WHERE "CountryCode" = 'KSA'""")
        db.execute("""UPDATE "Teams" SET "PrimaryColor" = '#000000' WHERE "Slug" = 'ferrari'""")
        db.execute(
            """UPDATE "Rounds" SET "Name" = 'Bahrain, at night' WHERE "OpenF1MeetingKey" = 1229"""
        )
        db.execute("""UPDATE "Sessions" SET "Status" = 4 WHERE "OpenF1SessionKey" = 9472""")
        db.execute(
            """UPDATE "Entrants" SET "Role" = 1 WHERE "DriverId" =
               (SELECT "Id" FROM "Drivers" WHERE "Slug" = 'lando-norris')"""
        )
    changed = dump(database)
    three.rows.change(
        "drivers", {"name_acronym": "PER"}, {"first_name": "Sergio", "name_acronym": "PRZ"}
    )
    read(app)
    read(app)
    after = dump(database)
    perez = next(row for row in after["Drivers"] if row["Slug"] == "sergio-perez")
    assert (perez["FirstName"], perez["HeadshotUrl"]) == ("Checo", None)
    assert perez["Abbreviation"] == "PRZ"
    perez["Abbreviation"] = "PER"
    assert after == changed


def test_an_existing_row_keeps_its_id_and_slug_and_is_joined(
    app: App, database: str, three: ReplayServer
) -> None:
    """A database filled by the product has random ids and addresses of its own."""
    with psycopg.connect(database) as db:
        db.execute(
            """
            INSERT INTO "Series" ("Id", "Name", "Slug") VALUES
                ('00000000-0000-4000-8000-000000000001', 'Formula One', 'f1');
            INSERT INTO "SeriesAliases" ("Id", "SeriesId", "AliasName", "AliasSlug") VALUES
                (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', 'F1', 'formula-1');
            INSERT INTO "Seasons" ("Id", "SeriesId", "Year") VALUES
                ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001',
                 2024);
            INSERT INTO "Circuits" ("Id", "Name", "Slug", "Location", "Country") VALUES
                ('00000000-0000-4000-8000-000000000003', 'Sakhir', 'sakhir', 'Sakhir', 'Bahrain');
            INSERT INTO "CircuitAliases" ("Id", "CircuitId", "AliasName", "AliasSlug") VALUES
                (gen_random_uuid(), '00000000-0000-4000-8000-000000000003',
                 'Bahrain International Circuit', 'bahrain-international-circuit');
            INSERT INTO "Drivers" ("Id", "FirstName", "LastName", "Slug") VALUES
                ('00000000-0000-4000-8000-000000000004', 'Nico', 'Hülkenberg', 'nico-hlkenberg');
            INSERT INTO "Rounds" ("Id", "SeasonId", "CircuitId", "Name", "Slug", "RoundNumber",
                    "DateStart", "DateEnd") VALUES
                ('00000000-0000-4000-8000-000000000005', '00000000-0000-4000-8000-000000000002',
                 '00000000-0000-4000-8000-000000000003', 'Bahrain GP', 'bahrain-2024', 1,
                 '2024-03-02', '2024-03-02');
            INSERT INTO "Sessions" ("Id", "RoundId", "Type", "StartTimeUtc", "Status") VALUES
                ('00000000-0000-4000-8000-000000000006', '00000000-0000-4000-8000-000000000005',
                 6, '2024-03-02 14:00Z', 0);
            """
        )
    read(app)
    found = dump(database)
    assert len(found["Series"]) == 1
    assert len(found["Rounds"]) == 4
    assert len(found["Circuits"]) == 3
    round_ = next(row for row in found["Rounds"] if row["Slug"] == "bahrain-2024")
    assert round_["Id"].endswith("005")
    assert (round_["Name"], round_["OpenF1MeetingKey"]) == ("Bahrain Grand Prix", BAHRAIN)
    race = next(row for row in found["Sessions"] if row["Id"].endswith("006"))
    assert (race["OpenF1SessionKey"], race["Status"]) == (9472, 2)
    assert race["StartTimeUtc"] == "2024-03-02T15:00:00+00:00"
    assert [row["Slug"] for row in found["Drivers"] if row["LastName"] == "Hülkenberg"] == [
        "nico-hlkenberg"
    ]


def test_an_entrant_whom_no_list_names_any_more_goes_unless_something_refers_to_him(
    app: App, database: str, three: ReplayServer
) -> None:
    """A wrong name was corrected upstream (session 9905); whoever has a result stays."""
    read(app)
    names = ("STR", "ALO")
    found = {row["Abbreviation"]: row["Id"] for row in dump(database)["Drivers"]}
    kept = next(
        row
        for row in dump(database)["Entrants"]
        if row["DriverId"] == found["ALO"] and row["RoundId"] == _round(database, JEDDAH)
    )
    session = rows(database, 'SELECT "Id" FROM "Sessions" WHERE "OpenF1SessionKey" = 9480')[0][0]
    with psycopg.connect(database) as db:
        db.execute(
            """INSERT INTO "Results" ("Id", "SessionId", "EntrantId", "Status", "FastestLap")
               VALUES (gen_random_uuid(), %s, %s, 0, false)""",
            (session, kept["Id"]),
        )
    for name in names:
        three.rows.change("drivers", {"name_acronym": name, "meeting_key": JEDDAH}, {}, remove=True)
    read(app)
    left = {
        row["DriverId"]
        for row in dump(database)["Entrants"]
        if row["RoundId"] == _round(database, JEDDAH)
    }
    assert found["STR"] not in left
    assert found["ALO"] in left


def _round(database: str, key: int) -> str:
    found: str = rows(
        database, 'SELECT "Id"::text FROM "Rounds" WHERE "OpenF1MeetingKey" = %s', key
    )[0][0]
    return found


def test_time_moves_a_session_from_scheduled_to_completed_without_a_request(
    app: App, database: str, three: ReplayServer
) -> None:
    """The timer's statement; a status that somebody set in the product stays."""
    now = datetime.now(UTC).replace(microsecond=0)
    later = {
        "date_start": (now + timedelta(hours=1)).isoformat(),
        "date_end": (now + timedelta(hours=3)).isoformat(),
    }
    for key in (9468, 9472):
        three.rows.change("sessions", {"session_key": key}, later)
    read(app)

    def status(key: int) -> int:
        found: int = rows(
            database, 'SELECT "Status" FROM "Sessions" WHERE "OpenF1SessionKey" = %s', key
        )[0][0]
        return found

    assert status(9472) == 0
    with app.db() as db:
        db.execute('UPDATE "Sessions" SET "Status" = 4 WHERE "OpenF1SessionKey" = 9468')
        for ago, expected in (("30 minutes", 1), ("2 hours 20 minutes", 1), ("4 hours", 2)):
            db.execute(
                """UPDATE "Sessions" SET "StartTimeUtc" = now() - %s::interval
                   WHERE "OpenF1SessionKey" IN (9468, 9472)""",
                (ago,),
            )
            db.execute(
                """UPDATE ingest.claims SET fields = fields || jsonb_build_object('EndTimeUtc',
                       now() - %s::interval + interval '2 hours')
                   WHERE kind = 'session' AND source = 'openf1' AND key IN ('9468', '9472')""",
                (ago,),
            )
            statuses.advance(db)
            assert status(9472) == expected
            assert status(9468) == 4
