"""``verify``: each invariant is broken once, and named; gaps are told with their reason."""

import re
from pathlib import Path

import psycopg
import pytest

from ingestion_core.cli.main import main
from ingestion_core.database.invariants import LOOK_ONLY, broken
from ingestion_core.quality import invariants
from ingestion_core.results import verify as results
from ingestion_core.settings import settings
from tests.database.quality.conftest import Command
from tests.support import product
from tests.support.composed import composed


def test_of_what_was_read_whole_all_holds(command: Command) -> None:
    """Rounds, sessions, entrants and results are there, as many as the season's list has."""
    found = command.verify("--year", "2024")
    assert found["violations"] == []
    [season] = found["seasons"]
    assert (season["series"], season["year"]) == ("formula-1", 2024)
    assert season["rounds"] == {"found": 2, "expected": 2}
    assert season["sessions"] == {"found": 10, "expected": 10}
    assert season["entrants"] == [20, 20]
    assert season["results"] == {"found": 10, "expected": 10}
    assert (season["gaps"], season["reasons"]) == ([], {})
    told = command.run("verify")
    assert (
        "formula-1 2024: rounds 2 of 2, sessions with entrants 10 of 10, 20 to 20 in each" in told
    )
    assert "seasons: 1, gaps: 0, violations: 0" in told


def test_years_that_nobody_asked_about_are_not_told(command: Command) -> None:
    """By one year, or from one to another; both at once is misuse."""
    assert command.verify("--from", "2020", "--to", "2023")["seasons"] == []
    assert len(command.verify("--from", "2020")["seasons"]) == 1
    with pytest.raises(SystemExit) as misuse:
        main(["verify", "--year", "2024", "--from", "2020"])
    assert misuse.value.code == 2


GAPS = [
    (
        """UPDATE ingest.fetches SET outcome = 'empty', next_at = '2030-01-01'
           WHERE resource = 'session_result' AND key = '1229'""",
        "missing: no results; the answer was empty",
    ),
    (
        """INSERT INTO ingest.items (source, task, key, state, error_code, closed_at)
           VALUES ('openf1', 'load_results', '1229', 'failed', 'poison', now())""",
        "failed: no results; failed: poison",
    ),
    (
        """DELETE FROM ingest.fetches WHERE resource = 'session_result' AND key = '1229'""",
        "missing: no results; never asked for",
    ),
    (
        """UPDATE ingest.items SET counts = counts || '{"quarantined": 7}'
           WHERE task = 'load_results' AND key = '1229'""",
        "missing: no results; not in the answer; 7 rows quarantined",
    ),
]
_NO_RESULTS = """
DELETE FROM "Results" x USING "Sessions" s, "Rounds" r
WHERE s."Id" = x."SessionId" AND r."Id" = s."RoundId" AND r."OpenF1MeetingKey" = 1229
"""


@pytest.mark.parametrize(("made", "reason"), GAPS)
def test_a_gap_is_told_with_its_reason_and_is_no_violation(
    command: Command, made: str, reason: str
) -> None:
    """Empty, failed, never asked for, quarantined: of each session; the command is content."""
    command.sql(_NO_RESULTS)
    command.sql(made)
    found = command.verify("--year", "2024")
    [season] = found["seasons"]
    assert season["results"] == {"found": 5, "expected": 10}
    assert season["reasons"] == {reason: 5}
    assert {gap["session"] for gap in season["gaps"]} == {
        *("FP1", "FP2", "FP3", "QUALIFYING", "RACE")
    }
    assert f"{5:>4} {reason}" in command.run("verify", "--year", "2024").replace("     ", "   ")


def test_what_is_not_opted_into_is_no_gap(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told as withheld, and how often."""
    command.sql('DELETE FROM "Results"')
    monkeypatch.setenv("RESULTS_ENABLED", "false")
    [season] = command.verify()["seasons"]
    assert season["results"] is None
    assert season["gaps"] == []
    assert season["reasons"] == {"results withheld: results are not opted in": 10}


def test_a_round_that_its_list_names_and_nobody_read_is_a_gap(command: Command) -> None:
    """Expected, not found."""
    command.sql(
        """UPDATE ingest.claims SET target = NULL WHERE kind = 'round' AND source = 'openf1'
           AND key = '1230'"""
    )
    command.sql(
        """INSERT INTO ingest.claims (source, kind, key, observed_at, fields) VALUES
           ('openf1', 'round', '99', now(), '{"Season": "formula-1|2024", "Name": "Lost Grand Prix",
             "DateStart": "2024-06-01", "ListedEnd": "2024-06-02"}')"""
    )
    [season] = command.verify()["seasons"]
    assert season["rounds"]["expected"] > season["rounds"]["found"] == 2
    assert ("Lost Grand Prix", None) in {(gap["round"], gap["session"]) for gap in season["gaps"]}


BROKEN = {
    "a-meeting-is-one-round": 'UPDATE "Rounds" SET "OpenF1MeetingKey" = 1229',
    "a-session-is-there-once": composed("""
        INSERT INTO "Sessions" SELECT {nobody}, "RoundId", "Type", "StartTimeUtc", 2, NULL
        FROM "Sessions" WHERE "Id" = {session}"""),
    "a-number-is-one-round": 'UPDATE "Rounds" SET "RoundNumber" = 1',
    "a-key-means-one-row": composed("""
        UPDATE ingest.claims SET target = {other}
        WHERE source = 'openf1' AND kind = 'round' AND key = '1229'"""),
    "an-id-is-a-name's": composed("""
        INSERT INTO ingest.claims (source, kind, key, target, observed_at, fields)
        VALUES ('written', 'driver', 'else', {nobody}, now(), '{{"made here": true}}')"""),
    "a-claim-has-its-row": composed("""
        INSERT INTO ingest.claims (source, kind, key, target, observed_at, fields)
        VALUES ('openf1', 'driver', 'x', {nobody}, now(), '{{"LastName": "X"}}')"""),
    "a-row-has-its-source": composed("""
        INSERT INTO "Drivers" ("Id", "FirstName", "LastName", "Slug")
        VALUES ({nobody}, 'No', 'Body', 'no-body');
        INSERT INTO ingest.claims (source, kind, key, target, observed_at, fields)
        VALUES ('written', 'driver', {nobody}, {nobody}, now(), '{{"made here": true}}')"""),
    "an-entry-has-its-rows": composed("""
        INSERT INTO ingest.entries (source, session, driver, team, observed_at)
        SELECT 'openf1', {nobody}, driver, team, now() FROM ingest.entries LIMIT 1"""),
    "an-entry-has-its-entrant": 'DELETE FROM "Entrants"',
    "a-session-is-in-its-round": composed("""
        UPDATE "Sessions" SET "StartTimeUtc" = "StartTimeUtc" - interval '9 days'
        WHERE "Id" = {session}"""),
    "nothing-runs-too-long": """
        INSERT INTO ingest.items (source, task, key, state, started_at)
        VALUES ('openf1', 'sync_meeting', '1', 'running', now() - interval '26 minutes')""",
    "what-is-sent-is-due": """
        INSERT INTO ingest.items (source, task, key, state) VALUES ('openf1', 'a', '1', 'sent')""",
    "what-ended-says-when": "UPDATE ingest.items SET closed_at = NULL WHERE state = 'done'",
    "a-decision-holds": composed("""
        INSERT INTO ingest.decisions (kind, source, key, before, after, row)
        SELECT kind, source, key, target, {nobody}, '{{}}' FROM ingest.claims
        WHERE source = 'openf1' AND kind = 'driver' LIMIT 1"""),
    "a-result-is-of-its-round": composed("""
        UPDATE "Results" SET "SessionId" = (SELECT "Id" FROM "Sessions"
            WHERE "RoundId" = {other} ORDER BY "Id" LIMIT 1)
        WHERE "Id" = (SELECT x."Id" FROM "Results" x JOIN "Sessions" s ON s."Id" = x."SessionId"
            WHERE s."RoundId" = {round} ORDER BY x."Id" LIMIT 1)"""),
    "no-result-before-its-session": composed("""
        UPDATE "Sessions" SET "StartTimeUtc" = now() + interval '1 hour' WHERE "Id" = {session}"""),
    "a-set-has-its-session": composed("""
        UPDATE spoilers.classifications SET session = {nobody}
        WHERE classification = (SELECT min(classification) FROM spoilers.classifications)"""),
    "what-we-wrote-is-of-its-session": composed("""
        UPDATE spoilers.written SET session = {nobody}
        WHERE session = (SELECT session FROM spoilers.written ORDER BY session LIMIT 1)"""),
}
#: What the same deed breaks as well.
ALSO = {
    "a-meeting-is-one-round": {"a-key-means-one-row"},
    "no-result-before-its-session": {"a-session-is-in-its-round"},
    "a-result-is-of-its-round": {"what-we-wrote-is-of-its-session"},
    "an-id-is-a-name's": {"a-claim-has-its-row"},
    "an-entry-has-its-entrant": {"a-claim-has-its-row"},
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_must_hold_and_does_not_is_named(command: Command, name: str) -> None:
    """With its sentence, how often, and where first; the command fails."""
    command.sql(BROKEN[name])
    violations = {
        one["name"]: one for one in command.verify("--year", "1999", code=1)["violations"]
    }
    assert name in violations
    assert set(violations) <= {name} | ALSO.get(name, set())
    one = violations[name]
    assert one["count"] >= len(one["examples"]) > 0
    assert f"violation: {name}: {one['says']}: " in command.run("verify", code=1)


def test_every_invariant_is_broken_here_once(command: Command) -> None:
    """None is added without a test that sees it."""
    with psycopg.connect(command.database) as db:
        known = {one.name for one in invariants.invariants(db, ["load_results"])}
    of_results = {one.name for one in (*results._PRODUCT, *results._OURS)}
    tested = {"no-work-on-what-is-off", *BROKEN}
    assert known | of_results == tested
    written = (Path(__file__).parents[3] / "docs/cli.md").read_text()
    named = set(re.findall(r"^\| `([a-z'-]+)` \|", written, re.MULTILINE))
    assert named >= {*tested, results._OFF.name}


def test_a_result_that_we_wrote_is_a_violation_once_results_are_off(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named by its session; no value is told. What others wrote is theirs."""
    monkeypatch.setenv("RESULTS_ENABLED", "false")
    settings.cache_clear()
    [found] = command.verify(code=1)["violations"]
    assert (found["name"], found["count"]) == ("no-result-unless-opted-in", 10)
    assert all(one.startswith("session ") for one in found["examples"])
    command.sql("DELETE FROM spoilers.written")
    assert command.verify()["violations"] == []


def test_work_that_waits_for_results_that_are_off_is_a_violation(command: Command) -> None:
    """Whoever starts withholds it; another instance may go on to ask for it."""
    command.sql(
        """INSERT INTO ingest.items (source, task, key) VALUES ('openf1', 'load_results', '1')"""
    )
    with psycopg.connect(command.database) as db:
        names = [one.name for one in broken(db, invariants.invariants(db, ["load_results"]))]
        assert names == ["no-work-on-what-is-off"]
        assert broken(db, invariants.invariants(db, ["load_season_results"])) == []


def test_it_only_looks(command: Command) -> None:
    """Not a byte of any table changes, but for a source's pace, which whoever starts sets."""

    def tables() -> dict[tuple[str, str], str]:
        return {
            (schema, name): text
            for schema in ("public", "ingest", "spoilers")
            for name, text in product.texts(command.database, schema).items()
            if name != "sources"
        }

    before = tables()
    command.run("verify")
    after = tables()
    assert [name for name in before if before[name] != after[name]] == []


def test_the_transaction_cannot_write(command: Command) -> None:
    """Whatever a statement of ours would do."""
    with psycopg.connect(command.database) as db:
        db.execute(LOOK_ONLY)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            db.execute("UPDATE ingest.items SET state = state")
