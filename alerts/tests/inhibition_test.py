# SPDX-License-Identifier: Apache-2.0
"""What mutes what, asked of a real Alertmanager: amtool cannot tell."""

import unittest
from contextlib import ExitStack
from itertools import count, product

from alerts.tests.alertmanager import SHIPPED, alert, configuration, names_in
from tests.lab.alertmanager import Alertmanager, Sink
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

# In each label that a rule may compare.
HERE = {"pg_cluster": "main", "server": "s1", "slot_name": "slot", "database": "app",
        "subscription": "sub"}


class InhibitionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stack = ExitStack()
        cls.addClassCleanup(stack.close)
        workspace = stack.enter_context(Workspace())
        sink = stack.enter_context(Sink(workspace.ports.take()))
        cls.alertmanager = Alertmanager(workspace, SHIPPED, sink)
        cls.tests = count()

    def muted(self, *alerts):
        """Those that are muted, of alerts that were all that fires."""
        # Each call has clusters of its own: what stays from another mutes nothing here.
        number = str(next(self.tests))
        alerts = [one | {"labels": _renamed(one["labels"], number)} for one in alerts]
        # Alertmanager takes alerts in order: when these are known, so are those before.
        canaries = [alert(name, pg_cluster=f"canary-{number}", server="c", canary=number)
                    for name in ("PostgresArchiveFailing", "PostgresArchiveBacklog")]
        self.alertmanager.take(alerts)
        self.alertmanager.take(canaries)
        wait_until(lambda: any(one["status"]["inhibitedBy"] for one in self._all(canary=number)),
                   "the canary is muted", 10)
        found = self._all(test=number)
        self.assertEqual(len(found), len(alerts))
        return [_original(one["labels"]) for one in found if one["status"]["inhibitedBy"]]

    def _all(self, **label):
        return [one for one in self.alertmanager.alerts() if label.items() <= one["labels"].items()]

    def names_muted(self, *alerts):
        return {labels["alertname"] for labels in self.muted(*alerts)}

    def test_a_failover_is_one_page_and_what_readers_see(self):
        a, s1 = {"pg_cluster": "a"}, {"pg_cluster": "a", "server": "s1"}
        self.assertEqual(self.names_muted(
            alert("PostgresNoPrimary", "critical", **a),
            alert("PostgresServerDown", **a, server="p"),
            alert("PostgresStandbyMissing", **a),
            alert("PostgresReceiverDown", **s1),
            alert("PostgresConnectionStalled", **s1),
            alert("PostgresReplicationLagUnknown", **s1),
            alert("PostgresReplicationLagHigh", **s1),
            alert("PostgresSplitBrain", "critical", **a)),
            {"PostgresServerDown", "PostgresStandbyMissing", "PostgresReceiverDown",
             "PostgresConnectionStalled", "PostgresReplicationLagUnknown"})

    def test_two_clusters_in_trouble_never_silence_each_other(self):
        sources, targets = _named("source"), _named("target")
        self.assertEqual(self.muted(
            *(alert(name, **HERE | {"pg_cluster": "a"}) for name in sources - targets),
            *(alert(name, **HERE | {"pg_cluster": "b"}) for name in targets - sources)), [])

    def test_without_a_cluster_nothing_is_muted(self):
        names = _named("source") | _named("target")
        elsewhere = {label: value for label, value in HERE.items() if label != "pg_cluster"}
        self.assertEqual(self.muted(
            *(alert(name) for name in names),
            *(alert(name, **elsewhere) for name in names),
            alert("PostgresReplicationExporterDown", job="pg", instance="x:9717"),
            alert("PostgresExporterClockSkew", job="pg", instance="x:9717")), [])

    def test_exporter_alerts_are_heard_beside_any_cause(self):
        sources = _named("source")
        muted = self.names_muted(
            *(alert(name, "critical", **HERE) for name in sources),
            alert("PostgresReplicationExporterDown", job="pg", instance="x:9717"),
            alert("PostgresExporterClockSkew", job="pg", instance="x:9717"))
        self.assertLessEqual(muted, sources)

    def test_each_rule_mutes_where_its_labels_are_equal_and_nowhere_else(self):
        for rule in configuration()["inhibit_rules"]:
            pairs = product(names_in(rule["source_matchers"]), names_in(rule["target_matchers"]))
            for source, target in pairs:
                with self.subTest(source=source, target=target):
                    others = [HERE | {label: "other"} for label in rule["equal"]]
                    lacking = [{name: value for name, value in HERE.items() if name != label}
                               for label in rule["equal"]]
                    self.assertEqual(self.muted(
                        alert(source, **HERE),
                        *(alert(target, **labels) for labels in (HERE, *others, *lacking))),
                        [alert(target, **HERE)["labels"]])

    def test_a_cause_without_its_server_mutes_no_other_that_lacks_it(self):
        for rule in configuration()["inhibit_rules"]:
            for label in rule["equal"]:
                lacking = {name: value for name, value in HERE.items() if name != label}
                with self.subTest(source=rule["source_matchers"][0], lacks=label):
                    self.assertEqual(self.muted(*(
                        alert(name, **lacking) for side in ("source", "target")
                        for name in names_in(rule[f"{side}_matchers"]))), [])

    def test_another_slot_of_the_same_server_is_still_told(self):
        slot = {"pg_cluster": "a", "server": "p"}
        self.assertEqual(self.muted(
            alert("PostgresSlotLost", "critical", **slot, slot_name="gone"),
            alert("PostgresSlotInactive", **slot, slot_name="gone"),
            alert("PostgresSlotInactive", **slot, slot_name="other")),
            [alert("PostgresSlotInactive", **slot, slot_name="gone")["labels"]])


def _named(side):
    """All alerts that are the source, or a target, of a rule."""
    return {name for rule in configuration()["inhibit_rules"]
            for name in names_in(rule[f"{side}_matchers"])}


def _renamed(labels, number):
    cluster = {"pg_cluster": f"{labels['pg_cluster']}-{number}"} if "pg_cluster" in labels else {}
    return labels | cluster | {"test": number}


def _original(labels):
    labels = {name: value for name, value in labels.items() if name != "test"}
    if "pg_cluster" in labels:
        labels["pg_cluster"] = labels["pg_cluster"].rpartition("-")[0]
    return labels


if __name__ == "__main__":
    unittest.main()
