"""The readers of The Third Turn's pages, whole and damaged: their bound is in milliseconds, since a
page that takes long holds up all others of its instance."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

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

PAGES = Path(__file__).parents[1] / "local" / "replay" / "wiki" / "pages"
#: Of a page of this size.
MOST_MILLISECONDS = 50
SIZE = 60_000
READERS: tuple[Callable[[bytes], object], ...] = (
    *(index.read, series.read, season.read, race.read, race_results.read),
    *(driver.read, circuit.read),
)
_DAMAGED = 3
_BITS = (
    *("<table>", "</table>", "<tr>", "</td>", "<th>", "<div>" * 300, "</div>", "<!--", "-->"),
    *("<script>", "<style>", "<select>", "<svg>", "<plaintext>", "&#0;", "????", ";;;", "<a href>"),
)


def grown(page: str) -> str:
    """The page with the rows of its tables so often that it has the size."""
    rows = page[page.index("<tr>") : page.rindex("</tr>") + 5]
    end = page.rindex("</tr>") + 5
    return page[:end] + rows * ((SIZE - len(page)) // len(rows) + 1) + page[end:]


def damaged(page: str, chance: random.Random) -> str:
    """The page with something cut out, repeated and put in, at several places."""
    for _ in range(chance.randrange(1, 9)):
        place = chance.randrange(len(page))
        cut, again = chance.randrange(400), chance.randrange(400)
        page = (
            page[:place] + chance.choice(_BITS) + page[place : place + again] + page[place + cut :]
        )
    return page + "</html>"


def bodies() -> Iterator[bytes]:
    """Every invented page, at its size, whole and damaged."""
    chance = random.Random(1)  # noqa: S311 -- the same damage each time
    for path in sorted(PAGES.glob("*.html")):
        page = grown(path.read_text())
        yield page.encode()
        for _ in range(_DAMAGED):
            yield damaged(page, chance).encode()


def milliseconds(read: Callable[[bytes], object], body: bytes) -> float:
    """The least of three, of processor time."""
    spent = []
    for _ in range(3):
        began = time.process_time()
        with suppress(PageUnusable):
            read(body)
        spent.append(time.process_time() - began)
    return min(spent) * 1000


def main() -> None:
    """The longest that any reader takes, for 60 kB."""
    slowest = max(
        milliseconds(read, body) * SIZE / max(len(body), SIZE)
        for body in bodies()
        for read in READERS
    )
    print(f"a page of {SIZE // 1000} kB             {slowest:5.1f} ms, at most {MOST_MILLISECONDS}")


if __name__ == "__main__":
    main()
