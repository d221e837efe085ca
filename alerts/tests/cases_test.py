# SPDX-License-Identifier: Apache-2.0
"""Each alert fires on its case and is silent without one of its conditions.

    /usr/bin/python3 -m unittest alerts.tests.cases_test
"""

import subprocess
import tempfile
import unittest
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


if __name__ == "__main__":
    unittest.main()
