"""Pages in the wiki's markup, tiny and made up: series, people and places that never were.

Every function returns the whole page as bytes, as a server would. What a caller leaves out is
there all the same, as on the real pages: scripts, empty rows that the page hides, a footer.
"""

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

#: The columns of a table of results.
COLUMNS = ("Fin", "St", "#", "Driver", "Sponsor", "Make", "Laps", "Led", "Status", "Pts")
HIDDEN = "display:none;"


def page(
    key: str,
    content: str,
    *,
    article: int = 7,
    revision: int = 70,
    categories: Sequence[str] = (),
    redirected_from: str | None = None,
) -> bytes:
    """A page of the wiki with this content."""
    data = {
        "wgPageName": key,
        "wgTitle": key.replace("_", " "),
        "wgArticleId": article,
        "wgCurRevisionId": revision,
        "wgRevisionId": revision,
        "wgCategories": list(categories),
        "wgAction": "view",
    }
    if redirected_from is not None:
        data["wgRedirectedFrom"] = redirected_from
    title = html.escape(key.replace("_", " "))
    return f"""<!DOCTYPE html>
<html class="client-nojs" lang="en" dir="ltr">
<head><meta charset="UTF-8"><title>{title}</title>
<script>RLCONF={json.dumps(data)};
RLSTATE={{"site.styles":"ready"}};</script></head>
<body><nav><a href="/wiki/Main_Page">Main page</a></nav>
<div id="mw-content-text" class="mw-body-content"><div class="mw-parser-output">{content}
<!-- a comment <b>of the wiki's</b> --></div></div>
<div class="printfooter">Retrieved from "<a href="/w/index.php?title=x&amp;oldid=1">x</a>"</div>
</body>
</html>
""".encode()


def link(key: str, text: str | None = None, *, red: bool = False) -> str:
    """A link as the wiki writes it; a red one leads to a form."""
    shown = html.escape(key.replace("_", " ") if text is None else text)
    title = html.escape(key.replace("_", " "))
    if red:
        address = f"/w/index.php?title={quote(key)}&amp;action=edit&amp;redlink=1"
        return f'<a href="{address}" class="new" title="{title} (page does not exist)">{shown}</a>'
    return f'<a href="/wiki/{quote(key)}" title="{title}">{shown}</a>'


def index(groups: Mapping[str, Iterable[str]]) -> bytes:
    """The index: heading to links, each with what stands behind it."""
    rows = "".join(
        f"<tr>\n<th>{html.escape(heading)}\n</th>\n<td>\n<p>{'<br />'.join(links)}</p>\n</td></tr>"
        for heading, links in groups.items()
    )
    return page(
        "Series_Database:Index",
        f'<table class="wikitable2"><tbody><tr><th colspan="10">All Series\n</th></tr>{rows}'
        "</tbody></table>",
    )


def series(
    key: str = "Lantern_Cup_Central",
    name: str = "Lantern Cup",
    *,
    seasons: Iterable[Sequence[str]] = (),
    names: str | None = None,
    boxes: str = "<td><i><b>Series Founded:</b></i> 1961</td><td><b>Series active!</b></td>",
    columns: Sequence[str] = ("Season", "Races", "Champion", "Margin", "Most Wins"),
) -> bytes:
    """A series' page; a season is a row of cells."""
    known = (
        f"<tr><td><i><b>Alternatively Known As:</b></i> {html.escape(names)}\n</td></tr>"
        if names
        else f'<tr style="{HIDDEN}"><td><b>Alternatively Known As:</b> {{{{{{Was}}}}}}</td></tr>'
    )
    return page(
        key,
        '<table style="width:100%"><tbody><tr><td><span style="font-size:250%; x:y;">'
        f"<b>{html.escape(name)}</b></span></td></tr></tbody></table>"
        '<table class="wikitable"><tbody><tr><th colspan="2">Series Overview\n</th></tr>'
        f"{known}<tr>{boxes}</tr>"
        "<tr><td><i><b>Car Style:</b></i> Midget&#160;Car</td>"
        "<td><i><b>Region:</b></i> Fens</td></tr>"
        '<tr><th colspan="2">Quick Stats\n</th></tr>'
        f"<tr><td><i><b>Most Wins:</b></i> {link('Ada_Record')} (99)</td></tr>"
        "<tr><td><i><b>Number of Races:</b></i> 1,204</td></tr></tbody></table>"
        '<table class="wikitable sortable"><tbody>'
        f"<tr>{_cells('th', columns)}</tr>{_rows(seasons)}"
        "</tbody></table>",
    )


def season(
    key: str = "1962_Lantern_Cup_Central",
    *,
    races: Iterable[Sequence[str]] = (),
    columns: Sequence[str] = ("Race", "Date", "Track", "Winner"),
    of: str = "Lantern_Cup_Central",
    standings: Sequence[str] = (),
) -> bytes:
    """A season's page; a race is a row of cells, a standing a driver's key."""
    places = "".join(
        f"<tr><th>{place}\n</th><td>{link(who)}\n</td><td>{99 - place}</td></tr>"
        for place, who in enumerate(standings, 1)
    )
    return page(
        key,
        "<table><tbody><tr><td></td><td><center> "
        f"{link(of, 'VIEW ALL SEASONS FOR THIS SERIES')}</center></td>"
        f"<td>{link('1963_Lantern_Cup_Central', 'Next Season >>>')}</td></tr></tbody></table>"
        '<table class="pointtable sortable resultdiv"><tbody>'
        '<tr><th colspan="4" class="racelisting"><b>RACE LISTINGS</b>\n</th></tr>'
        f"<tr>{_cells('th', columns)}</tr>{_rows(races)}"
        '</tbody></table><div><table class="pointtable sortable"><tbody><tr>'
        '<th colspan="8" class="racelisting"><b>FINAL POINT STANDINGS</b>\n</th></tr>'
        "</tbody></table>"
        '<table class="pointtable sortable"><tbody><tr><th>Fin</th><th>Driver</th><th>Pts</th></tr>'
        f"{places}</tbody></table></div>",
        categories=[f"{who} Seasons Competed" for who in standings],
    )


def listed(number: str, race: str, day: str, circuit: str, place: str, winner: str) -> list[str]:
    """A race of a season's list; names are keys."""
    return [
        f"<center><b>{link(race, number)}</b></center>",
        day,
        link(circuit, place),
        link(winner),
    ]


@dataclass(frozen=True)
class Row:
    """A row of results; ``driver`` and ``sponsor`` are markup, the others texts."""

    fin: str = ""
    driver: str = ""
    car: str = ""
    start: str = ""
    sponsor: str = ""
    make: str = ""
    laps: str = ""
    led: str = ""
    status: str = ""
    points: str = ""
    extra: tuple[str, ...] = ()

    def markup(self) -> str:
        """As a row of a table."""
        texts = (self.make, self.laps, self.led, self.status, self.points, *self.extra)
        rest = [html.escape(one) for one in texts]
        cells = [html.escape(self.start), html.escape(self.car), self.driver, self.sponsor, *rest]
        return f"<tr>\n<th>{html.escape(self.fin)}\n</th>\n{_cells('td', cells)}</tr>\n"


@dataclass(frozen=True)
class Race:
    """A race's page; ``rows`` are rows of results, or headings within their table."""

    key: str = "Lantern_Cup:1962-01"
    title: str = "Lantern Cup:1962-01"
    rows: Sequence[Row | str] = ()
    columns: Sequence[str] = COLUMNS
    caption: str = "FEATURE RESULTS"
    numbers: Sequence[str] = (
        "Race #1 of 3 in the " + link("1962_Lantern_Cup_Central", "1962 Lantern Cup Season"),
    )
    held: str = (
        f"Held on  {link('May_6', 'May 6')}, {link('Series_Database:By_Year/1962', '1962')} at "
        f"{link('Fenmoor_Speedway')} in Fenmoor, NC"
    )
    distance: str = "40 L, 20 M, 32.2 KM - Scheduled Distance"
    data: Mapping[str, str] = field(default_factory=dict)
    more: str = ""

    def body(self) -> bytes:
        """The page's bytes."""
        navigation = "".join(
            f"<table><tbody><tr><td></td><td><center>{one} </center></td><td>"
            f"{link('Lantern_Cup:1962-02', 'Next Race >>>')}</td></tr></tbody></table>"
            for one in self.numbers
        )
        data = "".join(
            f'<tr><td colspan="10"><b>{html.escape(label)}:</b>&#160;{text}\n</td></tr>'
            for label, text in self.data.items()
        )
        return page(
            self.key,
            f'{navigation}<table><tbody><tr><td style="font-size:200%; padding:0;"><b>'
            f"{html.escape(self.title)}</b></td><td><img src='/x.png'></td></tr>"
            f'<tr><td style="font-size:125%;"><b><i>{self.held}</i></b>\n</td></tr>'
            f'<tr><td style="font-size:125%;"><i><b>{self.distance}</b></i>\n</td></tr>'
            f"</tbody></table>{results(self.caption, self.columns, self.rows)}{self.more}"
            '<table class="racetable"><tbody><tr><th colspan="10">RACE DATA\n</th></tr>'
            f'<tr style="{HIDDEN}"><td colspan="10"><b>Heat Winners:</b> [[Template:(({{'
            "</td></tr>"
            f"{data}</tbody></table>",
            # As the wiki does it: in finishing order.
            categories=["1962 races", *(f"{_plain(one)} 1962 starts" for one in self.rows)],
        )


def results(caption: str, columns: Sequence[str], rows: Iterable[Row | str]) -> str:
    """A table of results below the table that holds nothing but its caption."""
    listed_rows = "".join(
        f'<tr><th colspan="10"><span title="x">{html.escape(row)}</span></th></tr>'
        if isinstance(row, str)
        else row.markup()
        for row in rows
    )
    return (
        f'<table class="racetable sortable"><tbody><tr><th colspan="10">{html.escape(caption)}\n'
        '</th></tr></tbody></table><div class="resultdiv"><table class="racetable sortable"><tbody>'
        f"<tr>{_cells('th', columns)}</tr>{listed_rows}</tbody></table></div>"
    )


def driver(
    key: str = "Ada_Ferris_(AR)",
    name: str = "Ada Ferris",
    spans: Sequence[str] = ('"Spark"', "(May 6, 1931 - March 2, 1999)", "Fenmoor, NC"),
    finish: str = "6",
) -> bytes:
    """A driver's page; the spans are what stands below the name."""
    below = "".join(
        f'<span style="font-size:110%">{html.escape(one)}</span><br />' for one in spans
    )
    return page(
        key,
        '<table><tbody><tr><th><span style="font-size:250%; padding:0;">'
        f"<b>{html.escape(name)}</b></span><br /><br />{below}"
        '<span style="font-size:110%">Most Recent Race: '
        f"{link('Lantern_Cup:1962-01', 'May 6, 1962')} - Fenmoor - Finish: {finish}</span>"
        "</th></tr></tbody></table>"
        '<table><tbody><tr><th><span style="font-size:180%"><b>Lantern Cup Results</b></span></th>'
        f"</tr></tbody></table><p>Wins: {finish}</p>",
    )


def circuit(
    key: str = "Fenmoor_Speedway",
    name: str = "Fenmoor Speedway",
    *,
    located: str = "0.5 mi./0.805 km.  Dirt Oval located in Fenmoor, NC",
    status: str = "Track Status: Closed</b> <small> (Opened: 1922 , Closed: 1971)</small>",
    maps: str = "https://maps.google.com/?ll=35.25,-80.5",
    winners: Iterable[str] = (),
) -> bytes:
    """A track's page; the winners' names are keys."""
    races = "".join(
        f"<tr>{_cells('td', [link('Lantern_Cup:1962-01', '6 May 1962'), 'x', link(one)])}</tr>"
        for one in winners
    )
    return page(
        key,
        '<table class="newtracktable"><tbody><tr><td><span style="font-size:250%;">'
        f"<b>{html.escape(name)}</b></span></td></tr><tr><td><b>{located}</b>\n</td></tr>"
        f'<tr><td><b>{status}\n</td></tr><tr><td><a href="{maps}" rel="nofollow">map</a></td></tr>'
        '</tbody></table><table class="wikitable sortable"><tbody>'
        f"<tr><th>Date</th><th>Sanction</th><th>Winner</th></tr>{races}</tbody></table>",
    )


def _cells(tag: str, contents: Iterable[str]) -> str:
    return "".join(f"<{tag}>{one}\n</{tag}>" for one in contents)


def _rows(rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"<tr>{_cells('td', row)}</tr>" for row in rows)


def _plain(row: Row | str) -> str:
    return row if isinstance(row, str) else row.driver.rpartition("</a>")[0].rpartition(">")[2]
