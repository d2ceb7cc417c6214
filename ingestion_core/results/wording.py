"""Times, speeds and places in the words of the product's columns."""


def lap_time(milliseconds: int | None) -> str | None:
    """``88123`` is ``1:28.123``."""
    if milliseconds is None:
        return None
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes}:{rest // 1000:02d}.{rest % 1000:03d}"


def interval(milliseconds: int | None) -> str | None:
    """As PostgreSQL writes an interval: ``01:31:44.742``, fractions without trailing zeros."""
    if milliseconds is None:
        return None
    seconds, rest = divmod(milliseconds, 1000)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{rest:03d}".rstrip("0").rstrip(".") if rest else text


def speed(kilometres_per_hour: float | None) -> str | None:
    """Three decimals, as the archive writes them: ``206.02`` would be another text there."""
    return None if kilometres_per_hour is None else f"{kilometres_per_hour:.3f}"


def ordinal(place: int) -> str:
    """``1`` is ``1st``, ``12`` is ``12th``."""
    if place % 100 in (11, 12, 13):
        return f"{place}th"
    return f"{place}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(place % 10, 'th') }"
