# SPDX-License-Identifier: Apache-2.0
"""Each alert fires on its case and is silent without one of its conditions.

    /usr/bin/python3 -m unittest alerts.tests.cases_test
"""

import unittest
from concurrent.futures import ThreadPoolExecutor

from alerts.tests.case import tests_of
from alerts.tests.cases import CASES
from alerts.tests.rules import ALERTS, RULES
from alerts.tests.unit_tests import promtool

# Written by hand alone: alerts/tests/lag.test.yaml.
BY_HAND = {"PostgresReplicationLagHigh"}
# Always fires.
WATCHDOG = "PostgresReplicationWatchdog"
SEVERITY = {alert.name: alert.labels["severity"] for alert in ALERTS}
GROUP = {alert.name: alert.group.removeprefix("pgrepl_") for alert in ALERTS}


def tests_of_group(group):
    """promtool's tests of all its cases."""
    return [test for case in CASES if GROUP[case.alert] == group
            for test in tests_of(case, SEVERITY[case.alert])]


class CasesTest(unittest.TestCase):
    maxDiff = None

    def test_each_alert_has_a_case(self):
        self.assertEqual(set(SEVERITY) - BY_HAND - {WATCHDOG}, {case.alert for case in CASES})

    def test_all_cases(self):
        groups = sorted(set(GROUP.values()))
        with ThreadPoolExecutor() as pool:
            said = pool.map(lambda group: promtool(
                (RULES / f"{group}.yaml").read_text(), tests_of_group(group)), groups)
        self.assertEqual({group: text for group, text in zip(groups, said) if text}, {})


if __name__ == "__main__":
    unittest.main()
