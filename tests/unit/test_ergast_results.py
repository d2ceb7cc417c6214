"""The archive's results: what each row says, and that nobody learns it in passing."""

import random
from pathlib import Path

import pytest

from ingestion_core.errors import ArchiveUnreadable
from ingestion_core.racing.classification import Classification, FastestLap, Line
from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.racing.types import Unreadable
from ingestion_core.sources.ergast.archive import opened
from ingestion_core.sources.ergast.results import classifications, read_results
from tests.support import archives

GRID, POSITION, TEXT, POINTS, MS, RANK, STATUS = 5, 6, 7, 9, 12, 14, 17


def read(
    path: Path, content: archives.Tables, year: int = 2019
) -> tuple[list[Classification], list[Unreadable]]:
    """The classifications of a season of this archive."""
    path.mkdir(exist_ok=True)
    with opened(str(archives.write_csv(path / "csv", content))) as archive:
        return classifications(read_results(archive), year)


def line(path: Path, **changed: str | None) -> Line:
    """The line of the first race's first row with these columns changed."""
    content = archives.tables()
    for name, value in changed.items():
        content["results"][0][globals()[name]] = value
    found, refused = read(path, content)
    assert not refused
    return next(one for one in found[0].lines if one.car == "44")


def test_a_row_of_a_race_is_a_line(tmp_path: Path) -> None:
    """Everything that is mapped; the text of a time is not read, nor is plain Finished said."""
    found, refused = read(tmp_path, archives.tables())
    assert [(one.session, one.complete) for one in found] == [
        *(("10/race", True), ("10/qualifying", True))
    ]
    assert not refused
    first, second = found[0].lines
    assert first == Line(
        car="44",
        status=ResultStatus.FINISHED,
        drivers=("one",),
        team="alpha",
        position=1,
        grid=2,
        points=25.5,
        laps=78,
        milliseconds=6208437,
        fastest=FastestLap(30, 2, 75163, 159.8),
    )
    assert second == Line(
        car="7",
        status=ResultStatus.DNF,
        drivers=("two",),
        team="beta",
        points=0.0,
        laps=12,
        detail="Engine",
    )


def test_a_row_of_a_qualifying_is_a_line(tmp_path: Path) -> None:
    """Three times, whole milliseconds, an empty text being none."""
    found, _ = read(tmp_path, archives.tables())
    assert [(one.car, one.status, one.position, one.q) for one in found[1].lines] == [
        ("44", ResultStatus.FINISHED, 1, (70900, 70500, 70166)),
        ("7", ResultStatus.FINISHED, 2, (72250, None, None)),
    ]


def test_a_row_of_a_sprint_is_a_line(tmp_path: Path) -> None:
    """It has no rank and no speed."""
    found, _ = read(tmp_path, archives.tables(), 2023)
    assert [one.session for one in found] == ["20/race", "20/sprint", "20/qualifying"]
    assert found[1].lines[0].fastest == FastestLap(9, None, 69100, None)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("14", ResultStatus.FINISHED),
        ("R", ResultStatus.DNF),
        ("D", ResultStatus.DSQ),
        ("E", ResultStatus.DSQ),
        ("F", ResultStatus.DNS),
        ("W", ResultStatus.DNS),
        ("N", ResultStatus.NC),
    ],
)
def test_the_position_as_text_decides_the_status(
    tmp_path: Path, text: str, status: ResultStatus
) -> None:
    """Before the status' text does; only who is classified has a position."""
    found = line(tmp_path, TEXT=text, POSITION="3", STATUS="5")
    assert found.status is status
    assert found.position == (3 if status is ResultStatus.FINISHED else None)
    assert found.detail == "Engine"


def test_the_position_is_never_taken_from_the_text(tmp_path: Path) -> None:
    """Melbourne 2005: two rows have a number there, and no position."""
    found = line(tmp_path, TEXT="11", POSITION=None)
    assert (found.status, found.position) == (ResultStatus.FINISHED, None)


def test_nought_is_a_number_of_points_and_no_place(tmp_path: Path) -> None:
    """Grid 0 is the pit lane or no start, rank 0 no lap."""
    found = line(tmp_path, POINTS="0", GRID="0", RANK="0")
    assert (found.points, found.grid) == (0, None)
    assert found.fastest is not None
    assert (found.fastest.rank, found.fastest.number) == (None, 30)


@pytest.mark.parametrize("points", ["0.5", "3.14", "1.33"])
def test_points_may_be_fractions(tmp_path: Path, points: str) -> None:
    """Shared fastest laps, shortened races."""
    assert line(tmp_path, POINTS=points).points == float(points)


def test_shared_drives_stay_several_lines(tmp_path: Path) -> None:
    """Folding them is the writer's."""
    content = archives.tables()
    again = list(content["results"][0])
    again[0], again[3], again[4] = "9", "2", "40"
    content["results"].append(again)
    found, _ = read(tmp_path, content)
    assert [(one.car, one.team) for one in found[0].lines if one.drivers == ("one",)] == [
        *(("40", "beta"), ("44", "alpha"))
    ]


def test_the_order_of_rows_is_undone(tmp_path: Path) -> None:
    """By car, never by place."""
    content = archives.tables()
    before, _ = read(tmp_path / "a", content)
    random.Random(3).shuffle(content["results"])
    content["results"].reverse()
    after, _ = read(tmp_path / "b", content)
    assert [one.lines for one in after] == [one.lines for one in before]
    assert [one.car for one in after[0].lines] == ["44", "7"]


def test_a_row_that_is_not_understood_costs_no_other(tmp_path: Path) -> None:
    """Its set is known to be incomplete: who is missing is not gone."""
    content = archives.tables()
    content["results"][0][TEXT] = "X"
    content["results"][1][STATUS] = "99"
    content["qualifying"][1][6] = "soon"
    content["qualifying"][0][2] = "99"
    content["qualifying"].append(["8", "10", "3", "2", "5", "3", "1:13.0", None, None])
    found, refused = read(tmp_path, content)
    assert [(one.session, len(one.lines), one.complete) for one in found] == [
        ("10/qualifying", 1, False)
    ]
    assert sorted((one.row_key, one.reason) for one in refused) == [
        ("qualifyId=1", "unknown-driver"),
        ("qualifyId=2", "unreadable: q1"),
        ("resultId=1", "unreadable: positionText"),
        ("resultId=2", "unknown-status"),
    ]


def test_the_table_of_statuses_is_needed_for_results_alone(tmp_path: Path) -> None:
    """Named like any other."""
    content = archives.tables()
    del content["status"]
    with pytest.raises(ArchiveUnreadable, match="lacks the table status"):
        read(tmp_path, content)


def test_no_repr_shows_a_value(tmp_path: Path) -> None:
    """Not in a log, not in a traceback, not in a test's diff."""
    found, refused = read(tmp_path, archives.tables())
    said = repr((found, refused, [one.lines for one in found], found[0].lines[0].fastest))
    assert not {"44", "75163", "one", "Engine", "FINISHED"} & set(said.replace("'", " ").split())
    assert "75163" not in said
    assert "FastestLap(...)" in said


def test_no_repr_of_the_library_shows_a_row(tmp_path: Path) -> None:
    """It holds every result there ever was."""
    with opened(str(archives.write_csv(tmp_path / "csv", archives.tables()))) as archive:
        assert "6208437" not in repr(read_results(archive))
