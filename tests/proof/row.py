# SPDX-License-Identifier: Apache-2.0
"""A row of the fault table: a fault, where to look, what is true, and why it lags."""

from dataclasses import asdict, dataclass, field
from typing import Callable

from tests.lab.comparison import WORST_ERROR

# "Below one pulse", in the mean.
MEAN_ERROR = 1.0
CAUSE_FAMILY = "pgrepl_lag_cause"
ANY = "any"  # cause, or none
NO_CAUSE = "cause not on the page"


@dataclass
class Hold:
    """A stretch of a row in which what is said is compared with what is true.

    `causes` names the standbys that have one, or one of several; all others must have none.
    `truth`, where the sampled one does not apply, is a function of standby and time, of seconds or of (least, most).
    """
    seconds: float = 18
    causes: dict = field(default_factory=dict)
    truth: Callable | None = None
    # Standbys about which this hold has nothing to say.
    apart: tuple = ()
    # A cause shows within this; from then on it must stay.
    appears_within: float = 5


@dataclass
class Row:
    name: str
    fault: str
    looks_at: str
    play: Callable  # of a Stage: a generator of Holds, which asserts what else must hold
    settle: bool = True  # begins when everything is healthy


@dataclass
class Outcome:
    """What a row measured: figures of the standby it looks at, and all that was wrong anywhere."""
    row: str
    fault: str
    looks_at: str
    true_at_end: str = "-"
    said_at_end: str = "-"
    mean_error: float = 0.0
    worst_error: float = 0.0
    false_alarm: float = 0.0
    missed: float = 0.0
    absent: float = 0.0
    stalled: float = 0.0
    cause: str = "-"
    seconds: float = 0.0
    wrong: list = field(default_factory=list)

    def take(self, server, verdict):
        """Adds a hold's verdict on one standby; the worst of all is what the row is judged by."""
        if server == self.looks_at:
            self.mean_error = max(self.mean_error, verdict.mean_error)
            self.worst_error = max(self.worst_error, verdict.worst_error)
            self.true_at_end = _figure(verdict.true[-1])
            self.said_at_end = _figure(verdict.said[-1])
        self.false_alarm += verdict.false_alarm
        self.missed += verdict.missed
        self.absent += verdict.absent
        self.stalled = max(self.stalled, verdict.stalled)
        if broken := _broken(verdict):
            self.wrong.append(f"{server}: {', '.join(broken)} (true {_figure(verdict.true[-1])}, "
                              f"said {_figure(verdict.said[-1])} at the end; worst {verdict.worst})")

    def as_dict(self):
        return asdict(self)


def _broken(verdict):
    bounds = (("mean error", verdict.mean_error, MEAN_ERROR),
              ("worst error", verdict.worst_error, WORST_ERROR))
    broken = [f"{name} {value:.2f} s" for name, value, bound in bounds if value >= bound]
    return broken + [f"{name} {value:.1f} s" for name, value in (
        ("false alarm", verdict.false_alarm), ("missed", verdict.missed),
        ("absent", verdict.absent)) if value]


def _figure(value):
    if isinstance(value, tuple):
        return f"{value[0]:.1f} to {value[1]:.1f}"
    return "-" if value is None else f"{value:.1f}"


class Rows:
    """The rows that play on one topology, in this order."""

    def __init__(self, name):
        self.name = name
        self.rows = []

    def row(self, name, fault, looks_at, settle=True):
        def add(play):
            self.rows.append(Row(name, fault, looks_at, play, settle))
            return play
        return add
