"""What the catalog promises of a meeting's rows, shown on the sample and on changed answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from ingestion_core.catalog import statuses
from ingestion_core.tasks import backfill
from ingestion_core.tasks.app import App
from local.replay.server import ReplayServer
from tests.support.drain import drain
from tests.support.product import dump, rows

BAHRAIN, JEDDAH, MELBOURNE = 1229, 1230, 1231


def read(app: App, year: int = 2024) -> dict[str, Any]:
    """Backfill a year to its end."""
    run = backfill.backfill(app, [year], {"years": year})
    drain(app)
    return backfill.show_run(app, run)


@pytest.fixture
def three(replay: ReplayServer) -> ReplayServer:
    """The test and the first three races of 2024 alone: quick to read again and again."""
    for name in ("meetings", "sessions", "drivers"):
        replay.rows.replace(
            name, [row for row in replay.rows.of(name) if row["meeting_key"] <= MELBOURNE]
        )
    return replay


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


def test_a_future_meeting_is_stored_with_its_sessions_and_gets_its_entrants_later(
    app: App, database: str, three: ReplayServer
) -> None:
    """/drivers is 404 until live timing starts; an earlier importer stored nothing then."""
    drivers = three.rows.of("drivers")
    three.rows.replace("drivers", [row for row in drivers if row["meeting_key"] != MELBOURNE])
    shown = read(app)
    assert shown["failed"] == 0
    found = dump(database)
    melbourne = next(row for row in found["Rounds"] if row["OpenF1MeetingKey"] == MELBOURNE)
    assert len([row for row in found["Sessions"] if row["RoundId"] == melbourne["Id"]]) == 5
    assert not [row for row in found["Entrants"] if row["RoundId"] == melbourne["Id"]]
    assert rows(
        database,
        "SELECT outcome, next_at > observed_at FROM ingest.fetches"
        " WHERE resource = 'drivers' AND key = '1231'",
    ) == [("empty", True)]
    three.rows.replace("drivers", drivers)
    read(app)
    entrants = [row for row in dump(database)["Entrants"] if row["RoundId"] == melbourne["Id"]]
    assert len(entrants) == 20


def test_a_cancelled_meeting_is_stored_as_cancelled_with_number_0(
    app: App, database: str, three: ReplayServer
) -> None:
    """Imola 2023: meeting and five sessions listed as cancelled, everything else empty."""
    read(app)
    for name in ("meetings", "sessions"):
        three.rows.change(name, {"meeting_key": JEDDAH}, {"is_cancelled": True})
    read(app)
    found = dump(database)
    numbers = {row["OpenF1MeetingKey"]: row["RoundNumber"] for row in found["Rounds"]}
    assert numbers == {1228: 0, BAHRAIN: 1, JEDDAH: 0, MELBOURNE: 2}
    jeddah = next(row for row in found["Rounds"] if row["OpenF1MeetingKey"] == JEDDAH)
    statuses = [row["Status"] for row in found["Sessions"] if row["RoundId"] == jeddah["Id"]]
    assert statuses == [3] * 5
    # And back: the flag was set by mistake.
    for name in ("meetings", "sessions"):
        three.rows.change(name, {"meeting_key": JEDDAH}, {"is_cancelled": False})
    read(app)
    numbers = {row["OpenF1MeetingKey"]: row["RoundNumber"] for row in dump(database)["Rounds"]}
    assert numbers == {1228: 0, BAHRAIN: 1, JEDDAH: 2, MELBOURNE: 3}


def test_imola_2023_is_stored_cancelled_though_nobody_ever_came(
    app: App, database: str, three: ReplayServer
) -> None:
    """Meeting and five sessions listed as cancelled; drivers, results and grid are empty."""
    place = {"circuit_key": 6, "circuit_short_name": "Imola", "gmt_offset": "02:00:00"}
    listed = {"meeting_key": 1209, "year": 2023, "is_cancelled": True, **place}
    days = ("19T11:30", "19T15:00", "20T10:30", "20T14:00", "21T13:00")
    names = ("Practice 1", "Practice 2", "Practice 3", "Qualifying", "Race")
    three.rows.replace(
        "meetings",
        [
            {
                **listed,
                "meeting_name": "Emilia Romagna Grand Prix",
                "date_start": "2023-05-19T11:30:00+00:00",
                "date_end": "2023-05-21T15:00:00+00:00",
            }
        ],
    )
    three.rows.replace(
        "sessions",
        [
            {
                **listed,
                "session_key": 9085 + place_,
                "session_name": name,
                "session_type": name.split()[0],
                "date_start": f"2023-05-{day}:00+00:00",
                "date_end": f"2023-05-{day}:59+00:00",
            }
            for place_, (day, name) in enumerate(zip(days, names, strict=True))
        ],
    )
    three.rows.replace("drivers", [])
    assert read(app, 2023)["failed"] == 0
    found = dump(database)
    assert [(row["Slug"], row["RoundNumber"]) for row in found["Rounds"]] == [
        ("2023-emilia-romagna-grand-prix", 0)
    ]
    assert sorted(row["Type"] for row in found["Sessions"]) == [0, 1, 2, 3, 6]
    assert {row["Status"] for row in found["Sessions"]} == {3}
    assert found["Entrants"] == []


def test_a_meeting_held_again_under_its_name_gets_an_address_and_a_row_of_its_own(
    app: App, database: str, three: ReplayServer
) -> None:
    """Bahrain 2026: cancelled, then held at Sepang under a new key and the same name."""
    read(app)
    before = {row["OpenF1MeetingKey"]: row["Id"] for row in dump(database)["Rounds"]}
    three.rows.change("meetings", {"meeting_key": BAHRAIN}, {"is_cancelled": True})
    again = next(row for row in three.rows.of("meetings") if row["meeting_key"] == BAHRAIN)
    three.rows.replace(
        "meetings",
        [
            *three.rows.of("meetings"),
            {
                **again,
                "meeting_key": 1308,
                "circuit_key": 12,
                "circuit_short_name": "Sepang",
                "location": "Kuala Lumpur",
                "is_cancelled": False,
                "date_start": "2024-10-02T03:00:00+00:00",
                "date_end": "2024-10-04T09:00:00+00:00",
                "gmt_offset": "08:00:00",
            },
        ],
    )
    read(app)
    found = {row["OpenF1MeetingKey"]: row for row in dump(database)["Rounds"]}
    assert {key: found[key]["Id"] for key in before} == before
    assert found[BAHRAIN]["Slug"] == "2024-bahrain-grand-prix"
    assert (found[1308]["Slug"], found[1308]["RoundNumber"]) == ("2024-bahrain-grand-prix-2", 3)
    assert found[BAHRAIN]["RoundNumber"] == 0


def test_a_rescheduled_race_keeps_its_row(app: App, database: str, three: ReplayServer) -> None:
    """Miami 2026 moved three hours on the day: same key, new time."""
    read(app)
    before = {row["OpenF1SessionKey"]: row["Id"] for row in dump(database)["Sessions"]}
    three.rows.change(
        "sessions", {"session_key": 9472}, {"date_start": "2024-03-02T12:00:00+00:00"}
    )
    read(app)
    found = {row["OpenF1SessionKey"]: row for row in dump(database)["Sessions"]}
    assert {key: row["Id"] for key, row in found.items()} == before
    assert found[9472]["StartTimeUtc"] == "2024-03-02T12:00:00+00:00"


@pytest.mark.parametrize("shrunk", ["empty", "a third"])
def test_an_empty_or_much_shorter_answer_replaces_nothing_and_is_reported(
    app: App, database: str, three: ReplayServer, shrunk: str
) -> None:
    """[] and a third of the rows after a full load."""
    read(app)
    before = dump(database)
    kept = three.rows.of("drivers")[::3] if shrunk == "a third" else []
    three.rows.replace("drivers", kept)
    shown = read(app)
    assert dump(database) == before
    outcomes = [one["outcome"] for one in shown["items"] if one["task"] == "sync_meeting"]
    assert outcomes == ["shrunk"] * 4


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


@pytest.fixture
def transactions(app: App, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The statements of each transaction that the app opens, as they are sent."""
    found: list[list[str]] = []
    execute, transaction = psycopg.Cursor.execute, app.transaction

    @contextmanager
    def opened() -> Iterator[Any]:
        with transaction() as db:
            found.append([])
            yield db

    def counted(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        if found and self.connection.info.transaction_status.name == "INTRANS":
            text = query if isinstance(query, str) else "composed"
            found[-1].append(" ".join(text.split())[:50])
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(app, "transaction", opened)
    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    return found


def test_a_meeting_is_written_in_one_transaction_of_at_most_twenty_statements(
    app: App, three: ReplayServer, transactions: list[list[str]]
) -> None:
    """The very first one makes everything: series, season, circuit, teams, drivers, entrants."""
    backfill.backfill(app, [2024], {"years": 2024})
    drain(app)
    asked, discovered, first, *others = transactions
    assert "runs" in asked[0]
    assert any("ingest.items" in text for text in discovered)
    assert 15 <= len(first) <= 20, first
    assert len(others) == 3
    assert all(len(statements) <= 20 for statements in others)


def test_a_meeting_that_did_not_change_takes_five_statements_and_writes_nothing(
    app: App, three: ReplayServer, transactions: list[list[str]]
) -> None:
    """Lock, whether a later answer is known, one read, the answers' record, the item's end."""
    read(app)
    transactions.clear()
    read(app)
    meetings = transactions[2:]
    assert [len(statements) for statements in meetings] == [5] * 4, meetings


def test_an_older_answer_only_fills_what_is_null(
    app: App, database: str, three: ReplayServer
) -> None:
    """observed_at orders one source's answers: a late one changes nothing that is known."""
    read(app)
    before = dump(database)
    with app.db() as db:
        db.execute("UPDATE ingest.fetches SET observed_at = now() + interval '1 hour'")
    three.rows.change(
        "sessions", {"session_key": 9472}, {"date_start": "2024-03-02T12:00:00+00:00"}
    )
    three.rows.change("drivers", {"name_acronym": "NOR"}, {"team_name": "Ferrari"})
    read(app)
    assert dump(database) == before


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
