"""A source's gate without a database: always open, and it remembers what it was told."""

from datetime import UTC, datetime, timedelta

from ingestion_core.errors import SourceFailing, SourceRefused

#: When every request of a test was let in, and when what is refused may come again.
ENTERED = datetime(2024, 3, 1, 12, tzinfo=UTC)
LATER = ENTERED + timedelta(minutes=1)


class OpenGate:
    """``told``: what the client said of each exchange, in order."""

    def __init__(self) -> None:
        self.entered = 0
        self.told: list[str] = []
        self.waits: list[float] = []
        self.seconds: list[float] = []

    def enter(self) -> datetime:
        self.entered += 1
        return ENTERED

    def answered(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.told.append("well")

    def told_to_wait(self, seconds: float) -> SourceRefused:
        self.waits.append(seconds)
        return self._refused("rate-limited")

    def locked_out(self) -> SourceRefused:
        return self._refused("locked-out")

    def rejected(self) -> SourceRefused:
        return self._refused("login-refused")

    def failed(self, why: str) -> SourceFailing:
        self.told.append(why)
        return SourceFailing("a source", LATER, why)

    def _refused(self, why: str) -> SourceRefused:
        self.told.append(why)
        return SourceRefused("a source", LATER, why)
