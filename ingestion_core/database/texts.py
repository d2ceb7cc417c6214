"""Texts as PostgreSQL can hold them."""

from typing import Any


def storable(value: Any) -> Any:
    """A JSON value in which what no text can hold (NUL, lone surrogates) is shown as U+FFFD."""
    if isinstance(value, str):
        return (
            value.encode("utf-16", "surrogatepass")
            .decode("utf-16", "replace")
            .replace("\x00", "\ufffd")
        )
    if isinstance(value, dict):
        return {str(storable(str(name))): storable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [storable(each) for each in value]
    return value
