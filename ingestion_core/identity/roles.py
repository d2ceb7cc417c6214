"""Roles of entrants, from who was listed in which session of a season. Never from results.

Who was listed in a qualifying, a sprint or a race of a numbered round has raced it. A run of rounds
in a row that one driver raced for one team is a stint; only rounds that anybody raced count.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ingestion_core.racing.kinds import Role

#: A stand-in's stint is at most so many rounds long: what lasts longer is a change of driver.
_LONGEST_STAND_IN: Final = 3
#: So many others have raced for the team: its seats are taken.
_SEATS: Final = 2

Seat = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Listed:
    """An entrant of a round, and whether lists of its races or qualifyings name them.

    Ids are texts here: nothing but equality is asked of them. ``number``: the round's, 0 for what
    does not count.
    """

    entrant: str
    round: str
    number: int
    driver: str
    team: str
    raced: bool


def assign(listed: Sequence[Listed]) -> dict[str, Role]:
    """The role of every entrant of a season.

    Who raced is regular, unless standing in for somebody. Who only practised stays regular if he
    raced for the team in the round before or after, and is FP1-only where two others raced for it.
    At a test, who races nowhere is a test driver; before a season's first race nobody can tell.
    A race that does not count is a race all the same.
    """
    numbers = sorted({one.number for one in listed if one.raced and one.number})
    places = {number: place for place, number in enumerate(numbers)}
    raced = [one for one in listed if one.raced and one.number]
    racers = {one.driver for one in raced}
    seats: dict[tuple[str, str], set[str]] = defaultdict(set)
    rounds_of: dict[Seat, set[int]] = defaultdict(set)
    for one in raced:
        seats[one.round, one.team].add(one.driver)
        rounds_of[one.driver, one.team].add(places[one.number])
    standing_in = _stand_ins(rounds_of)

    def role(one: Listed) -> Role:
        seat = one.driver, one.team
        if one.number == 0:
            stranger = not one.raced and one.driver not in racers
            return Role.TEST if racers and stranger else Role.REGULAR
        place = places.get(one.number)
        if one.raced:
            return Role.RESERVE if (seat, place) in standing_in else Role.REGULAR
        around = rounds_of.get(seat, set())
        if place is not None and (place - 1 in around or place + 1 in around):
            return Role.REGULAR
        taken = len(seats.get((one.round, one.team), set()) - {one.driver}) >= _SEATS
        return Role.FP1_ONLY if taken else Role.REGULAR

    return {one.entrant: role(one) for one in listed}


def _stand_ins(rounds_of: Mapping[Seat, set[int]]) -> set[tuple[Seat, int]]:
    """Seat and place of all rounds in which somebody stood in for another.

    That other raced for the team right before and right after the stint, not in it, and more often
    than the stand-in did: or else Magnussen's three weekends between Bearman's two at Haas in 2024
    would be a stand-in's.
    """
    of_team: dict[str, list[str]] = defaultdict(list)
    for driver, team in rounds_of:
        of_team[team].append(driver)
    found: set[tuple[Seat, int]] = set()
    for (driver, team), places in rounds_of.items():
        for first, last in _stints(places):
            if last - first >= _LONGEST_STAND_IN:
                continue
            stint = set(range(first, last + 1))
            for other in of_team[team]:
                theirs = rounds_of[other, team]
                if (
                    other != driver
                    and first - 1 in theirs
                    and last + 1 in theirs
                    and len(theirs) > len(places)
                    and not theirs & stint
                ):
                    found |= {((driver, team), place) for place in stint}
    return found


def _stints(places: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of every run of places in a row."""
    found: list[tuple[int, int]] = []
    for place in sorted(places):
        if found and found[-1][1] == place - 1:
            found[-1] = found[-1][0], place
        else:
            found.append((place, place))
    return found
