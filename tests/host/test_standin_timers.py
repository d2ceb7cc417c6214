"""Timers under the stand-in."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from local.host.timers import Schedule
from tests.host.processes import HostProcess

StartHost = Callable[..., HostProcess]


def test_timers_tick(start_host: StartHost) -> None:
    """By a setting's schedule; at the start where asked; once, late, for ticks that were missed."""
    settings = {"TEST_SCHEDULE": "*/1 * * * * *", "AzureWebJobs.off.Disabled": "TRUE"}
    host = start_host("timers", settings=settings)
    host.line("tick past_due=False next=20", nth=2)
    host.line("at_start past_due=False")
    host.line("long_tick past_due=False")
    host.line("long_tick past_due=True")
    host.line("ERROR .*at_start failed: .*returned str, has no return binding")
    assert host.stop() == 0
    assert not any("Executing off" in line for line in host.lines), "it is disabled"


@pytest.mark.parametrize(
    ("expression", "after", "tick"),
    [
        ("0 */15 * * * *", "2024-03-02T14:59:59+00:00", "2024-03-02T15:00:00+00:00"),
        ("0 */15 * * * *", "2024-03-02T15:00:00+00:00", "2024-03-02T15:15:00+00:00"),
        ("30 0 6 * * 1-5", "2024-03-02T00:00:00+00:00", "2024-03-04T06:00:30+00:00"),
        ("0 0 0 13 * 5", "2024-03-01T00:00:00+00:00", "2024-09-13T00:00:00+00:00"),
        ("0 0 1 * * *", "2024-03-02T02:30:00+02:00", "2024-03-02T01:00:00+00:00"),
    ],
)
def test_a_schedule_is_ncrontab_in_utc(expression: str, after: str, tick: str) -> None:
    """Seconds first; a day of month and one of week must both match (Friday the 13th)."""
    found = Schedule(expression).after(datetime.fromisoformat(after).astimezone(UTC))
    assert found == datetime.fromisoformat(tick)


@pytest.mark.parametrize("expression", ["*/5 * * * *", "99 * * * * *", "a b c d e f", "00:05:00"])
def test_anything_but_six_valid_fields_is_refused(expression: str) -> None:
    """Five fields are cron's, not the host's."""
    with pytest.raises(ValueError, match="the schedule"):
        Schedule(expression)
