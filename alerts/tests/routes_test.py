# SPDX-License-Identifier: Apache-2.0
"""The Alertmanager files load, name what exists, and route each alert to where it belongs."""

import re
import unittest
from itertools import product

import yaml

from alerts.tests.alertmanager import (RECEIVERS, SHIPPED, configuration, names_in,
                                       with_real_receivers, written)
from alerts.tests.rules import ALERTS
from tests.lab.process import run
from tests.lab.workspace import Workspace

BY_NAME = {alert.name: alert for alert in ALERTS}
# About to be lost is over when it is lost.
CRITICAL_AND_MUTED = {"PostgresSlotNearLoss"}

ROUTES = (
    ("pager", "alertname=PostgresNoPrimary severity=critical pg_cluster=main"),
    ("tickets", "alertname=PostgresReplicationLagHigh severity=warning pg_cluster=main server=s1"),
    ("tickets", "alertname=PostgresReplicationExporterDown severity=warning job=pg instance=x"),
    ("info", "alertname=PostgresSomethingHappened severity=info pg_cluster=main"),
    ("watchdog", "alertname=PostgresReplicationWatchdog severity=none"),
    ("tickets", "alertname=NodeDown"),
    ("tickets", "alertname=NodeDown severity=none"),
    ("tickets", "alertname=NodeDown severity=page"),
    ("tickets", ""),
)


def labels_of(alert):
    """Those that its expression, or the record that it begins with, leaves."""
    first = re.search(r"\b(pg_cluster(?:_server)?):|\bby \(([^)]*)\)", alert.expression)
    return {"pg_cluster": {"pg_cluster"}, "pg_cluster_server": {"pg_cluster", "server"}}.get(
        first[1]) or set(first[2].split(", "))


def verify(file, receiver, labels):
    run(["amtool", "config", "routes", "test", f"--config.file={file}",
         f"--verify.receivers={receiver}", *labels.split()])


class FilesTest(unittest.TestCase):
    def test_amtool_takes_each_and_both_together(self):
        with Workspace() as workspace:
            together = written(workspace.folder, with_real_receivers())
            for file in (SHIPPED, RECEIVERS, together):
                self.assertIn("1 templates", run(["amtool", "check-config", file]))

    def test_real_receivers_have_the_names_that_the_routes_use(self):
        shipped = {one["name"] for one in configuration()["receivers"]}
        real = {one["name"] for one in yaml.safe_load(RECEIVERS.read_text())["receivers"]}
        self.assertEqual(real, shipped)

    def test_no_secret_but_in_a_file(self):
        secrets = r"\b(\w*(?:key|password|token|credentials|api_url)\w*):"
        for key in re.findall(secrets, RECEIVERS.read_text()):
            self.assertTrue(key.endswith("_file"), key)


class RoutesTest(unittest.TestCase):
    def test_each_alert_has_its_receiver(self):
        for receiver, labels in ROUTES:
            with self.subTest(labels=labels):
                verify(SHIPPED, receiver, labels)

    def test_under_a_site_s_own_route_they_still_have_it(self):
        ours = configuration()
        ours["route"]["matchers"] = ['alertname=~"Postgres.+"']
        ours["route"] = {"receiver": "site", "routes": [ours["route"]]}
        ours["receivers"].append({"name": "site"})
        with Workspace() as workspace:
            file = written(workspace.folder, yaml.safe_dump(ours))
            for receiver, labels in ROUTES:
                with self.subTest(labels=labels):
                    verify(file, receiver if "=Postgres" in labels else "site", labels)

    def test_no_maintenance_for_what_is_critical(self):
        muted = [route["matchers"] for route in configuration()["route"]["routes"]
                 if "mute_time_intervals" in route]
        self.assertEqual(muted, [['severity="warning"'], ['severity="info"']])


class InhibitRulesTest(unittest.TestCase):
    def setUp(self):
        self.rules = configuration()["inhibit_rules"]

    def pairs(self, rule):
        """Of a cause's name and the name of what it mutes."""
        return product(names_in(rule["source_matchers"]), names_in(rule["target_matchers"]))

    def test_a_cause_has_each_label_that_must_be_equal(self):
        for rule in self.rules:
            self.assertEqual(rule["equal"][0], "pg_cluster")
            self.assertEqual(rule["source_matchers"][1:],
                             [f'{label}!=""' for label in rule["equal"]])

    def test_all_labels_that_both_alerts_have_must_be_equal(self):
        for rule in self.rules:
            pairs = list(self.pairs(rule))
            self.assertTrue(pairs, rule)
            for pair in pairs:
                source, target = (labels_of(BY_NAME[name]) for name in pair)
                self.assertEqual(set(rule["equal"]), source & target, pair)

    def test_no_page_is_muted_and_lag_by_nothing_but_worse_lag(self):
        pairs = {pair for rule in self.rules for pair in self.pairs(rule)}
        critical = {target for _, target in pairs
                    if BY_NAME[target].labels["severity"] == "critical"}
        self.assertEqual(critical, CRITICAL_AND_MUTED)
        mutes_lag = {source for source, target in pairs if target == "PostgresReplicationLagHigh"}
        self.assertEqual(mutes_lag, {"PostgresReplicationLagCritical"})


if __name__ == "__main__":
    unittest.main()
