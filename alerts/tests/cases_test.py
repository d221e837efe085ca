# SPDX-License-Identifier: Apache-2.0
"""Each alert fires on its case and is silent without one of its conditions.

    /usr/bin/python3 -m unittest alerts.tests.cases_test
"""

import unittest
from concurrent.futures import ThreadPoolExecutor

from alerts.tests.cases import CASES
from alerts.tests.rules import ALERTS, RULES
from alerts.tests.unit_tests import from_cases, promtool

# Written by hand alone: alerts/tests/lag.test.yaml.
BY_HAND = {"PostgresReplicationLagHigh"}
# Always fires.
WATCHDOG = "PostgresReplicationWatchdog"
GROUP = {alert.name: alert.group.removeprefix("pgrepl_") for alert in ALERTS}


class CasesTest(unittest.TestCase):
    maxDiff = None

    def test_each_alert_has_a_case(self):
        self.assertEqual(set(GROUP) - BY_HAND - {WATCHDOG}, {case.alert for case in CASES})

    def test_all_cases(self):
        groups = sorted(set(GROUP.values()))
        with ThreadPoolExecutor() as pool:
            said = pool.map(lambda group: promtool(
                (RULES / f"{group}.yaml").read_text(), from_cases(group)), groups)
        self.assertEqual({group: text for group, text in zip(groups, said) if text}, {})


if __name__ == "__main__":
    unittest.main()
