# SPDX-License-Identifier: Apache-2.0
"""One thing of one rule is changed at a time: a case must notice each. Takes minutes.

    /usr/bin/python3 -m unittest alerts.tests.mutations
"""

import re
import unittest
from concurrent.futures import ThreadPoolExecutor

from alerts.tests.cases_test import GROUP, cases_of, failures, rules_of


class MutationsTest(unittest.TestCase):
    def test_thresholds(self):
        self._all_noticed(lambda text: [
            (found, f"{float(found[1]) * factor:.10g} # {found[2]}")
            for found in re.finditer(r"(\d[\d.]*) # (\w+)", text) for factor in (0.9, 1.1)])

    def test_for(self):
        self._all_noticed(lambda text: [
            (found, f"        for: {other}\n")
            for found in re.finditer(r"^        for: (\w+)\n", text, re.MULTILINE)
            for other in ("0s", "2h")])

    def test_conditions(self):
        """Each line that is a condition of its own."""
        self._all_noticed(lambda text: [
            (found, "\n") for found in re.finditer(
                r"\n +(?:and|unless)(?: on \([^)\n]*\))? (?:max|min) by \([^)\n]*\) \([^\n]*"
                r"\)(?: [=<>]+ [\d.]+)?\n", text)])

    def _all_noticed(self, mutate):
        mutants = [(_cases_at(group, text, found.start()), found,
                    text[:found.start()] + by + text[found.end():])
                   for group in sorted(set(GROUP.values()))
                   for text in [rules_of(group)] for found, by in mutate(text)]
        mutants = [one for one in mutants if one[0]]
        self.assertTrue(mutants)
        with ThreadPoolExecutor(2) as pool:
            noticed = list(pool.map(lambda one: failures(one[2], one[0]), mutants))
        self.assertEqual([f"{cases[0].alert}: {found[0].strip()}" for (cases, found, _), noticed_by
                          in zip(mutants, noticed) if not noticed_by], [])


def _cases_at(group, text, position):
    """Of the alert that stands there; of all alerts of the group where something is recorded."""
    rules = re.findall(r"- (alert|record): (\S+)", text[:position])
    kind, name = rules[-1] if rules else ("record", "")
    return [case for case in cases_of(group) if kind == "record" or case.alert == name]


if __name__ == "__main__":
    unittest.main()
