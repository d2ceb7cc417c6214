"""Everything that can go wrong on purpose, and what happens to the message.

    IngestionError
    ├── Deferred            the item is given back and comes again
    │   ├── SourceClosed      the gate: paused, closed, or not our turn within its patience
    │   ├── SourceRefused     429, 401: the source's state, no attempt of the item
    │   └── SourceFailing     5xx, timeouts, garbage: one of the item's attempts
    ├── Dropped             the item is closed as failed, with its code
    │   ├── UnknownMessage    a version or a form that nobody understands
    │   ├── UnknownMeeting    the source does not know this key
    │   ├── UnusableAnswer    an answer without what everything hangs on
    │   ├── ArchiveUnreadable an archive that is none, is unsafe, or can't be parsed at some place
    │   ├── ArchiveMissing    the archive's address names nothing that can be read
    │   ├── NoSuchPage        nobody wrote the page that a crawl was to begin with
    │   ├── SourceOff         the source is not opted into
    │   └── RightsMissing     the database denies our role what the work needs
    ├── BadRequest          400 or 413 to whoever asked, naming what and why
    │   ├── NotFound          404
    │   └── Conflict          409
    └── Unprepared          a setting, a table or a key that we need is missing; nothing was done

Database errors and bugs are none of these: they raise to the host, which redelivers the message.
No text here may carry a result value: codes are words from the code, never from an answer.
"""

from datetime import datetime


class IngestionError(Exception):
    """Whatever this project raises on purpose."""


class Deferred(IngestionError):
    """Not now: the item is given back and comes again at ``until``."""

    counts = False

    def __init__(self, source: str, until: datetime, why: str) -> None:
        super().__init__(f"{source}: {why}, until {until:%Y-%m-%d %H:%M:%SZ}")
        self.source = source
        self.until = until
        self.why = why


class SourceClosed(Deferred):
    """The gate stayed shut for as long as an invocation may wait."""


class SourceRefused(Deferred):
    """The source asks us to wait (429) or locks us out (401)."""


class SourceFailing(Deferred):
    """The source is not well: 5xx, a timeout, an answer that is no answer."""

    counts = True


class Dropped(IngestionError):
    """The item is closed as failed; ``told`` stands in the run."""

    code = "dropped"

    @property
    def told(self) -> str:
        """The code, and no more: the text may hold what a source said."""
        return self.code


class UnknownMessage(Dropped):
    """The message has a version or a form that nobody understands."""

    code = "unknown-message"


class UnknownMeeting(Dropped):
    """The source does not know this meeting."""

    code = "unknown-meeting"


class UnusableAnswer(Dropped):
    """The answer lacks what everything hangs on."""

    code = "unusable-answer"


class ArchiveUnreadable(Dropped):
    """The archive can't be read; the text names the file and, inside it, line and column.

    ``column`` is a name where a column as such is at fault, else a place in the line from 1.
    """

    code = "archive-unreadable"

    def __init__(
        self, file: str, why: str, line: int | None = None, column: int | str | None = None
    ) -> None:
        place = "".join(
            f", {word} {value}"
            for word, value in (("line", line), ("column", column))
            if value is not None
        )
        super().__init__(f"{ascii(file)[1:-1]}{place}: {why}")
        self.file = file
        self.line = line
        self.column = column

    @property
    def told(self) -> str:
        """The code and where: names and numbers of places, never what stands there."""
        return f"{self.code}: {str(self)[:300]}"


class ArchiveMissing(Dropped):
    """The archive's address names nothing that can be read; the text is all our own."""

    code = "archive-missing"

    @property
    def told(self) -> str:
        return f"{self.code}: {self}"


class NoSuchPage(Dropped):
    """The source has no page of the title that somebody asked for; the item names the title."""

    code = "no-such-page"

    @property
    def told(self) -> str:
        return f"{self.code}: there is none of this title"


class SourceOff(Dropped):
    """Work of a source that is not opted into; the text names the setting."""

    code = "source-off"

    @property
    def told(self) -> str:
        return f"{self.code}: {self}"


class RightsMissing(Dropped):
    """The database denies our role what the work needs; the text names the role that may."""

    code = "rights-missing"

    @property
    def told(self) -> str:
        return f"{self.code}: {self}"


class BadRequest(IngestionError):
    """The request can't be carried out as it stands; the text names what and why."""

    status = 400
    title = "Bad request"


class TooLarge(BadRequest):
    """The body is larger than any request of this API."""

    status = 413
    title = "Body too large"


class NotFound(BadRequest):
    """What the address names does not exist."""

    status = 404
    title = "Not found"


class Conflict(BadRequest):
    """Another state or setting stands against the request; the text names it."""

    status = 409
    title = "Conflict"


class Unprepared(IngestionError):
    """Something that must be there is missing; the text names it and the cure."""
