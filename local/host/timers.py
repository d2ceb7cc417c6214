"""Timer functions: when they are due, and the loop that starts them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from azure.functions.timer import TimerRequest
from croniter import CroniterError, croniter  # type: ignore[import-untyped]  # has no types

_log = logging.getLogger(__name__)

# The wall clock is looked at again this often, so that a machine that slept wakes up in time.
_LONGEST_NAP_SECONDS = 30.0
_ON_TIME = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Six-field NCRONTAB, seconds first, in UTC. Raises ValueError for anything else."""

    expression: str

    def __post_init__(self) -> None:
        if len(self.expression.split()) != 6:
            raise ValueError(f"the schedule {self.expression!r} must have six fields")
        try:
            self.after(datetime.now(UTC))
        except CroniterError as error:
            raise ValueError(f"the schedule {self.expression!r} is not valid: {error}") from error

    def after(self, moment: datetime) -> datetime:
        """The first tick after an aware moment."""
        # NCRONTAB wants the day of the month and of the week to match, cron is content with one.
        cron = croniter(self.expression, moment, second_at_beginning=True, day_or=False)
        tick: datetime = cron.get_next(datetime)
        return tick


async def run_timer(
    schedule: Schedule,
    invoke: Callable[[TimerRequest], Awaitable[object]],
    stop: asyncio.Event,
    *,
    run_on_startup: bool = False,
) -> None:
    """Start the function at every tick, one invocation at a time, until stop is set."""
    started = datetime.now(UTC)
    if run_on_startup:
        await invoke(_request(schedule, started, past_due=False))
    while True:
        # From the start of the last one: ticks that went by while it ran fire once, and late.
        due = schedule.after(started)
        if await _stopped_before(due, stop):
            return
        started = datetime.now(UTC)
        await invoke(_request(schedule, due, past_due=started - due > _ON_TIME))


def _request(schedule: Schedule, tick: datetime, *, past_due: bool) -> TimerRequest:
    status = {"Last": tick.isoformat(), "Next": schedule.after(tick).isoformat()}
    return TimerRequest(past_due=past_due, schedule_status=status, schedule={"AdjustForDST": True})


async def _stopped_before(due: datetime, stop: asyncio.Event) -> bool:
    """Wait for a moment; true as soon as stop is set instead."""
    while (left := (due - datetime.now(UTC)).total_seconds()) > 0:
        try:
            await asyncio.wait_for(stop.wait(), min(left, _LONGEST_NAP_SECONDS))
        except TimeoutError:
            continue
        return True
    return stop.is_set()
