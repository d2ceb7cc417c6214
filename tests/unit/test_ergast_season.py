"""A season of the archive: days and starts, who entered what, and nothing of how it ended."""

import random
import zoneinfo
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ingestion_core.errors import Unprepared
from ingestion_core.racing.kinds import SessionType
from ingestion_core.racing.types import Entry, Season
from ingestion_core.sources.ergast.archive import opened
from ingestion_core.sources.ergast.library import read_library
from ingestion_core.sources.ergast.moments import Given, moments, zone_of
from ingestion_core.sources.ergast.season import season
from tests.support import archives

VEGAS = ZoneInfo("America/Los_Angeles")
MELBOURNE = ZoneInfo("Australia/Melbourne")


def shaped(path: Path, year: int, content: archives.Tables | None = None) -> Season:
    """A season of this archive, or of the made-up one."""
    folder = archives.write_csv(path / "csv", content or archives.tables())
    with opened(str(folder)) as archive:
        return season(read_library(archive), year)


def given(*written: str) -> list[Given]:
    """Days, with or without a time."""
    return [
        Given(date.fromisoformat(one[:10]), time.fromisoformat(one[11:]) if one[11:] else None)
        for one in written
    ]


def starts(zone: ZoneInfo | None, *written: str) -> list[str]:
    """The starts of these sessions in UTC, each with its local day."""
    return [
        f"{one.day:%d} {one.start:%d %H:%M}" if one.start else f"{one.day:%d}"
        for one in moments(given(*written), zone)
    ]


def test_a_sprint_weekend_has_its_sessions_with_their_real_starts(tmp_path: Path) -> None:
    """The second practice date is the sprint qualifying; of a date without a time, midnight."""
    [found] = shaped(tmp_path, 2023).weekends
    assert [(one.key, one.type, one.start, one.day_only) for one in found.sessions] == [
        ("20/fp1", SessionType.FP1, datetime(2023, 6, 30, 11, 30, tzinfo=UTC), False),
        ("20/qualifying", SessionType.QUALIFYING, datetime(2023, 6, 30, 15, tzinfo=UTC), False),
        (
            "20/sprint-qualifying",
            SessionType.SPRINT_QUALIFYING,
            datetime(2023, 7, 1, 10, 30, tzinfo=UTC),
            False,
        ),
        ("20/sprint", SessionType.SPRINT, datetime(2023, 7, 1, tzinfo=UTC), True),
        ("20/race", SessionType.RACE, datetime(2023, 7, 2, 13, tzinfo=UTC), False),
    ]
    assert (found.first_day, found.last_day) == (date(2023, 6, 30), date(2023, 7, 2))


@pytest.mark.parametrize(("year", "second"), [("2022", SessionType.FP2), ("2025", None)])
def test_only_since_2023_the_second_practice_of_a_sprint_weekend_is_none(
    tmp_path: Path, year: str, second: SessionType | None
) -> None:
    """In 2021 and 2022 it was a practice."""
    content = archives.tables()
    content["races"][1] = [one.replace("2023", year) if one else one for one in content["races"][1]]
    [found] = shaped(tmp_path, int(year), content).weekends
    types = {one.type for one in found.sessions}
    assert (second or SessionType.SPRINT_QUALIFYING) in types
    assert len(types & {SessionType.FP2, SessionType.SPRINT_QUALIFYING}) == 1


def test_a_qualifying_with_rows_and_no_date_is_on_the_day_before(tmp_path: Path) -> None:
    """Without an hour; the round's days are the known ones."""
    [found] = shaped(tmp_path, 2019).weekends
    assert [(one.type, one.start.date(), one.day_only) for one in found.sessions] == [
        (SessionType.QUALIFYING, date(2019, 5, 25), True),
        (SessionType.RACE, date(2019, 5, 26), False),
    ]
    assert (found.first_day, found.last_day) == (date(2019, 5, 26), date(2019, 5, 26))


def test_entries_are_who_drove_what_for_whom(tmp_path: Path) -> None:
    """Of the race those who did not start, too; practice has no list."""
    [found] = shaped(tmp_path, 2023).weekends
    one, two = Entry("one", "alpha", "44"), Entry("two", "beta", "7")
    assert {session.type: session.entries for session in found.sessions} == {
        SessionType.FP1: None,
        SessionType.SPRINT_QUALIFYING: None,
        SessionType.QUALIFYING: frozenset({one}),
        SessionType.SPRINT: frozenset({one}),
        SessionType.RACE: frozenset({one, two}),
    }


def test_profiles_carry_everything_that_the_archive_has(tmp_path: Path) -> None:
    """Only of those who entered that season."""
    [found] = shaped(tmp_path, 2019).weekends
    circuit = found.circuit
    assert (circuit.key, circuit.latitude, circuit.longitude, circuit.altitude, circuit.url) == (
        *("monaco", 43.7, 7.4, 7, archives.W),
    )
    assert [(c.key, c.name, c.nationality) for c in found.teams] == [
        ("alpha", "Alpha", "British"),
        ("beta", 'Beta "B" Racing', "Italian"),
    ]
    assert [
        (d.key, d.last_name, d.abbreviation, d.permanent_number, d.born, d.nationality)
        for d in found.drivers
    ] == [
        ("one", "One", "ONE", 44, date(1985, 1, 7), "British"),
        ("two", "O'Two, Jr.", None, 7, None, "Finnish"),
    ]


def test_a_number_before_2014_is_no_permanent_one(tmp_path: Path) -> None:
    """It was the car's; a number 1 told who had won the year before."""
    content = archives.tables()
    content["races"] = [["10", "2013", "6", "6", "Monaco Grand Prix", "2013-05-26"]]
    content["results"], content["qualifying"] = content["results"][:2], content["qualifying"][:2]
    content["sprint_results"] = []
    [found] = shaped(tmp_path, 2013, content).weekends
    assert [(one.permanent_number, one.number) for one in found.drivers] == [(None, None)] * 2


def test_an_altitude_may_be_below_the_sea(tmp_path: Path) -> None:
    """Baku's is."""
    content = archives.tables()
    content["circuits"][0][7] = "-7"
    assert shaped(tmp_path, 2019, content).weekends[0].circuit.altitude == -7


def test_nothing_depends_on_the_order_of_rows(tmp_path: Path) -> None:
    """The archive's is the finishing order."""
    content = archives.tables()
    before = shaped(tmp_path / "a", 2023, content)
    for rows in content.values():
        random.Random(7).shuffle(rows)
        rows.reverse()
    after = shaped(tmp_path / "b", 2023, content)
    assert [replace(one, origin=before.origin) for one in after.weekends] == [*before.weekends]


def test_what_refers_to_nothing_is_quarantined_without_its_result(tmp_path: Path) -> None:
    """A race of no circuit, an entry of no driver, one of no constructor, one without a number."""
    content = archives.tables()
    content["races"].append(["30", "2019", "7", "99", "Nowhere Grand Prix", "2019-06-09"])
    rest = [*archives.nulls(1), "9", "9", "R", "9", "9", "9"]
    content["results"] += [
        ["5", "10", "77", "1", "1", *rest],
        ["6", "10", "3", "77", "1", *rest],
        ["7", "10", "x", "1", "1", *rest],
        ["8", "10", "w", "1", "1", *rest],
    ]
    found = shaped(tmp_path, 2019, content)
    assert [(one.row_key, one.reason) for one in found.unreadable] == [
        ("raceId=10 driverId=w constructorId=1", "unreadable: driverId"),
        ("raceId=10 driverId=x constructorId=1", "unreadable: driverId"),
        ("raceId=10 driverId=3 constructorId=77", "unknown-constructor"),
        ("raceId=10 driverId=77 constructorId=1", "unknown-driver"),
        ("raceId=30", "unknown-circuit"),
    ]
    assert [len(one.sessions[-1].entries or ()) for one in found.weekends] == [2]
    for one in found.unreadable[:4]:
        assert set(one.row) <= {"raceId", "driverId", "constructorId", "number"}


def test_a_season_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """It is no error: newer archives have more seasons."""
    found = shaped(tmp_path, 2024)
    assert (found.weekends, found.origin.key) == ((), "2024")


def test_las_vegas_in_local_dates() -> None:
    """2024: taken as UTC, every session would be a day early, the first on a Wednesday."""
    assert starts(
        VEGAS,
        *("2024-11-21 02:30", "2024-11-21 06:00", "2024-11-22 02:30", "2024-11-22 06:00"),
        "2024-11-23 06:00",
    ) == ["21 22 02:30", "21 22 06:00", "22 23 02:30", "22 23 06:00", "23 24 06:00"]


def test_las_vegas_with_a_race_in_utc() -> None:
    """2023: its sessions at midnight have the evening's date, and the race has that of UTC."""
    assert starts(
        VEGAS,
        *("2023-11-16 04:30", "2023-11-16 08:00", "2023-11-17 04:30", "2023-11-17 08:00"),
        "2023-11-19 06:00",
    ) == ["16 17 04:30", "17 17 08:00", "17 18 04:30", "18 18 08:00", "18 19 06:00"]


def test_las_vegas_in_utc_stays_as_it_is() -> None:
    """A set that has the dates right: its weekend begins on a Thursday without our help."""
    assert starts(VEGAS, "2025-11-21 00:30", "2025-11-22 04:00", "2025-11-23 04:00") == [
        *("20 21 00:30", "21 22 04:00", "22 23 04:00")
    ]


def test_the_races_of_2005_and_2006_have_the_circuits_clock() -> None:
    """As UTC Melbourne's would begin at one in the morning, a day late; since 2007 it is UTC."""
    assert starts(MELBOURNE, "2005-03-06 14:00") == ["06 06 03:00"]
    assert starts(MELBOURNE, "2006-04-02 14:00") == ["02 02 04:00"]
    assert starts(MELBOURNE, "2007-03-18 03:00") == ["18 18 03:00"]


def test_without_a_known_zone_the_date_is_taken_at_its_word() -> None:
    """A circuit that nobody has entered into the table yet."""
    assert starts(None, "2024-11-21 02:30", "2024-11-22", "2024-11-23 06:00") == [
        *("21 21 02:30", "22", "23 23 06:00")
    ]
    assert zone_of("a-new-circuit") is None


def test_a_machine_without_time_zones_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day that is wrong for want of a file would pass unseen."""

    def missing(key: str) -> ZoneInfo:
        raise zoneinfo.ZoneInfoNotFoundError(key)

    zone_of.cache_clear()
    monkeypatch.setattr("ingestion_core.sources.ergast.moments.ZoneInfo", missing)
    with pytest.raises(Unprepared, match=r"Europe/Monaco is missing; install .* tzdata"):
        zone_of("monaco")


def test_every_session_keeps_the_written_time_of_day() -> None:
    """Only the day is ever in question since 2007."""
    rng = random.Random(5)
    for _ in range(200):
        first = datetime(2020, 1, 1) + timedelta(days=rng.randrange(2000))  # noqa: DTZ001 -- a day, no moment
        written = [
            f"{first + timedelta(days=place // 2):%Y-%m-%d} {rng.randrange(24):02}:15"
            for place in range(5)
        ]
        found = moments(given(*written), VEGAS)
        assert [f"{one.start:%H:%M}" for one in found] == [one[11:] for one in written]
