# SPDX-License-Identifier: Apache-2.0
"""What is made of measurements that are known."""

import unittest

from bench.peers import pages, reckoned, spread, totals
from bench.report import Figure, table

SWEEPS = [[1, 2, 3, 4], [10, 20, 30, 40]]


class FiguresTest(unittest.TestCase):
    def test_a_minute_with_four_pulses_by_the_others(self):
        by_pulses = {pulses: 7 + 0.5 * pulses for pulses in (4, 12, 60)}
        self.assertAlmostEqual(reckoned(at_1=by_pulses[60], at_5=by_pulses[12]), by_pulses[4])

    def test_sweeps(self):
        self.assertEqual(totals(SWEEPS), [10, 100])
        self.assertEqual(pages(SWEEPS), [1, 2, 3, 4, 10, 20, 30, 40])

    def test_spread_is_the_median_between_the_extremes(self):
        self.assertEqual(spread([3, 1, 9]), "3.00 (1.00 - 9.00)")

    def test_a_broken_bound_is_called_so(self):
        text = table([Figure("a", "1", "< 2"), Figure("b", "3", "< 2", kept=False), Figure("c", "4")])
        self.assertRegex(text, r"\| a +\| 1 +\| < 2, kept +\|\n\| b +\| 3 +\| < 2, BROKEN \|\n\| c +\| 4 +\| +\|")


if __name__ == "__main__":
    unittest.main()
