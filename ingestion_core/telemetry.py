"""Lines of the log for people and for queries: an action, then its fields by name.

    item run=5f… item=12 task=sync_meeting key=1229 state=done outcome=ok seconds=0.8 requests=2

The Functions host exports a line's text alone and drops what Python's ``extra`` holds, so the text
carries everything, in the form that Kusto's ``parse-kv`` reads; ``extra`` is for whoever attaches a
handler of his own (docs/runbook.md has the queries).
"""

import json
import logging
import re
from collections.abc import Mapping
from datetime import datetime

#: Nothing in it ends a value or begins another.
_PLAIN = re.compile(r'[^\s="\\]+')


def tell(log: logging.Logger, level: int, action: str, fields: Mapping[str, object | None]) -> None:
    """Log one action. A field that is None is left out. No field may hold a result."""
    told = {name: value for name, value in fields.items() if value is not None}
    if log.isEnabledFor(level):
        log.log(level, "%s", line(action, told), extra={"action": action, **told})


def line(action: str, fields: Mapping[str, object]) -> str:
    """The text: fields in their order, a value with spaces or signs in it as a JSON string."""
    return " ".join([action, *(f"{name}={_text(value)}" for name, value in fields.items())])


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
