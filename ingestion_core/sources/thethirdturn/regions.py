"""Places as the wiki writes them: "Monza, Italy", "Charlotte, NC"."""

from dataclasses import dataclass
from typing import Final

#: Short forms that stand for a country too: the wiki leaves the United States and Canada out.
_STATES: Final = {
    **dict.fromkeys(
        (
            *("AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN"),
            *("IA", "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV"),
            *("NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN"),
            *("TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "DC", "PR"),
        ),
        "United States",
    ),
    **dict.fromkeys(
        ("AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"), "Canada"
    ),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A town, and what it lies in; what is not said is None."""

    city: str | None
    region: str | None
    country: str | None


def place_of(text: str) -> Place:
    """A place's parts: the last one is a state's short form or a country, the first the town.

    Australian states and the like stand between town and country.
    """
    parts = [one for one in (part.strip(" .") for part in text.split(",")) if one]
    if len(parts) < 2:
        return Place(parts[0] if parts else None, None, None)
    *towns, last = parts
    if last in _STATES:
        return Place(", ".join(towns), last, _STATES[last])
    town, *between = towns
    return Place(town, ", ".join(between) or None, last)
