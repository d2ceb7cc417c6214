"""Lines of the log: what they say can be read back, field by field, from their text alone."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion_core.telemetry import line, tell
from tests.support.logs import fields

log = logging.getLogger("ingestion_core.somewhere")


def test_a_line_is_an_action_and_its_fields_in_their_order() -> None:
    """Numbers, truths and moments are written as a query compares them."""
    told = line(
        "item",
        {
            "task": "sync_meeting",
            "seconds": 0.8432,
            "rows": 27,
            "due": True,
            "until": datetime(2024, 3, 2, 15, 0, 7, 123, UTC),
        },
    )
    assert told == (
        "item task=sync_meeting seconds=0.8 rows=27 due=true until=2024-03-02T15:00:07+00:00"
    )


@pytest.mark.parametrize(
    "value", ["two words", 'a "quoted" word', "a=b", "back\\slash", "", "a\nb"]
)
def test_a_value_that_would_end_or_begin_another_is_quoted(value: str) -> None:
    """As a JSON string: Kusto's parse-kv is told the quote and the escape."""
    told = line("dead-letter", {"reason": value, "queue": "meetings"})
    assert told == f"dead-letter reason={json.dumps(value)} queue=meetings"


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text(), max_size=5))
def test_every_text_can_be_read_back(values: dict[str, str]) -> None:
    """Whatever a source calls its things: no key of its can pass for a field of ours."""
    action, found = fields(line("item", values))
    assert (action, found) == ("item", values)


def test_what_is_none_is_left_out_of_text_and_extra(caplog: pytest.LogCaptureFixture) -> None:
    """The rest stands in both: text for the Functions host, extra for a handler."""
    with caplog.at_level(logging.INFO):
        tell(log, logging.INFO, "source", {"source": "openf1", "state": "open", "why": None})
    [record] = caplog.records
    assert record.getMessage() == "source source=openf1 state=open"
    extra: dict[str, Any] = vars(record)
    assert (extra["action"], extra["source"], extra["state"]) == ("source", "openf1", "open")
    assert "why" not in extra


def test_no_line_is_made_where_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    """A level that is off costs nothing."""
    with caplog.at_level(logging.WARNING):
        tell(log, logging.INFO, "item", {"key": re.compile("never looked at")})
    assert caplog.records == []
