"""A replay of OpenF1 on a port of this machine."""

from datetime import datetime

from local.replay.api import Api
from local.replay.control import routes
from local.replay.limits import Limits
from local.replay.lockout import Clock
from local.replay.rows import Rows
from local.replay.sample import load_sample
from local.replay.serving import Serving


class ReplayServer(Serving):
    """A replay of OpenF1 for the length of a `with` block; everything may be changed meanwhile.

    `rows` is the shipped sample unless given, `limits` those of production, and `now` the real
    time. Raises OSError when `port` is taken (0 takes a free one).
    """

    def __init__(
        self,
        rows: Rows | None = None,
        *,
        limits: Limits | None = None,
        now: datetime | None = None,
        port: int = 0,
    ) -> None:
        self.api = Api(rows or load_sample(), limits=limits or Limits(), clock=Clock(now))
        super().__init__(self.api, routes(self.api), port)

    @property
    def rows(self) -> Rows:
        """What is served."""
        return self.api.rows

    @property
    def clock(self) -> Clock:
        """The replay's time."""
        return self.api.clock
