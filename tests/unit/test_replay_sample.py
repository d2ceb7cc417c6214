"""The shipped sample tells the season of 2024 as OpenF1 does."""

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from local.replay.rows import Row, Rows
from local.replay.sample import FOLDER, load_sample

ROUNDS_WITH_RESULTS = {1229, 1230, 1231}
GONE_SINCE_2026 = {"meeting_code"}


@pytest.fixture(scope="module")
def sample() -> Rows:
    """The sample, expanded once."""
    return load_sample()


@pytest.fixture(scope="module")
def recording() -> Path:
    """The recorded season of 2024, which is not part of the project."""
    recordings = os.environ.get("PARCFERME_RECORDINGS")
    if not recordings:
        pytest.skip("PARCFERME_RECORDINGS is not set: no recorded season to compare with")
    return Path(recordings) / "openf1" / "2024"


def test_the_season_is_whole(sample: Rows) -> None:
    """25 meetings with testing, 123 sessions, 33 people, 523 of them by meeting."""
    drivers = sample.of("drivers")
    assert len(sample.of("meetings")) == 25
    assert len(sample.of("sessions")) == 123
    assert len({row["full_name"] for row in drivers}) == 33
    assert len({(row["meeting_key"], row["full_name"]) for row in drivers}) == 523
    assert {row["session_key"] for row in drivers} == {
        row["session_key"] for row in sample.of("sessions")
    }


def test_every_session_has_each_car_once(sample: Rows) -> None:
    """Twenty cars, or nineteen where nobody stood in."""
    cars = Counter((row["session_key"], row["driver_number"]) for row in sample.of("drivers"))
    sizes = Counter(session for session, _ in cars)
    assert set(cars.values()) == {1}
    assert Counter(sizes.values()) == {20: 120, 19: 3}


@pytest.mark.parametrize("collection", ["session_result", "starting_grid"])
def test_only_the_first_three_rounds_have_results(sample: Rows, collection: str) -> None:
    """The rest of the season answers as if nothing had been published."""
    assert {row["meeting_key"] for row in sample.of(collection)} == ROUNDS_WITH_RESULTS


def test_rows_have_the_shape_of_today(sample: Rows) -> None:
    """Cancellation is said everywhere, and a meeting ends with its last session."""
    for row in [*sample.of("meetings"), *sample.of("sessions")]:
        assert row["is_cancelled"] is False
    testing = sample.of("meetings")[0]
    assert testing["meeting_name"] == "Pre-Season Testing"
    assert testing["date_end"] == "2024-02-23T16:00:00+00:00"


@pytest.mark.parametrize("file", ["season.json", "results.json"])
def test_the_source_is_credited_in_each_file(file: str) -> None:
    """With its name, address and licence."""
    attribution = json.loads((FOLDER / file).read_text(encoding="utf-8"))["attribution"]
    for part in ("OpenF1", "https://openf1.org", "CC BY-NC-SA 4.0"):
        assert part in attribution


def test_the_sample_is_small() -> None:
    """Facts told once: a few tens of kilobytes in all."""
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 40_000


@pytest.mark.parametrize(
    "collection", ["meetings", "sessions", "drivers", "session_result", "starting_grid"]
)
def test_the_sample_equals_the_recorded_season(
    sample: Rows, recording: Path, collection: str
) -> None:
    """Row for row and field for field, but for the letter case of a colour."""
    recorded = json.loads((recording / f"{collection}.json").read_text(encoding="utf-8"))
    if collection in ("session_result", "starting_grid"):
        recorded = [row for row in recorded if row["meeting_key"] in ROUNDS_WITH_RESULTS]
    expanded = sorted(sample.of(collection), key=_key)
    differing = [
        _key(mine)
        for mine, theirs in zip(expanded, sorted(recorded, key=_key), strict=True)
        if _comparable(mine, theirs.keys()) != _comparable(theirs, theirs.keys())
    ]
    assert differing == []


def _key(row: Row) -> tuple[int, int, int]:
    return row["meeting_key"], row.get("session_key", 0), row.get("driver_number", 0)


def _comparable(row: Row, fields: Iterable[str]) -> Row:
    return {
        field: row[field].upper() if field == "team_colour" else row[field]
        for field in fields
        if field not in GONE_SINCE_2026
    }


def test_what_becomes_of_one_copy_is_not_seen_in_the_next() -> None:
    """Each replay changes its own."""
    changed = load_sample()
    assert changed.change("meetings", {"meeting_key": 1229}, {"meeting_name": "Another"}) == 1
    changed.replace("drivers", [])
    told = {row["meeting_key"]: row["meeting_name"] for row in load_sample().of("meetings")}
    assert told[1229] == "Bahrain Grand Prix"
    assert load_sample().of("drivers")
