"""The status page, rendered: one self-contained answer, nothing of which is fetched elsewhere."""

import base64
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from functions.html import words
from functions.html.grid import grid, reasons
from ingestion_core.quality.states import State
from ingestion_core.tasks.status import Status

if TYPE_CHECKING:
    from jinja2 import Template

_HERE: Final = Path(__file__).parent
#: Series that the page names; the rest are found by their address.
_SERIES: Final = 200


@functools.cache
def headers() -> Mapping[str, str]:
    """What the page may do: its own style and script, by their digests, and ask for itself anew."""
    style, script = (f"'sha256-{_digest(_text(name))}'" for name in ("status.css", "status.js"))
    policy = (
        f"default-src 'none'; style-src {style}; script-src {script}; connect-src 'self';"
        " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",  # the address may hold the key
        "X-Content-Type-Options": "nosniff",
    }


def render(status: Status, code: str | None) -> str:
    """The page.

    Args:
        status: what it shows.
        code: the function key, if it came in the address: links carry it on, no text shows it.
    """
    covered = status.coverage

    def address(path: str, year: int | None = None, series: str | None = None) -> str:
        told = {"series": series, "year": year, "code": code}
        query = urlencode({name: value for name, value in told.items() if value is not None})
        return f"{path}?{query}" if query else path

    return _template("status.html").render(
        status=status,
        covered=covered,
        grid=grid(covered.season),
        reasons=reasons(covered.season),
        totals=covered.season.totals(),
        years=_around(covered.season.year, covered.series.years),
        by_decade=words.by_decade(covered.series.years),
        others=[one for one in covered.all_series if one != covered.series][:_SERIES],
        left_out=max(0, len(covered.all_series) - 1 - _SERIES),
        states=list(State),
        address=address,
        words=words,
        style=_text("status.css"),
        script=_text("status.js"),
    )


def render_problem(problem: Mapping[str, Any]) -> str:
    """What went wrong, for a person; ``problem`` is as RFC 9457 has it."""
    return _template("problem.html").render(problem, style=_text("status.css"))


def _around(year: int, years: tuple[int, ...]) -> tuple[int | None, int | None]:
    """The season before and the one after."""
    earlier = [one for one in years if one < year]
    later = [one for one in years if one > year]
    return (max(earlier) if earlier else None), (min(later) if later else None)


@functools.cache
def _template(name: str) -> "Template":
    # Imported here: whoever never looks at the page does not pay for it at every cold start.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _text(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
