# SPDX-License-Identifier: Apache-2.0
"""From a fault on a real server to a notification, by the shipped files and in their own time.

    export PGREPL_EXPORTER=build/release/exporter/pg_replication_exporter
    python3 -m unittest tests.live.alerts_test

Three of all alerts, played side by side; `make proof-alerts` plays all of them.
"""

import os
import unittest
from pathlib import Path

from tests.alerts.proof import prove
from tests.alerts.report import line
from tests.alerts.stages import cluster, lag, sync

BINARY = os.environ.get("PGREPL_EXPORTER")
ALERTS = ("PostgresReplicationLagHigh", "PostgresCommitsBlocked", "PostgresNoPrimary")


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class AlertsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        outcomes = prove(Path(BINARY).resolve(), ALERTS, tell=print,
                         stages=(lag.sixty, sync.sync, cluster.unplanned))
        for one in outcomes:
            print(line(one))
        cls.outcomes = {one.alert: one for one in outcomes}

    def test_all_fire_and_end_and_nothing_else_does(self):
        self.assertLessEqual(set(ALERTS), set(self.outcomes))
        for outcome in self.outcomes.values():
            self.assertEqual(outcome.wrong, [], outcome.alert)

    def test_lag_of_more_than_a_minute_fires_within_half_a_minute(self):
        lag_high = self.outcomes["PostgresReplicationLagHigh"]
        # A scrape may find it up to 15 s late, an evaluation 15 s after that; we look every second.
        self.assertGreater(lag_high.firing, 59)
        self.assertLess(lag_high.firing, 60 + 30 + 2)
        self.assertEqual(lag_high.servers, ("s1",))
        self.assertLess(lag_high.notified, lag_high.firing + 20)

    def test_a_failover_is_one_page_and_one_resolve(self):
        self.assertEqual(self.outcomes["PostgresNoPrimary"].pages, ["firing", "resolved"])


if __name__ == "__main__":
    unittest.main()
