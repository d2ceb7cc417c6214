"""What every page of the wiki has in common: its data, its links, its tables, its days."""

from datetime import date

import pytest

from ingestion_core.errors import UnusableAnswer
from ingestion_core.sources.thethirdturn import markup, tables
from ingestion_core.sources.thethirdturn.days import day_of, year_in
from ingestion_core.sources.thethirdturn.page import (
    MAX_BYTES,
    Drift,
    Link,
    PageUnusable,
    link_of,
    open_page,
)
from tests.support import wiki_pages


def anchor(text: str) -> markup.Node:
    """The link in a piece of markup."""
    root = markup.parse(text)
    assert root is not None
    found = markup.first(root, "a")
    assert found is not None
    return found


def test_a_page_knows_itself() -> None:
    """Key, id, revision, where it was redirected from; its categories have no order."""
    body = wiki_pages.page(
        "Ada_Ferris_(AR)",
        "x",
        article=12,
        revision=345,
        categories=["B 1962 starts", "A 1962 starts"],
        redirected_from="Ada_Ferris",
    )
    page, root = open_page(body)
    assert (page.key, page.title) == ("Ada_Ferris_(AR)", "Ada Ferris (AR)")
    assert (page.article, page.revision, page.redirected_from) == (12, 345, "Ada_Ferris")
    assert page.categories == {"A 1962 starts", "B 1962 starts"}
    assert isinstance(page.categories, frozenset)
    assert "starts" not in repr(page)
    assert page.address == "/wiki/Ada_Ferris_(AR)"
    assert markup.text_of(root) == "x"


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("Lane's_Motor_Co.", "/wiki/Lane's_Motor_Co."),
        ("Lantern_Cup:1962-01", "/wiki/Lantern_Cup:1962-01"),
        ("What?_100%", "/wiki/What%3F_100%25"),
        ("Niño", "/wiki/Ni%C3%B1o"),
    ],
)
def test_a_key_becomes_an_address(key: str, address: str) -> None:
    """As the wiki itself would link it, and back."""
    assert open_page(wiki_pages.page(key, "x"))[0].address == address
    found = link_of(anchor(f'<a href="{address}">x</a>'))
    assert found is not None
    assert found.key == key


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "half-a-page"),
        (b"{}", "half-a-page"),
        (b"\xff\xfe</html>", "not-utf-8"),
        (b"x" * (MAX_BYTES + 1), "too-large"),
        (b"<html>RLCONF</html>", "no-page-data"),
        (b'<script>RLCONF={"wgPageName":"A" oops</script></html>', "no-page-data"),
        (b"RLCONF={};</html>", "no-page-data"),
        (b"RLCONF=" + b'{"a":' * 100_000 + b"</html>", "no-page-data"),
        (wiki_pages.page("No|such<title", "x"), "no-page-data"),
        (wiki_pages.page("A", "x", article=0), "no-article"),
        (wiki_pages.page("A", "x", revision=0), "no-article"),
        (wiki_pages.page("A", "x").replace(b"mw-content-text", b"other"), "no-content"),
        (wiki_pages.page("A", "<div>" * 5000), "too-deep"),
        (wiki_pages.page("A", "x")[:-200], "half-a-page"),
    ],
)
def test_what_is_no_page_is_one_declared_error(body: bytes, reason: str) -> None:
    """Its text is a code of ours and nothing of the page; the item is closed as failed."""
    with pytest.raises(PageUnusable) as caught:
        open_page(body)
    assert isinstance(caught.value, UnusableAnswer)
    assert str(caught.value) == reason
    assert caught.value.told == f"page-unusable: {reason}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<a href="/wiki/A_(VA)">A</a>', Link("A_(VA)", "A", exists=True)),
        ('<a href="/wiki/A%27s_%22B%22">\n A&#160; B </a>', Link('A\'s_"B"', "A B", exists=True)),
        ('<a href="http://www.thethirdturn.com/wiki/A#B">x</a>', Link("A", "x", exists=True)),
        (
            '<a href="/w/index.php?title=A_(AR)&amp;action=edit&amp;redlink=1" class="new">A</a>',
            Link("A_(AR)", "A", exists=False),
        ),
        ('<a href="/w/index.php?title=A%20B&amp;redlink=1">x</a>', Link("A_B", "x", exists=False)),
        ('<a href="/wiki/A" class="x new">A</a>', Link("A", "A", exists=False)),
        ('<a href="https://example.org/wiki/A">A</a>', None),
        ('<a href="/wiki/File:A.jpg">A</a>', None),
        ('<a href="/wiki/Special:Browse/A">A</a>', None),
        ('<a href="/wiki/">A</a>', None),
        ('<a href="/wiki/A%00B">A</a>', None),
        ('<a href="http://[">A</a>', None),
        ('<a class="mw-selflink">A</a>', None),
        ("<a href>A</a>", None),
    ],
)
def test_a_link_is_what_it_leads_to(text: str, found: Link | None) -> None:
    """Its decoded address, never its text; a red one exists only as a title."""
    assert link_of(anchor(text)) == found


@pytest.mark.parametrize(
    ("text", "near", "day"),
    [
        ("19 June 1949", None, date(1949, 6, 19)),
        ("June 19, 1949", None, date(1949, 6, 19)),
        ("8-Jul-01", 2001, date(2001, 7, 8)),
        ("8-Jul-01", 1901, date(1901, 7, 8)),
        ("31-Dec-99", 2000, date(1999, 12, 31)),
        ("1-Sept-62", 1962, date(1962, 9, 1)),
        ("8-Jul-01", None, None),
        ("31 June 1949", None, None),
        ("19 Ju 1949", None, None),
        ("19 Jun 0049", None, None),
        ("June 1949", None, None),
        ("", None, None),
    ],
)
def test_days_are_typed(text: str, near: int | None, day: date | None) -> None:
    """Two digits of a year are read beside the season's, or not at all."""
    assert day_of(text, near) == day


def test_years_are_found_in_texts() -> None:
    """The first one; longer numbers are none."""
    assert year_in("opened 1922, closed 1971") == 1922
    assert year_in("2014-15 Formula") == 2014
    assert year_in("11949, 19490 of 99") is None


def test_columns_are_told_by_their_headings() -> None:
    """In any order, cells over several columns count for each, and no row is guessed at."""
    root = markup.parse(
        "<table><tr><th>B</th><th>A</th><th>C</th></tr>"
        "<tr><td>1</td><th>2</th><td>3<table><tr><td>4</td></tr></table></td></tr>"
        '<tr><td colspan="2">5</td><td>6</td></tr><tr><td>7</td></tr>'
        '<tr><th colspan="3">Heading</th></tr></table>'
    )
    assert root is not None
    table = markup.first(root, "table")
    assert table is not None
    named, first, second, short, heading = tables.rows(table)
    wide = markup.parse("<table><tr><th colspan='2'>A</th><th colspan='x'>B</th></tr></table>")
    assert wide is not None
    [row] = tables.rows(markup.nodes(wide, "table")[0])
    assert tables.header(row) == ("A", "A", "B")
    columns = tables.header(named)
    assert columns == ("B", "A", "C")
    found = [tables.by_column(row, columns) for row in (first, second, short)]
    assert [
        one and {name: markup.text_of(cell) for name, cell in one.items()} for one in found
    ] == [
        {"A": "2", "B": "1", "C": "34"},
        {"A": "5", "B": "5", "C": "6"},
        None,
    ]
    assert (tables.caption(heading), tables.caption(named)) == ("Heading", None)
    assert tables.header(first) is None


def test_drift_tells_no_value() -> None:
    """Numbers are masked, what follows a colon is cut, and names are left out."""
    drift = Drift()
    drift.new("column", "Div")
    drift.new("label", "Winner: Ada Ferris")
    drift.new("caption", "HEAT 12")
    drift.new("caption", "A long heading that goes on and on until Ada Ferris")
    drift.new("caption", "ü" * 80)
    drift.gone("column Laps")
    drift.strange("date")
    told = drift.told(["Ada Ferris"])
    assert told == (
        "+caption",
        "+caption HEAT #",
        "+caption " + "\\xfc" * 41,
        "+column Div",
        "+label Winner",
        "-column Laps",
        "?date",
    )


def test_texts_are_as_a_reader_sees_them() -> None:
    """No-break spaces, line breaks and what is invisible."""
    root = markup.parse("<p>a&#160;b<br>c<!-- d --> e&#8203;f&shy;</p>")
    assert root is not None
    assert markup.text_of(root) == "a b c ef"
