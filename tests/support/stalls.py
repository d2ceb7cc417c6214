"""How long the machine kept everybody waiting: what a measured time is not to blame for."""

import threading
import time
from typing import Self

#: A thread that sleeps this long and wakes later was kept waiting for a processor.
_NAP = 0.02
#: What a waking takes on a machine that has time.
_USUAL = 0.005


class Stalls:
    """Sums, inside ``with``, how much too late a sleeping thread was woken.

    A pace is kept by processes that wake in time. On a machine that is shared, or throttled, they
    don't, and the time they lose is the machine's.
    """

    seconds = 0.0

    def __init__(self) -> None:
        self._over = threading.Event()
        self._watching = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            self._over.wait(_NAP)
            self.seconds += max(0.0, time.monotonic() - began - _NAP - _USUAL)

    def __enter__(self) -> Self:
        self._watching.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watching.join()
