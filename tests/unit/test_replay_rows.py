"""Recorded folders are checked before they are served, and can be changed afterwards."""

import json
import os
from pathlib import Path

import pytest

from local.replay.rows import RecordingError, Row, Rows, load

SESSION: Row = {
    "meeting_key": 7,
    "session_key": 70,
    "date_start": "2024-03-02T15:00:00+00:00",
    "date_end": "2024-03-02T17:00:00+00:00",
}
DRIVER: Row = {"meeting_key": 7, "session_key": 70, "driver_number": 44}


def recording(folder: Path, **contents: object) -> Path:
    """A folder with these files beside a small valid set."""
    files = {"meetings": [{"meeting_key": 7}], "sessions": [SESSION], "drivers": [DRIVER]}
    folder.mkdir(exist_ok=True)
    for name, content in {**files, **contents}.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{name}.json").write_text(text)
    return folder


def test_a_season_without_results_has_empty_ones(tmp_path: Path) -> None:
    """session_result.json and starting_grid.json may be absent."""
    rows = load([recording(tmp_path)])
    assert rows.of("sessions") == [SESSION]
    assert rows.of("session_result") == []


def test_several_folders_are_merged_in_the_order_of_production(tmp_path: Path) -> None:
    """By start, then keys, whatever the order of the folders."""
    earlier = {**SESSION, "session_key": 99, "date_start": "2023-03-02T15:00:00+00:00"}
    folders = [recording(tmp_path / "b"), recording(tmp_path / "a", sessions=[earlier])]
    assert [row["session_key"] for row in load(folders).of("sessions")] == [99, 70]


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({"drivers": "[{"}, "drivers.json: not JSON"),
        ({"drivers": {"detail": "No results found."}}, "drivers.json: not a JSON list of objects"),
        ({"drivers": [{**DRIVER, "driver_number": "44"}]}, "drivers.json: .* no integer driver_nu"),
        (
            {"sessions": [{**SESSION, "date_end": None}]},
            "sessions.json: session 70 has no date_end",
        ),
        ({"sessions": [{**SESSION, "date_start": "soon"}]}, "session 70 has no date_start"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(
    tmp_path: Path, contents: dict[str, object], message: str
) -> None:
    """One line that tells where to look."""
    with pytest.raises(RecordingError, match=message) as caught:
        load([recording(tmp_path, **contents)])
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Meetings, sessions and drivers are what a recording is."""
    (recording(tmp_path) / "drivers.json").unlink()
    with pytest.raises(RecordingError, match=r"drivers\.json: the file is missing"):
        load([tmp_path])


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """Not the first file of it."""
    with pytest.raises(RecordingError, match="nowhere: no such folder"):
        load([tmp_path / "nowhere"])


def test_rows_can_be_rescheduled_removed_and_added() -> None:
    """A change meets the rows that hold all of `where`, and the order is made anew."""
    second = {**SESSION, "session_key": 71}
    rows = Rows({"sessions": [SESSION, second]})
    later = {"date_start": "2024-03-03T15:00:00+00:00"}
    assert rows.change("sessions", {"session_key": 70}, later) == 1
    assert rows.of("sessions") == [second, {**SESSION, **later}]
    assert rows.change("sessions", {"meeting_key": 7, "session_key": 71}, remove=True) == 1
    assert rows.change("sessions", {"session_key": 71}, {"is_cancelled": True}) == 0
    rows.change("sessions", {}, remove=True, add=[second])
    assert rows.of("sessions") == [second]


def test_a_change_that_would_break_the_rows_changes_nothing() -> None:
    """A session without times could not be locked out."""
    rows = Rows({"sessions": [SESSION]})
    with pytest.raises(RecordingError, match="date_start"):
        rows.change("sessions", {}, {"date_start": "2024-03-02"})
    assert rows.of("sessions") == [SESSION]


def test_rows_in_production_order_keep_the_order_of_ties() -> None:
    """Results of one session stay in the order they came in."""
    lines = [{**DRIVER, "driver_number": number} for number in (44, 1, 16)]
    assert [row["driver_number"] for row in Rows({"drivers": lines}).of("drivers")] == [44, 1, 16]


@pytest.mark.parametrize(
    "collection", ["meetings", "sessions", "drivers", "session_result", "starting_grid"]
)
def test_recorded_rows_are_served_as_they_are(collection: str) -> None:
    """Two real seasons, given in the wrong order: every row unchanged, 2023 first."""
    recordings = os.environ.get("PARCFERME_RECORDINGS")
    if not recordings:
        pytest.skip("PARCFERME_RECORDINGS is not set: no recorded seasons to serve")
    seasons = [Path(recordings) / "openf1" / year for year in ("2023", "2024")]
    recorded = [json.loads((season / f"{collection}.json").read_text()) for season in seasons]
    served = load(seasons[::-1]).of(collection)
    # A bare comparison, so that a failure prints no rows: some of them are results.
    same = served == recorded[0] + recorded[1]
    assert same
