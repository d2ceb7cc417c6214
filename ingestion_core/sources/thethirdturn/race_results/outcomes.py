"""How somebody's race ended, from the wiki's words for it."""

import re
from typing import Final

from ingestion_core.racing.kinds import ResultStatus

NOT_QUALIFIED: Final = "DNQ"
NOT_STARTED: Final = "DNS"

_DISQUALIFIED: Final = re.compile(r"(?:.*[ /(])?(?:dq|dsq|disqualified)\b.*", re.IGNORECASE)
_RUNNING: Final = re.compile(r"running|finished", re.IGNORECASE)
_FLAGGED: Final = re.compile(r"flagged|lapped|\+\d{1,3} laps?", re.IGNORECASE)
_OUT: Final = {
    "dnq": NOT_QUALIFIED,
    "did not qualify": NOT_QUALIFIED,
    "non-qualifier": NOT_QUALIFIED,
    "dns": NOT_STARTED,
    "did not start": NOT_STARTED,
}
_WITHDRAWN: Final = frozenset({"withdrew", "withdrawn", "wd"})
_UNCLASSIFIED: Final = frozenset({"nc", "not classified"})


def outcome(
    place: int | None, word: str | None, status: str | None, group: str | None
) -> tuple[ResultStatus, str | None]:
    """The status, and the detail that says more than it does.

    Args:
        place: where the row is listed.
        word: what stands there instead.
        status: the row's; its word decides before the heading does.
        group: the heading under which the row stands.
    """
    said = status or word or ""
    folded = said.casefold()
    if _DISQUALIFIED.fullmatch(said) or _DISQUALIFIED.fullmatch(word or ""):
        return ResultStatus.DSQ, said
    if folded in _WITHDRAWN:
        return ResultStatus.DNS, said
    if (out := _OUT.get(folded) or _OUT.get((group or "").casefold())) is not None:
        return ResultStatus.DNS, out
    if folded in _UNCLASSIFIED:
        return ResultStatus.NC, None
    if not said:
        # Small series name nobody's end but the winner's: who is listed in a place took it.
        return (ResultStatus.NC if place is None else ResultStatus.FINISHED), None
    if _RUNNING.fullmatch(said):
        return ResultStatus.FINISHED, None  # lapped cars are running too
    if _FLAGGED.fullmatch(said):
        return ResultStatus.FINISHED, said
    return ResultStatus.DNF, None if folded == "dnf" else said
