"""A race's results: what each row says, who has one result only, and that no repr tells."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from ingestion_core.racing.classification import Classification, Facet, Line
from ingestion_core.racing.kinds import ResultStatus
from ingestion_core.racing.types import Origin, Unreadable
from ingestion_core.sources.thethirdturn import race, race_results
from ingestion_core.sources.thethirdturn.page import PageUnusable
from ingestion_core.sources.thethirdturn.people import INDEPENDENT, Person
from ingestion_core.sources.thethirdturn.race_results.outcomes import outcome
from tests.support.wiki_entries import entry_list
from tests.support.wiki_pages import COLUMNS, Race, Row, link, results
from tests.support.wiki_pages import season as season_page

NOON = datetime(2026, 1, 9, 12, tzinfo=UTC)
SERIES = "Lantern Cup"
ADA, BO = link("Ada_Ferris_(AR)", "Ada Ferris"), link("Bo_Marsh,_Jr.")
FINISHED, DNF, DNS, DSQ, NC = ResultStatus


def classify(page: Race) -> tuple[Classification, tuple[Unreadable, ...]]:
    """The classification of a made-up page."""
    found = race_results.read(page.body())
    return race_results.classification(
        found, session="1962_Lantern_Cup/1", series=SERIES, observed_at=NOON
    )


def lines(*rows: Row | str) -> list[Line]:
    """The lines of these rows, all of which can be read."""
    found, apart = classify(Race(rows=rows))
    assert not apart
    return list(found.lines)


def seen(found: Iterable[Line]) -> list[tuple[tuple[str, ...], ResultStatus, int | None]]:
    """Whose, how it ended, and where."""
    return [(one.drivers, one.status, one.position) for one in found]


def test_a_row_is_a_line() -> None:
    """Everything that is mapped."""
    row = Row("2", ADA, "08", "3", link("Fen_Racing"), "Ford", "197", "1,045", "engine", "842.5")
    [found] = lines(row)
    assert found == Line(
        car="08",
        status=DNF,
        drivers=("Ada_Ferris_(AR)",),
        team="Fen_Racing",
        position=2,
        grid=3,
        points=842.5,
        laps=197,
        laps_led=1045,
        detail="engine",
    )


def test_a_set_knows_where_it_is_from() -> None:
    """The page, when it was read, and the session it was read for."""
    found, _ = classify(Race(rows=[Row("1", ADA)]))
    assert found.origin == Origin("thethirdturn", "race", "Lantern_Cup:1962-01", NOON)
    assert (found.session, found.facet, found.complete) == (
        *("1962_Lantern_Cup/1", Facet.CLASSIFICATION, True),
    )


def test_blanks_are_nothing() -> None:
    """No laps, no start and no points are invented; nought is a number, but no start."""
    [blank] = lines(Row("1", ADA, status="running"))
    assert (blank.car, blank.grid, blank.laps, blank.laps_led, blank.points) == (None,) * 5
    [nought] = lines(Row("1", ADA, "0", "0", "", "", "0", "0", "running", "0"))
    assert (nought.car, nought.grid, nought.laps, nought.laps_led, nought.points) == (
        *("0", None, 0, 0, 0.0),
    )
    [unknown] = lines(Row("1", ADA, "?", "???", "", "", "??", "-", "running", "n/a"))
    assert (unknown.car, unknown.grid, unknown.laps, unknown.laps_led, unknown.points) == (
        *([None] * 5),
    )


@pytest.mark.parametrize(
    ("place", "word", "status", "group", "ended", "detail"),
    [
        (1, None, "running", None, FINISHED, None),
        (9, None, "Running", None, FINISHED, None),
        (9, None, None, None, FINISHED, None),
        (None, None, None, None, NC, None),
        (4, None, "flagged", None, FINISHED, "flagged"),
        (4, None, "+2 Laps", None, FINISHED, "+2 Laps"),
        (33, None, "running/DQ", None, DSQ, "running/DQ"),
        (33, None, "engine / dq", None, DSQ, "engine / dq"),
        (None, "DQ", None, None, DSQ, "DQ"),
        (None, "DQ", "running", None, DSQ, "running"),
        (33, None, "Disqualified", None, DSQ, "Disqualified"),
        (12, None, "thermostat housing", None, DNF, "thermostat housing"),
        (15, None, "dnf", None, DNF, None),
        (None, None, "DNQ", "DID NOT QUALIFY", DNS, "DNQ"),
        (None, None, None, "DID NOT QUALIFY", DNS, "DNQ"),
        (None, None, "non-qualifier", None, DNS, "DNQ"),
        (None, "DNQ", None, None, DNS, "DNQ"),
        (40, None, "did not start", None, DNS, "DNS"),
        (None, None, "Withdrew", None, DNS, "Withdrew"),
        (None, None, "NC", None, NC, None),
    ],
)
def test_how_a_race_ended(
    place: int | None,
    word: str | None,
    status: str | None,
    group: str | None,
    ended: ResultStatus,
    detail: str | None,
) -> None:
    """The row's own word before its heading; a cause is a retirement."""
    assert outcome(place, word, status, group) == (ended, detail)


def test_retired_cars_keep_their_places_and_disqualified_ones_have_none() -> None:
    """The page lists both in numbered rows."""
    found = lines(
        Row("1", ADA, "1", status="running"),
        Row("2", BO, "2", status="engine"),
        Row("3", link("Cy_Dunn"), "3", laps="40", led="30", status="running/DQ"),
        Row("DQ", link("Di_Eel"), "4", status="DQ"),
    )
    assert seen(found) == [
        (("Ada_Ferris_(AR)",), FINISHED, 1),
        (("Bo_Marsh,_Jr.",), DNF, 2),
        (("Cy_Dunn",), DSQ, None),
        (("Di_Eel",), DSQ, None),
    ]
    assert found[2].laps_led == 30
    page = race_results.read(Race(rows=[Row("33", ADA, status="running/DQ")]).body())
    assert page.rows[0].place == 33


def test_drivers_of_one_car_each_get_the_result() -> None:
    """In one line, in the page's order; one without a page by series and name."""
    [found] = lines(Row("1", f"{BO}; {ADA}; Cy Dunn III", "08"))
    assert found.drivers == ("Bo_Marsh,_Jr.", "Ada_Ferris_(AR)", "Lantern Cup|cy dunn iii")


def test_who_raced_after_all_has_one_result() -> None:
    """The row among those that did not qualify is told, and does not make the set incomplete."""
    found, apart = classify(
        Race(
            rows=[
                Row("1", ADA, "08"),
                "DID NOT QUALIFY",
                Row("", ADA, status="DNQ"),
                Row("", BO),
                Row("", BO, status="DNQ"),
                Row("", f"{ADA}; Di Eel", status="DNQ"),
            ]
        )
    )
    assert seen(found.lines) == [
        (("Bo_Marsh,_Jr.",), DNS, None),
        (("Lantern Cup|di eel",), DNS, None),
        (("Ada_Ferris_(AR)",), FINISHED, 1),
    ]
    assert sorted(one.reason for one in apart) == ["listed-before", "not-qualified-yet-raced"]
    assert found.complete


def test_two_drives_of_one_starter_stay_two_lines() -> None:
    """Folding them is the writer's."""
    found = lines(Row("1", ADA, "08"), Row("7", ADA, "9W", status="accident"))
    assert [(one.car, one.position) for one in found] == [("08", 1), ("9W", 7)]


def test_a_row_that_is_not_understood_costs_no_other() -> None:
    """It is told with what is at fault; the set is then known to be incomplete."""
    found, apart = classify(
        Race(
            rows=[
                Row("1", ADA, "08"),
                Row("2", BO, laps="many", points="1e5"),
                Row("third!", link("Cy_Dunn"), "3"),
                Row("4", "", "77"),
                Row("5", link("Di_Eel"), extra=("one cell", "too many")),
            ]
        )
    )
    assert seen(found.lines) == [(("Ada_Ferris_(AR)",), FINISHED, 1)]
    assert not found.complete
    assert {(one.row_key, one.reason) for one in apart} == {
        ("race=Lantern_Cup:1962-01 car= drivers=Bo Marsh, Jr.", "unreadable: Laps, Pts"),
        ("race=Lantern_Cup:1962-01 car=3 drivers=Cy Dunn", "unreadable: Fin"),
        ("race=Lantern_Cup:1962-01 car=77 drivers=", "no-driver"),
        ("race=Lantern_Cup:1962-01 car= drivers=", "other-columns"),
    }
    [kept] = [one for one in apart if "Bo Marsh" in one.row_key]
    assert (kept.row["Laps"], kept.row["Pts"]) == ("many", "1e5")


def test_every_row_of_the_table_is_accounted_for() -> None:
    """As a result, as a heading or with its reason."""
    rows = [Row("1", ADA), Row("x!", BO), "DID NOT QUALIFY", Row("", BO), Row("", ADA)]
    page = race_results.read(Race(rows=rows).body())
    found, apart = classify(Race(rows=rows))
    assert page.listed == len(rows) == len(found.lines) + len(apart) + len(page.separators)


def test_columns_are_found_wherever_they_stand() -> None:
    """And without a column nothing is guessed in its place."""
    columns = ("Status", "Pts", "Fin", "Gap", "Driver", "Led")
    table = (
        '<table class="racetable"><tr><th colspan="6">FEATURE RESULTS</th></tr><tr>'
        + "".join(f"<th>{one}</th>" for one in columns)
        + f"</tr><tr><td>engine</td><td>9</td><th>2</th><td>1.5</td><td>{ADA}</td><td>7</td></tr>"
        "</table>"
    )
    body = Race().body().replace(b"FEATURE RESULTS", b"HEAT 1").replace(b"<hr>", b"")
    body = body.replace(b'<table class="racetable sortable">', table.encode() + b"<table>", 1)
    page = race_results.read(body)
    assert len(page.rows) == 1
    row = page.rows[0]
    assert (row.place, row.status, row.points, row.laps_led) == (2, "engine", 9.0, 7)
    assert (row.laps, row.start, row.car, row.team.key) == (None, None, None, INDEPENDENT)
    assert "+column Gap" in page.drift
    assert "-column Laps" in page.drift


def test_what_is_not_stored_is_typed() -> None:
    """Heats by their captions, lists and facts below, unknown ones as None."""
    heat = results("HEAT 1", COLUMNS, [Row("1", BO, "9W")])
    data = {
        "Time of Race": "???",
        "Average Speed": "??? mph",
        "Fastest Lap": "Unknown/Unentered",
        "Lead Changes": "2 among 2 drivers",
        "Did not qualify": f"{BO}; Di Eel",
        "Did not start": "Ed Fox",
    }
    page = race_results.read(Race(rows=[Row("1", ADA)], more=heat, data=data).body())
    assert [(one.caption, len(one.rows)) for one in page.others] == [("HEAT 1", 1)]
    assert page.data == {
        "Time of Race": None,
        "Average Speed": None,
        "Fastest Lap": None,
        "Lead Changes": "2 among 2 drivers",
    }
    assert page.did_not_qualify == (Person("Bo Marsh, Jr.", "Bo_Marsh,_Jr."), Person("Di Eel"))
    assert page.did_not_start == (Person("Ed Fox"),)
    assert page.drift == ()


def test_everybody_with_a_result_is_entered() -> None:
    """By the same keys, from the same page."""
    page = Race(rows=[Row("1", f"{ADA}; Cy Dunn"), "DID NOT QUALIFY", Row("", "Di Eel")])
    found, _ = classify(page)
    entries = entry_list(race.read(page.body()), SERIES)
    assert entries is not None
    assert {key for one in found.lines for key in one.drivers} == {one.driver for one in entries}


def test_a_feature_under_another_name_is_the_only_table_of_drivers() -> None:
    """Told as drift; of several nobody knows which."""
    page = race_results.read(Race(caption="MAIN EVENT", rows=[Row("1", ADA)]).body())
    assert (len(page.rows), page.drift) == (1, ("+caption MAIN EVENT",))
    more = results("OTHER", COLUMNS, [Row("1", BO)])
    both = race_results.read(Race(caption="MAIN", rows=[Row("1", ADA)], more=more).body())
    assert (both.rows, len(both.others)) == ((), 2)
    assert both.drift == ("+caption MAIN", "+caption OTHER", "-results")


def test_no_order_is_left_in_a_set() -> None:
    """By car, never by place."""
    found = lines(Row("1", ADA, "9W"), Row("2", BO, "08"), Row("3", "Cy Dunn"))
    assert [one.car for one in found] == [None, "08", "9W"]


def test_no_repr_tells() -> None:
    """Not of a page, a row, a set, nor of a row that was refused."""
    heat = results("HEAT 1", COLUMNS, [Row("1", BO, "9W", status="accident")])
    rows = [Row("1", ADA, "08", laps="197", status="engine"), Row("2", BO, laps="many")]
    page = race_results.read(Race(rows=rows, more=heat, data={"Cautions": "7 for 9"}).body())
    found, apart = race_results.classification(page, session="s", series=SERIES, observed_at=NOON)
    said = repr((page, page.rows, page.others, found, found.lines, apart))
    for value in ("197", "engine", "many", "accident", "7 for 9", "FINISHED", "DNF", "place"):
        assert value not in said
    assert "ResultRow(...)" in said


def test_pages_of_other_kinds_are_refused() -> None:
    """There must be a table of a race."""
    with pytest.raises(PageUnusable, match=r"^not-a-race$"):
        race_results.read(season_page())
