"""robots.txt: what the wiki lets us ask for, and how often."""

import math
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.robotparser import RobotFileParser

#: By this name the file may speak of us.
AGENT: Final = "parcferme-ingestion"
PATH: Final = "/robots.txt"

#: No such file is larger; what is beyond it does not count.
_MAX_BYTES: Final = 500 * 1024
_DELAY: Final = re.compile(r"(\s*crawl-delay\s*:\s*)(\d{1,6}\.\d{1,6})\s*", re.IGNORECASE)
#: A star at the end says nothing that the beginning of an address does not say already.
_OPEN_END: Final = re.compile(r"(\s*(?:dis)?allow\s*:[^*$#]*[^*$#\s])\*\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a file allows. ``delay``: seconds between two requests; 0 where none are asked for."""

    delay: float
    _parser: RobotFileParser = field(repr=False)

    def allow(self, path: str) -> bool:
        """Whether this path may be asked for."""
        return self._parser.can_fetch(AGENT, path)


def text_of(body: bytes) -> str:
    """The file as it is kept."""
    return body[:_MAX_BYTES].decode("utf-8-sig", errors="replace").replace("\0", "")


def rules(status: int, text: str) -> Rules:
    """What an answer of this status comes to.

    No file, no rules; a file that is kept from us (401, 403) forbids everything, as the standard
    library has it.
    """
    parser = RobotFileParser()
    if status in (401, 403):
        parser.parse(["User-agent: *", "Disallow: /"])
    else:
        parser.parse(_plain(one) for one in (text if status == 200 else "").splitlines())
    rate = parser.request_rate(AGENT)
    every = rate.seconds / rate.requests if rate and rate.requests else 0.0
    return Rules(max(float(parser.crawl_delay(AGENT) or 0), every), parser)


def _plain(line: str) -> str:
    """A line as the standard library understands it: whole seconds, no star at the end."""
    delay, open_end = _DELAY.fullmatch(line), _OPEN_END.fullmatch(line)
    if delay:
        return f"{delay[1]}{math.ceil(float(delay[2]))}"
    return open_end[1] if open_end else line
