"""Timers: one by a setting, one at the start, one to switch off, one that outlives its ticks."""

import logging
import threading

import azure.functions as func

app = func.FunctionApp()
_log = logging.getLogger("sample")


@app.timer_trigger(arg_name="timer", schedule="%TEST_SCHEDULE%")
def tick(timer: func.TimerRequest) -> None:
    """Every tick of a setting's schedule."""
    _log.info("tick past_due=%s next=%s", timer.past_due, timer.schedule_status["Next"])


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=True)
def at_start(timer: func.TimerRequest) -> str:
    """Once, and wrongly: a timer has nothing to return to."""
    _log.info("at_start past_due=%s", timer.past_due)
    return "something"


@app.timer_trigger(arg_name="timer", schedule="* * * * * *", run_on_startup=True)
def off(timer: func.TimerRequest) -> None:
    """For a setting to switch off."""


@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
def long_tick(timer: func.TimerRequest) -> None:
    """Takes longer than two of its ticks, the first time."""
    _log.info("long_tick past_due=%s", timer.past_due)
    if not timer.past_due:
        threading.Event().wait(2.5)
