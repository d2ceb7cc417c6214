"""Pages damaged in any way: a typed page, or the one declared error, and never another."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion_core.sources.thethirdturn import (
    circuit,
    driver,
    index,
    race,
    race_results,
    season,
    series,
)
from ingestion_core.sources.thethirdturn.page import PageUnusable
from tests.support import wiki_pages
from tests.support.fuzzing import fuzzed
from tests.support.wiki_entries import entry_list
from tests.support.wiki_pages import COLUMNS, Race, Row, link, listed

NOON = datetime(2026, 1, 9, 12, tzinfo=UTC)
ADA, BO = link("Ada_Ferris_(AR)", "Ada Ferris"), link("Bo_Marsh,_Jr.", red=True)


def read_results(body: bytes) -> object:
    """The page and its set of lines."""
    page = race_results.read(body)
    found = race_results.classification(page, session="s", series="Cup", observed_at=NOON)
    return page, found, repr((page, found))


def read_race(body: bytes) -> object:
    """The page and its entry list."""
    page = race.read(body)
    return page, entry_list(page, "Cup"), repr(page)


READERS: tuple[Callable[[bytes], object], ...] = (
    *(index.read, series.read, season.read, read_race, read_results, driver.read, circuit.read),
)


def made_up() -> list[bytes]:
    """A page of each kind with all that its reader looks at."""
    rows = (
        Row("1", f"{ADA}; {BO}", "08", "2", link("Fen_Racing"), "1961 Elm", "40", "30", "running"),
        Row("2", "Cy Dunn III", "9W", "1", status="running/DQ", points="1,020.5"),
        "DID NOT QUALIFY",
        Row("", ADA, status="DNQ"),
    )
    data = {"Did not qualify": f"{ADA}; Di Eel, Jr.", "Lead Changes": "2", "Did not start": BO}
    return [
        wiki_pages.index(
            {
                "Fen Club (FC) - Cups": [link("Fen_Cup_Central") + " (*)", link("Old", red=True)],
                "Local Racing Divisions": [link("Mud_Central")],
            }
        ),
        wiki_pages.series(
            seasons=[[link("1962_Fen_Cup_Central", "1962"), "8", ADA, "", BO]],
            names="Fen Cup (1961); Moor Cup (1962-1970, 1975); Cup (1980-present)",
        ),
        wiki_pages.season(
            races=[listed("1", "Fen:1962-01", "8-Jul-62", "Fenmoor", "Fenmoor, NC", "Ada_Ferris")],
            standings=["Ada_Ferris"],
        ),
        Race(rows=rows, data=data, more=wiki_pages.results("HEAT 1", COLUMNS, rows)).body(),
        wiki_pages.driver(),
        wiki_pages.circuit(winners=["Ada_Ferris"]),
    ]


@cache
def saved(folder: Path) -> list[bytes]:
    """The saved pages but for the two largest."""
    bodies = [path.read_bytes() for path in sorted((folder / "thethirdturn").rglob("*.html"))]
    return [body for body in bodies if len(body) < 150_000]


BITS = st.sampled_from(
    [
        *(
            "<table>",
            "</table>",
            "<tr>",
            "</tr>",
            "<td>",
            "</td>",
            "<th>",
            "</th>",
            "<p>",
            "</div>",
        ),
        *(
            "<td colspan='999999999'>",
            "<th rowspan='-1'>",
            "<select><option>",
            "<template>",
            "<svg>",
        ),
        *("<!--", "-->", "<script>", "</script>", "<style>", "<br>", "<b>", "</b>", "<plaintext>"),
        *(
            "<a href='http://['>",
            "<a href='/wiki/%'>",
            "<a href='/wiki/%ff%00'>",
            "<a href>",
            "</a>",
        ),
        *("&#0;", "&#xD800;", "&nbsp;", "\x00", "\x85", "\u202e", "\U0010ffff", "²", "٣", "(", ")"),
        *(
            "999999999999999999999999",
            "-1",
            "1e999",
            "nan",
            "February 30, 1949",
            "31-Feb-99",
            ";;;",
        ),
        *("<tr style='display:none'>", "<div>" * 300, '"', "'", "\\", "{", "}", "]", ",", "1949"),
    ]
)
#: Where, how much of it goes, how far from there something is repeated, and what comes instead.
DAMAGE = st.tuples(
    st.floats(0, 1), st.integers(0, 400), st.integers(0, 400), st.one_of(st.just(""), BITS)
)
DAMAGES = st.lists(DAMAGE, min_size=1, max_size=8)


def damaged(body: bytes, damages: list[tuple[float, int, int, str]]) -> bytes:
    """The page with all this done to it; its end stays, or nothing of it would be looked at."""
    text = body.decode()
    kept = text.rindex("</html>")
    for where, gone, again, instead in damages:
        place = int(where * kept)
        text = text[:place] + instead + text[place : place + again] + text[place + gone :]
        kept = max(len(text) - 8, 0)
    return text.encode(errors="replace") + b"</html>"


def read_all(body: bytes) -> None:
    """Every reader: anything but a page or the declared error is the test's failure."""
    for read in READERS:
        with suppress(PageUnusable):
            read(body)


@pytest.mark.parametrize("kind", range(6))
@given(damages=DAMAGES)
@fuzzed(6)
def test_damaged_pages_are_read_or_refused(
    kind: int, damages: list[tuple[float, int, int, str]]
) -> None:
    """Of our own making."""
    read_all(damaged(made_up()[kind], damages))


@given(choice=st.integers(0, 10**6), damages=DAMAGES)
@settings(fuzzed(8), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_saved_pages_are_read_or_refused(
    recordings: Path, choice: int, damages: list[tuple[float, int, int, str]]
) -> None:
    """Of the wiki's."""
    bodies = saved(recordings)
    read_all(damaged(bodies[choice % len(bodies)], damages))


@given(st.binary(max_size=300))
@fuzzed()
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Most of them are refused at once."""
    read_all(body)
    read_all(body + b"</html>")


@given(st.lists(st.one_of(st.text(max_size=20), BITS), max_size=3).map("".join))
@fuzzed(6)
def test_any_text_may_stand_anywhere(text: str) -> None:
    """In a name, a number, a date, a heading; as a text and as markup."""
    shown = wiki_pages.html.escape(text)
    row = Row(text, shown, text, text, shown, text, text, text, text, text)
    page = Race(
        rows=[row, text, Row("1", link("A_B", text)), Row("2", text, sponsor=text)],
        title=text,
        caption=text,
        distance=shown,
        held=f"Held on {shown} at {shown} in {shown}",
        data={text: shown, "Did not qualify": shown, "Did not start": f"{shown}; {shown}, Jr."},
    )
    bodies = [
        page.body(),
        wiki_pages.index({text: [link("A_Central", text) + shown]}),
        wiki_pages.series(
            seasons=[[link("A", text), shown]], names=text, columns=("Season", "Races")
        ),
        wiki_pages.season(races=[[link("A", text), shown, shown, shown]]),
        wiki_pages.driver(spans=[text, f"({text} - {text})", f'"{text}"']),
        wiki_pages.circuit(located=f"{shown} mi. {shown} located in {shown}", status=shown),
    ]
    for body in bodies:
        read_all(body)
