"""``audit --compare`` on two recorded seasons that both sources know.

What differs is counted here in the recordings themselves, a second time. Nothing that fails here
prints a result: comparisons are of counts, or say only whether they hold.
"""

import json
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from ingestion_core.catalog.compare import compare, read_shared
from tests.support.commands import told
from tests.support.overlap import KINDS, differing, recorded
from tests.support.weekends import Db


def audit(*arguments: str) -> dict[str, Any]:
    """What ``audit --compare`` tells, as JSON."""
    code, out, err = told("audit", "--compare", "--json", *arguments)
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def audited(field: str, results: list[dict[str, Any]], db: Db) -> Counter[tuple[str, str]]:
    """Its counts of a field, by round and session."""
    named = dict(
        db.execute("""SELECT "Slug", left("Slug", 4) || ' ' || "Name" FROM "Rounds" """).fetchall()
    )
    return Counter(
        {
            (named[one["round"]], one["session"]): one["counts"][field]
            for one in results
            if field in one["counts"]
        }
    )


@pytest.mark.usefixtures("environment")
def test_points_positions_and_rows_differ_where_the_recordings_do(db: Db) -> None:
    """As often as counted by car in the two recordings, session by session."""
    results = audit()["results"]
    points, positions = (audited(field, results, db) for field in ("Points", "Position"))
    rows = audited("row", results, db)
    assert points == differing("points")
    assert positions == differing("position")
    assert rows == differing("row")
    assert sum(points.values()) == 10
    assert points["2023 United States Grand Prix", "RACE"] == 9
    assert {round_ for round_, type_ in positions if type_ == "RACE"} == {
        "2023 Monaco Grand Prix",
        "2023 Hungarian Grand Prix",
    }
    assert positions["2023 British Grand Prix", "QUALIFYING"] == 6
    assert positions["2024 Monaco Grand Prix", "QUALIFYING"] == 9
    assert positions["2023 Qatar Grand Prix", "SPRINT"] == 3
    assert sum(audited("TimeMilliseconds", results, db)[key] for key in by_type(results, db)) == 6
    assert rows == {
        ("2023 Belgian Grand Prix", "QUALIFYING"): 20,
        ("2023 Singapore Grand Prix", "RACE"): 1,
        ("2023 Azerbaijan Grand Prix", "SPRINT"): 1,
        ("2024 Dutch Grand Prix", "QUALIFYING"): 1,
    }
    assert {source for one in results for source in one["only"]} == {"ergast"}


def by_type(results: list[dict[str, Any]], db: Db) -> list[tuple[str, str]]:
    """The races in which times differ."""
    return [key for key in audited("TimeMilliseconds", results, db) if key[1] == "RACE"]


@pytest.mark.usefixtures("environment")
def test_without_the_word_results_differ_in_numbers_alone(db: Db) -> None:
    """No driver, no value; with it, as many of them as were counted, and in the text as well."""
    silent, frank = audit("--year", "2023"), audit("--year", "2023", "--spoilers")
    assert {name for one in silent["results"] for name in one} == {
        *("year", "round", "session", "counts", "only")
    }
    for one, other in zip(silent["results"], frank["results"], strict=True):
        fields = Counter(told["field"] for told in other["differences"])
        assert dict(fields) == one["counts"]
    drivers = [row[0] for row in db.execute('SELECT "Slug" FROM "Drivers"')]
    _, text, _ = told("audit", "--compare", "--year", "2023")
    of_results = [line for line in text.splitlines() if ", results: " in line]
    assert len(of_results) == len(silent["results"])
    assert not [line for line in of_results if any(driver in line for driver in drivers)]
    _, spoiled, _ = told("audit", "--compare", "--year", "2023", "--spoilers")
    assert any(driver in spoiled for driver in drivers)
    assert len(spoiled.splitlines()) > len(text.splitlines())


def test_starts_differ_where_the_recordings_do(db: Db) -> None:
    """By the clock: no day is wrong, Las Vegas's neither. Nothing else of sessions differs."""
    expected = {
        (round_, name, str(race[f"{KINDS[name][0]}time"]).rstrip("Z"), session["date_start"][11:19])
        for session, race, round_, name in recorded()
        if str(race[f"{KINDS[name][0]}time"]).rstrip("Z") != session["date_start"][11:19]
    }
    found = [one for one in compare(db, read_shared(db, 2023, 2024)) if one.about is None]
    assert {(one.field, one.session is None) for one in found} == {("StartTimeUtc", False)}
    clocks = sorted((one.said["ergast"][11:19], one.said["openf1"][11:19]) for one in found)
    assert clocks == sorted((mine, theirs) for *_, mine, theirs in expected)
    assert len(found) == 13
    assert all(one.said["ergast"][:10] == one.said["openf1"][:10] for one in found)


def test_entry_lists_differ_by_two_who_did_not_start(db: Db) -> None:
    """The archive names them, OpenF1's list of that session does not."""
    found = [one for one in compare(db, read_shared(db, 2023, 2024)) if one.about is not None]
    assert [(one.round, one.session.name if one.session else "", one.about) for one in found] == [
        ("2023-azerbaijan-grand-prix", "SPRINT", "logan-sargeant"),
        ("2023-singapore-grand-prix", "RACE", "lance-stroll"),
    ]
    assert [dict(one.said) for one in found] == [
        {"ergast": "williams", "openf1": None},
        {"ergast": "aston-martin", "openf1": None},
    ]


def test_rounds_that_differ_are_told_with_both_words(db: Db) -> None:
    """A wrong name, day, number or circuit would be seen: so it is, once it is there."""
    other = db.execute('SELECT min("Id"::text) FROM "Circuits"').fetchone()
    db.execute(
        "UPDATE ingest.claims SET fields = fields || jsonb_build_object('Name', 'Monte Carlo',"
        " 'DateStart', '2023-05-25', 'Number', 7, 'CircuitId', %s::text)"
        " WHERE source = 'ergast' AND kind = 'round' AND key = '1104'",
        other,
    )
    found = [one for one in compare(db, read_shared(db, 2023, 2023)) if one.session is None]
    assert {one.round for one in found} == {"2023-monaco-grand-prix"}
    assert {one.field: one.said for one in found} == {
        "Name": {"ergast": "Monte Carlo", "openf1": "Monaco Grand Prix"},
        "DateStart": {"ergast": "2023-05-25", "openf1": "2023-05-26"},
        "RoundNumber": {"ergast": 7, "openf1": 6},
        "Circuit": {"ergast": "monaco", "openf1": "22"},
    }


@pytest.mark.usefixtures("environment")
def test_the_audit_names_years_and_ends_with_totals() -> None:
    """By one year or from one to another; misuse is misuse."""
    _, text, _ = told("audit", "--compare", "--year", "2024")
    assert text.splitlines()[-6:] == [
        "rounds: no disagreement",
        "sessions: 4 StartTimeUtc",
        "entry lists: no disagreement",
        text.splitlines()[-3],
        "24 rounds are known to several sources",
        "whose results, and what the sources say: --spoilers",
    ]
    assert text.splitlines()[-3].startswith("results: ")
    every = audit()["totals"]
    assert every == audit("--from", "2023", "--to", "2024")["totals"]
    assert every["sessions"] == {"StartTimeUtc": 13}
    assert audit("--to", "2022")["rounds"] == 0
    for wrong in (["--year", "2023", "--to", "2024"], ["--from", "2024", "--to", "2023"]):
        assert told("audit", "--compare", *wrong)[0] == 2


def test_where_results_are_off_there_is_nothing_to_compare_or_to_trace(
    environment: pytest.MonkeyPatch, database: str
) -> None:
    """The audit says so; a result can't be asked for: a prerequisite is missing."""
    environment.setenv("DATABASE_URL", database)
    assert audit()["results"] is None
    assert "results: off here" in told("audit", "--compare")[1]
    code, out, err = told("why", "results", str(UUID(int=1)), "--spoilers")
    assert (code, out) == (3, "")
    assert "RESULTS_ENABLED" in err
