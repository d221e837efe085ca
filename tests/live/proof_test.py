# SPDX-License-Identifier: Apache-2.0
"""What the proof must refuse: figures and causes that are wrong, without a server."""

import time
import unittest
from types import SimpleNamespace

from tests.lab.comparison import Comparison
from tests.lab.page import parse
from tests.proof.causes import Causes
from tests.proof.row import Hold, Outcome, Row
from tests.proof.stage import Stage

STANDBY = SimpleNamespace(name="s1")


def verdict(samples, stall=0.0):
    """On samples (time, said, true) that nobody took."""
    comparison = Comparison(None, SimpleNamespace(stall=lambda *_: stall, lag=None), [STANDBY])
    comparison._samples["s1"] = samples
    return comparison.verdict(STANDBY)


def wrong(samples, stall=0.0):
    outcome = Outcome("S2", "receiver disconnected", "s1")
    outcome.take("s1", verdict(samples, stall))
    return outcome.wrong


class FigureTest(unittest.TestCase):
    TRUE = [float(second) for second in range(12)]

    def test_right_is_right(self):
        self.assertEqual(wrong([(at, at + 0.5, at) for at in self.TRUE]), [])

    def test_a_lag_that_is_not_told_is_missed(self):
        (told,) = wrong([(at, 0.0, at) for at in self.TRUE])
        self.assertIn("missed 1.5 s", told)
        self.assertIn("worst error 11.00 s", told)

    def test_another_standbys_lag_is_a_false_alarm(self):
        (told,) = wrong([(at, at, 0.0) for at in self.TRUE])
        self.assertIn("false alarm 1.5 s", told)

    def test_no_figure_is_absent_and_missed(self):
        (told,) = wrong([(at, None, at) for at in self.TRUE])
        self.assertIn("absent 3.0 s", told)
        self.assertIn("missed 1.5 s", told)

    def test_an_offset_of_a_pulse_and_a_half_is_too_much(self):
        self.assertIn("worst error 1.50 s", wrong([(0.0, 1.5, 0.0)] + [(1.0, 0.0, 0.0)] * 9)[0])
        self.assertIn("mean error 1.10 s", wrong([(at, at + 1.1, at) for at in self.TRUE])[0])

    def test_a_stall_is_forgiven_and_no_more_than_it(self):
        self.assertEqual(wrong([(0.0, 3.0, 0.0)], stall=2.5), [])
        self.assertAlmostEqual(verdict([(0.0, 5.0, 0.0)], stall=2.5).worst_error, 2.5)

    def test_of_a_range_everything_inside_is_right(self):
        self.assertEqual(verdict([(0.0, said, (2.0, 9.0)) for said in (2.0, 5.0, 9.0)]).worst_error,
                         0)
        self.assertEqual(verdict([(0.0, 1.0, (3.0, 9.0))]).worst_error, 2)
        self.assertEqual(verdict([(0.0, 12.0, (3.0, 9.0))]).worst_error, 3)


def offences(causes, expected, every=1.0):
    """Of pages a second apart, each with these causes at once."""
    pages = [parse("\n".join(f'pgrepl_lag_cause{{server="s1",cause="{one}"}} {int(one in on.split())}'
                             for one in ("none", "receiver_down", "replay_paused")), at=every * second)
             for second, on in enumerate(causes)]
    return Causes(pages, Hold(causes=expected)).offences("s1")


class CauseTest(unittest.TestCase):
    EXPECTED = {"s1": "receiver_down"}

    def test_shown_soon_and_steady_is_right(self):
        self.assertEqual(offences(["none"] * 3 + ["receiver_down"] * 6, self.EXPECTED), [])
        self.assertEqual(offences(["none"] * 9, {}), [])
        self.assertEqual(offences(["receiver_down"] * 9, {"s1": ("unknown", "receiver_down")}), [])

    def test_wrong_late_gone_or_doubled_is_not(self):
        for causes in (["replay_paused"] * 9, ["none"] * 6 + ["receiver_down"] * 3,
                       ["receiver_down"] * 6 + ["none"] * 3,
                       ["receiver_down"] * 6 + ["replay_paused"] + ["receiver_down"] * 2,
                       ["receiver_down replay_paused"] * 9, [""] * 9):
            self.assertEqual(len(offences(causes, self.EXPECTED)), 1, causes)

    def test_a_bystander_never_has_one(self):
        self.assertEqual(offences(["none"] * 2 + ["replay_paused"] + ["none"] * 6, {}),
                         ["s1: cause none then replay_paused then none instead of none"])

    def test_a_page_without_causes_proves_nothing(self):
        pages = [parse("up 1", at=second) for second in range(9)]
        self.assertEqual(Causes(pages, Hold(causes=self.EXPECTED)).offences("s1"),
                         ["s1: cause not on the page"])


class StageTest(unittest.TestCase):
    def test_a_row_that_breaks_is_wrong_and_heals_what_it_did(self):
        healed = []

        def play(_):
            try:
                yield Hold()
            finally:
                healed.append(time.monotonic())

        stage = object.__new__(Stage)
        stage.standbys = None  # The hold can't be measured.
        outcome = stage.perform(Row("S0", "none", "s1", play, settle=False))
        self.assertIn("TypeError", outcome.wrong[0])
        self.assertTrue(healed)


if __name__ == "__main__":
    unittest.main()
