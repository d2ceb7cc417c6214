"""Days as the wiki writes them: "19 June 1949", "June 19, 1949", on older pages "8-Jul-01"."""

import re
from datetime import date
from typing import Final

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_FORMS: Final = (
    re.compile(
        r"(?P<day>\d{1,2})[ -](?P<month>[A-Za-z]{3,9})\.?[ -](?P<year>\d{4}|\d\d)", re.ASCII
    ),
    re.compile(r"(?P<month>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})", re.ASCII),
)
_YEAR: Final = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)", re.ASCII)


def day_of(text: str, near: int | None = None) -> date | None:
    """The day that a text is; None where it is none, or one of no calendar.

    ``near``: the season's year, which tells the century of a year of two digits. Without it such a
    day is not understood: a guess would be wrong by a hundred years.
    """
    for form in _FORMS:
        found = form.fullmatch(text.strip())
        if found is None:
            continue
        month = _month(found["month"])
        year = _year(found["year"], near)
        if month is None or year is None:
            return None
        try:
            return date(year, month, int(found["day"]))
        except ValueError:
            return None
    return None


def year_in(text: str) -> int | None:
    """The first year in a text."""
    found = _YEAR.search(text)
    return int(found[0]) if found else None


def _month(name: str) -> int | None:
    """January, Jan or Sept: three letters are one month's alone."""
    folded = name.lower()
    return next((place for place, one in enumerate(_MONTHS, 1) if one.startswith(folded)), None)


def _year(digits: str, near: int | None) -> int | None:
    if len(digits) == 4:
        return int(digits) if 1500 <= int(digits) <= 2100 else None
    if near is None:
        return None
    century = near // 100 * 100 + int(digits)
    return min((century - 100, century, century + 100), key=lambda one: abs(one - near))
