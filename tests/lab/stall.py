# SPDX-License-Identifier: Apache-2.0
"""How long the machine itself stood still, so that it isn't held against what is measured on it."""

import bisect
import threading
import time
from contextlib import contextmanager

TICK = 0.02
# Later than this is no jitter of a timer any more.
NOTICED = 0.01
# What is said now rests on the pulse before: a stall of that long ago can still be seen in it.
BEFORE, AFTER = 2.0, 0.5


class Stalls:
    """Delays that nobody ordered, seen by a clock that ticks while its `with` block lasts.

    Other witnesses add what they see with `timed`. Two of them may see the same stall, so their
    sums aren't added: the one who saw most is believed.
    """

    def __init__(self):
        self._seen = {"clock": ([], [])}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="stalls", daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def around(self, at):
        """Seconds stalled shortly before (and just after) this time of time.monotonic()."""
        return max(_between(times, sums, at - BEFORE, at + AFTER)
                   for times, sums in self._seen.values())

    def total(self):
        return max(sums[-1] if sums else 0.0 for _, sums in self._seen.values())

    @contextmanager
    def timed(self, witness, usual):
        """What takes longer than usual inside the block, and succeeds, was held up."""
        begin = time.monotonic()
        yield
        self._add(witness, time.monotonic() - begin - usual)

    def _add(self, witness, seconds):
        if seconds < NOTICED:
            return
        times, sums = self._seen.setdefault(witness, ([], []))
        sums.append((sums[-1] if sums else 0.0) + seconds)
        # Last: the readers look at the times first.
        times.append(time.monotonic())

    def _tick(self):
        while not self._end.is_set():
            begin = time.monotonic()
            time.sleep(TICK)
            self._add("clock", time.monotonic() - begin - TICK)


def _between(times, sums, begin, end):
    """A stall is noted at its end; one that ends after the window may have covered all of it."""
    first, last = bisect.bisect_left(times, begin), bisect.bisect_right(times, end)
    if last < len(times) and times[last] - _alone(sums, last) < end:
        last += 1
    if first >= last:
        return 0.0
    return sums[last - 1] - (sums[first - 1] if first else 0.0)


def _alone(sums, index):
    return sums[index] - (sums[index - 1] if index else 0.0)
