# SPDX-License-Identifier: Apache-2.0
"""From a fault on a real server to a notification of a real Alertmanager, by the shipped files."""

import os
import time
import unittest
from pathlib import Path

from tests.lab.alertmanager import Alertmanager, Sink
from tests.lab.cluster import Cluster, Standby
from tests.lab.exporter import Exporter
from tests.lab.load import Load
from tests.lab.prometheus import Prometheus
from tests.lab.waiting import wait_until
from tests.lab.workspace import REPOSITORY, Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
ALERT = "PostgresReplicationLagHigh"


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class LagAlertTest(unittest.TestCase):
    """Scraped each second, with a threshold of seconds, so that it takes seconds.

    d1 is always later than that, and is meant to be.
    """

    THRESHOLD = 5

    @classmethod
    def setUpClass(cls):
        cls.workspace = workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(workspace, plan=[
            Standby("s1", slot=True), Standby("s2"), Standby("d1", apply_delay=cls.THRESHOLD + 3)])
        config = cls.cluster.exporter_config()
        for server in config["clusters"][0]["servers"]:
            server["max_lag"] = f"{cls.THRESHOLD}s"
        exporter = Exporter(workspace, Path(BINARY).resolve(), config)
        cls.sink = cls.enterClassContext(Sink(workspace.ports.take()))
        alertmanager = Alertmanager(
            workspace, REPOSITORY / "alerts/alertmanager/alertmanager.yml", cls.sink)
        cls.prometheus = Prometheus(
            workspace, [f"127.0.0.1:{exporter.port}"], [cls.quick_rules()],
            alertmanager.address, every="1s")

    @classmethod
    def quick_rules(cls):
        shipped = (REPOSITORY / "alerts/rules/lag.yaml").read_text()
        quick = cls.workspace.folder / "lag.yaml"
        quick.write_text(shipped.replace("keep_firing_for: 2m", "keep_firing_for: 3s"))
        return quick

    def test_fires_for_the_paused_standby_alone_and_resolves(self):
        with Load(self.cluster.p):
            wait_until(lambda: len(self.prometheus.query("pgrepl_caught_up_once == 1")) == 3,
                       "caught up")
            wait_until(lambda: self.prometheus.query(
                f'pgrepl_lag_seconds{{server="d1"}} > {self.THRESHOLD + 1}'), "d1 is late", 30)
            self.assertEqual(self.prometheus.alerts(ALERT), [])
            with self.cluster.s1.replay_paused():
                begin = time.monotonic()
                wait_until(lambda: self.prometheus.alerts(ALERT), "it fires", seconds=30)
                took = time.monotonic() - begin
                self.assertGreater(took, self.THRESHOLD - 1)
                self.assertLess(took, self.THRESHOLD + 5)
                self.assertEqual({alert["labels"]["server"] for alert in
                                  self.prometheus.alerts(ALERT)}, {"s1"})
                (notified,) = wait_until(lambda: self.sink.alerts("firing", ALERT),
                                         "a notification", seconds=40)
            wait_until(lambda: not self.prometheus.alerts(ALERT), "it resolves", seconds=30)
        self.assertEqual(notified["labels"]["server"], "s1")
        self.assertIn("s1 of main", notified["annotations"]["summary"])
        self.assertEqual(self.prometheus.rule_errors(), [])


if __name__ == "__main__":
    unittest.main()
