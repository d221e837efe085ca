# SPDX-License-Identifier: Apache-2.0
"""Each alert fires on its case and is silent without one of its conditions, and a rule that is changed is noticed.

    /usr/bin/python3 -m unittest alerts.tests.cases_test
"""

import re
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from alerts.tests.case import tests_of
from alerts.tests.cases import CASES
from alerts.tests.rules import ALERTS, RULES

# Written by hand, with their annotations: alerts/tests/lag.test.yaml.
BY_HAND = {"PostgresReplicationLagHigh"}
# Always fires.
WATCHDOG = "PostgresReplicationWatchdog"
SEVERITY = {alert.name: alert.labels["severity"] for alert in ALERTS}
GROUP = {alert.name: alert.group.removeprefix("pgrepl_") for alert in ALERTS}


def failures(rules, cases):
    """What promtool says when these rules (text) are put to these cases; empty: all pass."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.yaml").write_text(rules)
        tests = [test for case in cases for test in tests_of(case, SEVERITY[case.alert])]
        (folder / "test.yaml").write_text(yaml.safe_dump({
            "rule_files": ["rules.yaml"], "evaluation_interval": "15s", "tests": tests}))
        done = subprocess.run(["promtool", "test", "rules", folder / "test.yaml"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout if done.returncode else ""


def rules_of(group):
    return (RULES / f"{group}.yaml").read_text()


def cases_of(group):
    return [case for case in CASES if GROUP[case.alert] == group]


class CasesTest(unittest.TestCase):
    maxDiff = None

    def test_each_alert_has_a_case(self):
        self.assertEqual(set(SEVERITY) - BY_HAND - {WATCHDOG}, {case.alert for case in CASES})

    def test_all_cases(self):
        for group in sorted(set(GROUP.values())):
            with self.subTest(group):
                self.assertEqual(failures(rules_of(group), cases_of(group)), "")


class MutationsTest(unittest.TestCase):
    """One thing of one rule changed at a time: a case must notice each."""

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
