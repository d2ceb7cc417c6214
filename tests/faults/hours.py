"""Hours of the host's work in seconds: messages come when visible, and time is let pass."""

import time

from ingestion_core.tasks.app import App
from tests.support.drain import deliver, letters
from tests.support.work import pass_time, passing, row, rows

_OPEN = "SELECT count(*) AS n FROM ingest.items WHERE state IN ('waiting', 'sent', 'running')"
_VISIBLE = (
    "SELECT item FROM ingest.items WHERE state = 'sent' AND due_at <= clock_timestamp()"
    " ORDER BY lane, due_at, item"
)
_NEXT = (
    "SELECT coalesce(extract(epoch FROM min(due_at) - clock_timestamp()), 60)::float8 AS seconds"
    " FROM ingest.items WHERE state = 'sent'"
)


class Hours:
    """The time, with what was let pass, in seconds."""

    def __init__(self) -> None:
        self.passed = 0.0

    @property
    def now(self) -> float:
        return time.monotonic() + self.passed

    def work_off(self, app: App) -> None:
        """Deliver every message when it becomes visible, until none is left; nobody waits."""

        def pass_on(seconds: float) -> None:
            pass_time(app, seconds)
            self.passed += seconds

        passing(app, pass_on)
        for _ in range(5000):
            if rows(app, _OPEN) == [{"n": 0}]:
                return
            visible = [one["item"] for one in rows(app, _VISIBLE)]
            if not visible:
                pass_on(max(row(app, _NEXT)["seconds"], 0.01))
                app.release_all()
                continue
            [(task, message)] = [one for one in letters(app) if one[1].item == visible[0]]
            deliver(app, task, message)
        raise AssertionError("there is no end to it")
