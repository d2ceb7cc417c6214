"""``why`` on two recorded seasons that both sources know: who gave each column of a row.

Nothing that fails here prints a result: comparisons are of counts, or say only whether they hold.
"""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from ingestion_core.catalog import why
from ingestion_core.catalog.recompute import Season, recompute
from ingestion_core.catalog.traces import Column, Trace
from ingestion_core.results import why as results
from tests.support.commands import told
from tests.support.overlap import NOW
from tests.support.weekends import Db


def trace(db: Db, kind: str, wanted: str) -> Trace:
    """The trace of a row, as of now."""
    return why.trace(db, kind, wanted, NOW)


def of(found: Trace, name: str) -> Column:
    """One of its columns."""
    return next(one for one in found.columns if one.name == name)


SAMPLES = {
    "circuit": 'SELECT "Id" FROM "Circuits" ORDER BY "Id" LIMIT 8',
    "team": 'SELECT "Id" FROM "Teams" ORDER BY "Id"',
    "driver": 'SELECT "Id" FROM "Drivers" ORDER BY "Id" LIMIT 12',
    "round": 'SELECT "Id" FROM "Rounds" WHERE "Slug" ~ \'2024-(sao|pre|las)\'',
    "session": 'SELECT "Id" FROM "Sessions" ORDER BY "Id" LIMIT 5',
    "entrant": 'SELECT "Id" FROM "Entrants" ORDER BY "Id" LIMIT 5',
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_column_of_ours_is_traced_to_who_gave_it(db: Db, kind: str) -> None:
    """With the source's key and a date; the row is what would be written again, to the letter."""
    managed = {*why.BY_KIND[kind].columns, *why.BY_KIND[kind].once, "Id"}
    rows = db.execute(SAMPLES[kind].encode()).fetchall()
    assert rows
    for (id_,) in rows:
        found = trace(db, kind, str(id_))
        assert (found.table, found.id, found.due) == (why.BY_KIND[kind].name, str(id_), {})
        for column in found.columns:
            if column.name not in managed or column.value is None:
                assert (column.given_by, column.words) == (None, ())
                continue
            assert column.given_by is not None, column.name
            if column.given_by in {"openf1", "ergast", "tables"}:
                (word,) = column.words
                assert (word.source, word.value) == (column.given_by, column.value)
                assert word.source == "tables" or (word.key and word.observed_at)


def test_the_words_of_others_stand_beside_what_is_believed(db: Db) -> None:
    """A venue: the tables' name, OpenF1's code, the archive's altitude; and what was not taken."""
    found = trace(db, "circuit", "circuit-de-monaco")
    assert {(one.source, one.key) for one in found.keys} == {("openf1", "22"), ("ergast", "monaco")}
    name = of(found, "Name")
    assert (name.given_by, name.value) == ("tables", "Circuit de Monaco")
    assert [(one.source, one.key, one.value) for one in name.others] == [
        ("openf1", "22", "Monte Carlo")
    ]
    assert of(found, "CountryCode").given_by == "openf1"
    assert of(found, "Altitude").given_by == "ergast"
    assert of(found, "LayoutMapUrl").because == "never ours"
    assert of(found, "Slug").given_by == "us"


def test_a_round_says_by_whose_numbering(db: Db) -> None:
    """OpenF1's by date; without OpenF1's word, the archive's own."""
    number = of(trace(db, "round", "2023-monaco-grand-prix"), "RoundNumber")
    assert (number.value, number.given_by) == (6, "openf1")
    assert number.because == "counted by date in openf1's list"
    db.execute("DELETE FROM ingest.claims WHERE source = 'openf1' AND kind = 'round'")
    found = trace(db, "round", "2023-monaco-grand-prix")
    assert of(found, "RoundNumber").because == "ergast's own number"
    assert of(found, "OpenF1MeetingKey").because == "never ours"


def test_a_session_says_whose_hour_it_is_and_that_its_status_is_times(db: Db) -> None:
    """Qatar 2024: an hour between the two."""
    found = trace(db, "session", "9655")
    start = of(found, "StartTimeUtc")
    assert (start.given_by, start.words[0].key) == ("openf1", "9655")
    assert [(one.source, one.key, one.value[11:16]) for one in start.others] == [
        ("ergast", "1143/race", "17:00")
    ]
    status = of(found, "Status")
    assert (status.given_by, status.value) == ("time", 2)
    assert status.because == "by the clock: ends 2024-12-01T18:00:00+00:00, says openf1"
    running = why.trace(db, "session", "9655", datetime(2024, 12, 1, 17, tzinfo=UTC))
    assert running.due == {"Status": 1}


def test_a_session_says_who_cancelled_it(db: Db) -> None:
    """The session's own list, or the season's of the round; whoever comes first is believed."""
    call_off = "UPDATE ingest.claims SET fields = fields || %s WHERE source = %s AND key = %s"
    db.execute(call_off, ('{"Cancelled": true}', "ergast", "1143/race"))
    assert trace(db, "session", "9655").due == {}
    db.execute(call_off, ('{"SessionsCancelled": true}', "openf1", "1251"))
    found = trace(db, "session", "9655")
    assert of(found, "Status").because == "its round is cancelled, says openf1"
    assert found.due == {"Status": 3}
    db.execute(call_off, ('{"Cancelled": true}', "openf1", "9655"))
    assert of(trace(db, "session", "9655"), "Status").because == "cancelled, says openf1"


def test_an_entrant_says_whose_lists_name_the_driver_for_the_team(db: Db) -> None:
    """With the keys of driver and team; what some list says of another team is another's word."""
    row = db.execute("""
        SELECT e."Id" FROM "Entrants" e JOIN "Rounds" r ON r."Id" = e."RoundId"
        JOIN "Drivers" d ON d."Id" = e."DriverId"
        WHERE r."Slug" = '2023-singapore-grand-prix' AND d."Slug" = 'lance-stroll'""").fetchone()
    entrant = str(row[0] if row else "")
    team = of(trace(db, "entrant", entrant), "TeamId")
    assert team.given_by == "lists"
    assert team.because == "listed for this team in 5 of 5 sessions that have a list"
    assert {(one.source, one.key, one.about) for one in team.words} == {
        ("openf1", "aston martin", "FP1, FP2, FP3, QUALIFYING, driver 'lance stroll', car 18"),
        ("ergast", "aston_martin", "RACE, driver 'stroll', car 18"),
    }
    role = of(trace(db, "entrant", entrant), "Role")
    assert (role.given_by, role.value) == ("lists", 0)
    assert role.because == (
        "by the season's lists: named in 5 sessions, 2 of them qualifyings or races"
    )
    db.execute(
        'UPDATE ingest.entries SET team = (SELECT "Id" FROM "Teams" WHERE "Slug" = \'williams\')'
        " WHERE driver_key = 'stroll' AND source = 'ergast'"
    )
    (other,) = of(trace(db, "entrant", entrant), "TeamId").others
    assert (other.source, other.value) == ("ergast", "Williams")


def test_what_was_changed_in_the_product_is_told_before_and_after_it_was_seen(db: Db) -> None:
    """With what the sources say instead."""
    db.execute(
        'UPDATE "Drivers" SET "Nationality" = %s WHERE "Slug" = %s', ("Belgian", "max-verstappen")
    )
    fresh = of(trace(db, "driver", "max-verstappen"), "Nationality")
    assert (fresh.given_by, fresh.value) == ("product", "Belgian")
    assert fresh.because == "changed in the product since we last wrote it"
    assert [(one.source, one.key, one.value) for one in fresh.others] == [
        ("ergast", "max_verstappen", "Dutch"),
        ("openf1", "max verstappen", "Dutch"),
    ]
    recompute(db, Season("formula-1", 2024), NOW)
    seen = of(trace(db, "driver", "max-verstappen"), "Nationality")
    assert (seen.given_by, seen.because) == ("product", "changed in the product")
    assert [(one.source, one.observed_at) for one in seen.words] == [("product", iso(NOW))]


def iso(moment: datetime) -> str:
    """As a trace has it."""
    return moment.isoformat()


def test_a_row_that_no_source_gives_is_never_ours(db: Db) -> None:
    """Made in the product: every column of it."""
    db.execute(
        'INSERT INTO "Teams" ("Id", "Name", "Slug") VALUES (gen_random_uuid(), %s, %s)',
        ("Some Team", "some-team"),
    )
    found = trace(db, "team", "some-team")
    assert (found.keys, found.due) == ((), {})
    assert {one.given_by for one in found.columns} == {None}


def test_decisions_that_stand_are_shown_on_what_they_touch(db: Db) -> None:
    """On the row that a key was decided to mean, and on entrants of its driver; none undone."""
    before, after = (trace(db, "driver", slug).id for slug in ("sergio-perez", "max-verstappen"))
    for key, undone in (("standing", None), ("undone", NOW)):
        db.execute(
            "INSERT INTO ingest.decisions (kind, source, key, before, after, row, decided_by,"
            " decided_at, undone_at) VALUES ('driver', 'ergast', %s, %s, %s, '{}', 'me', %s, %s)",
            (key, before, after, NOW, undone),
        )
    (decision,) = trace(db, "driver", after).decisions
    assert (decision.key, decision.before, decision.decided_by) == ("standing", before, "me")
    row = db.execute('SELECT min("Id"::text) FROM "Entrants" WHERE "DriverId" = %s', (after,))
    (entrant,) = row.fetchone() or ("",)
    assert [one.key for one in trace(db, "entrant", entrant).decisions] == ["standing"]


@pytest.mark.usefixtures("environment")
def test_tables_and_rows_are_found_under_any_of_their_names(db: Db) -> None:
    """Id, address, OpenF1's key; the table's name in any case and number. Unknown: 1, misuse: 2."""
    id_ = trace(db, "round", "2023-monaco-grand-prix").id
    for table, wanted in (
        ("Rounds", id_),
        ("ROUND", id_.upper()),
        ("round", "1210"),
        ("rounds", "2023-Monaco-Grand-Prix"),
    ):
        code, out, _ = told("why", table, wanted, "--json")
        assert (code, json.loads(out)["id"]) == (0, id_)
    code, out, _ = told("why", "rounds", id_)
    assert code == 0
    assert "RoundNumber = 6\n    counted by date in openf1's list\n    openf1 '1210'" in out
    assert told("why", "driver", "nobody")[::2] == (1, "no driver is known as 'nobody'\n")
    assert told("why", "tyres", "soft")[0] == 2


@pytest.mark.usefixtures("environment")
def test_a_result_is_told_to_those_who_ask_for_spoilers() -> None:
    """Otherwise it is misuse, and nothing is printed; an unknown one is not found."""
    for wrong in (["some-result"], [str(UUID(int=1))], ["some-result", "--spoilers"]):
        code, out, err = told("why", "results", *wrong)
        assert (code, out) == (2, ""), err
    assert "--spoilers" in told("why", "Result", str(UUID(int=1)))[2]
    assert told("why", "results", str(UUID(int=1)), "--spoilers")[0] == 1


def result(db: Db, round_: str, type_: int, driver: str) -> str:
    """The id of somebody's result."""
    row = db.execute(
        """
        SELECT x."Id" FROM "Results" x JOIN "Sessions" s ON s."Id" = x."SessionId"
        JOIN "Rounds" r ON r."Id" = s."RoundId" JOIN "Entrants" e ON e."Id" = x."EntrantId"
        JOIN "Drivers" d ON d."Id" = e."DriverId"
        WHERE r."Slug" = %s AND s."Type" = %s AND d."Slug" = %s
        """,
        (round_, type_, driver),
    ).fetchone()
    assert row
    return str(row[0])


@pytest.mark.usefixtures("environment")
def test_a_result_says_of_each_group_whose_set_it_is(db: Db) -> None:
    """Where points differ, one half is OpenF1's, the other the archive's, and both are told."""
    wanted = result(db, "2023-united-states-grand-prix", 6, "pierre-gasly")
    code, out, _ = told("why", "results", wanted, "--spoilers", "--json")
    groups = {next(iter(one["columns"])): one for one in json.loads(out)["groups"]}
    assert code == 0
    givers = {name: one["given"] and one["given"]["source"] for name, one in groups.items()}
    assert givers == {
        "Position": "openf1",
        "Points": "ergast",
        "GridPosition": "ergast",
        "FastestLap": "ergast",
        "CarNumber": "openf1",
        "LapsLed": None,
        "StatusDetail": None,
    }
    others = {name: [it["source"] for it in one["others"]] for name, one in groups.items()}
    assert others["Points"] == ["openf1"]
    assert not any(one["due"] for one in groups.values())
    assert {one["because"] for one in groups.values()} == {None, "no source says anything"}
    stored = db.execute('SELECT "Points" FROM "Results" WHERE "Id" = %s', (wanted,)).fetchone()
    same = stored == (groups["Points"]["columns"]["Points"],)
    assert same, "the value is another than the product's"
    text = told("why", "results", wanted, "--spoilers")[1]
    assert "    ergast's set, observed " in text
    assert "    but openf1's set, observed 2025-05-01 00:00:00Z: Points" in text


@pytest.mark.usefixtures("environment")
def test_a_result_of_one_source_alone_or_of_none_says_so(db: Db) -> None:
    """Spa's qualifying of 2023 is the archive's; a row without any set was never ours."""
    wanted = result(db, "2023-belgian-grand-prix", 3, "lando-norris")
    groups = json.loads(told("why", "results", wanted, "--spoilers", "--json")[1])["groups"]
    assert {one["given"]["source"] for one in groups if one["given"]} == {"ergast"}
    assert not any(one["others"] for one in groups)
    db.execute("DELETE FROM spoilers.classifications")
    db.execute("DELETE FROM spoilers.written")
    found = results.trace(db, UUID(wanted))
    assert found
    reasons = {one.because for one in found.groups}
    assert reasons == {"never ours: no source gives this row", "no source says anything"}
