"""The product's enumerations, with the integers that its database stores."""

from enum import IntEnum


class SessionType(IntEnum):
    """The column "Type" of "Sessions". There is none for a test day: it is stored as a practice."""

    FP1 = 0
    FP2 = 1
    FP3 = 2
    QUALIFYING = 3
    SPRINT_QUALIFYING = 4
    SPRINT = 5
    RACE = 6
    WARMUP = 7
    MOTO3_RACE = 8
    MOTO2_RACE = 9
    MOTOGP_RACE = 10


class SessionStatus(IntEnum):
    """The column "Status" of "Sessions"."""

    SCHEDULED = 0
    IN_PROGRESS = 1
    COMPLETED = 2
    CANCELLED = 3
    DELAYED = 4


class Role(IntEnum):
    """The column "Role" of "Entrants"."""

    REGULAR = 0
    RESERVE = 1
    FP1_ONLY = 2
    TEST = 3


class ResultStatus(IntEnum):
    """How somebody's session ended; the column "Status" of a result."""

    FINISHED = 0
    DNF = 1
    DNS = 2
    DSQ = 3
    NC = 4
