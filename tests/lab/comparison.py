# SPDX-License-Identifier: Apache-2.0
"""What the exporter says, second by second, against the truth."""

import time
from dataclasses import dataclass, field

# lag.md's words: a false alarm says more than 5 s where less than 1 s is true; a miss says less
# than half of a truth over 5 s, or nothing.
ALARM = 5.0
HARMLESS = 1.0
# One pulse of a second, and half of one for the scrape.
WORST_ERROR = 1.5


@dataclass
class Verdict:
    """How well one standby's lag was told, all in seconds.

    Errors are what is left of them after the machine's own stalls around each moment.
    """
    mean_error: float = 0.0
    worst_error: float = 0.0
    false_alarm: float = 0.0
    missed: float = 0.0
    absent: float = 0.0
    stalled: float = 0.0
    said: list = field(default_factory=list)
    true: list = field(default_factory=list)
    worst: str = ""  # the sample with the worst error

    def __str__(self):
        return (f"mean error {self.mean_error:.2f} s, worst {self.worst_error:.2f} s, false alarm "
                f"{self.false_alarm:.1f} s, missed {self.missed:.1f} s, absent {self.absent:.1f} s, "
                f"machine stalled {self.stalled:.1f} s")


class Comparison:
    """Scrapes for a while and remembers what was said and what was true at that moment.

    Where the sampled truth does not apply, truth_of(standby, time) gives seconds, or (least, most)
    where anything between them is right.
    """

    def __init__(self, exporter, truth, standbys, every=0.25, truth_of=None):
        self._exporter = exporter
        self._truth = truth
        self._standbys = standbys
        self._every = every
        self._truth_of = truth_of or truth.lag
        self._samples = {standby.name: [] for standby in standbys}
        self._stalled = 0.0
        self.pages = []

    def run(self, seconds):
        """May be called again: the samples add up."""
        stalled_before = self._truth.stalls.total()
        end = time.monotonic() + seconds
        while (begin := time.monotonic()) < end:
            page = self._exporter.scrape()
            self.pages.append(page)
            for standby in self._standbys:
                said = page.value("pgrepl_lag_seconds", server=standby.name)
                self._samples[standby.name].append((page.at, said, self._truth_of(standby, page.at)))
            time.sleep(max(0.0, begin + self._every - time.monotonic()))
        self._stalled += self._truth.stalls.total() - stalled_before
        return self

    def verdict(self, standby):
        samples = self._samples[standby.name]
        errors = [(max(0.0, _distance(said, true) - self._truth.stall(standby, at)), at, said, true)
                  for at, said, true in samples if said is not None]
        worst = max(errors, default=(float("inf"), 0.0, None, None), key=lambda one: one[0])
        return Verdict(
            mean_error=sum(one[0] for one in errors) / len(errors) if errors else float("inf"),
            worst_error=worst[0],
            worst=f"after {worst[1] - samples[0][0]:.1f} s said {worst[2]}, true {worst[3]}",
            false_alarm=self._every * sum(
                said is not None and said > ALARM and _range(true)[1] < HARMLESS
                for _, said, true in samples),
            missed=self._every * sum(
                _is_missed(said, _range(true)[0]) for _, said, true in samples),
            absent=self._every * sum(said is None for _, said, _ in samples),
            stalled=self._stalled,
            said=[said for _, said, _ in samples],
            true=[true for _, _, true in samples])


def _is_missed(said, true):
    return true > ALARM and (said is None or said < true / 2)


def _distance(said, true):
    least, most = _range(true)
    return max(least - said, said - most, 0.0)


def _range(true):
    return true if isinstance(true, tuple) else (true, true)
