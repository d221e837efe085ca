# SPDX-License-Identifier: Apache-2.0
"""What Helm must refuse, and in which words: contradictions, and what the schema doesn't know."""

import copy
import unittest

from helm.tests.chart import CHART, LEAST, Refused, render, with_least

CONTRADICTIONS = [
    ("nothing to watch", {}),
    ("existingConfig and config.clusters are both there", with_least(existingConfig={"secret": "x"})),
    ("names a secret and a configMap", {"existingConfig": {"secret": "x", "configMap": "y"}}),
    ('config.clusters has "main" twice', {"config": {"clusters": LEAST["config"]["clusters"] * 2}}),
    ('passwordSecrets.clusters names "mian"',
     with_least(passwordSecrets={"clusters": {"mian": {"name": "x"}}})),
    ("each pod would be scraped twice",
     with_least(serviceMonitor={"enabled": True}, podMonitor={"enabled": True})),
    ("each cluster would be scraped twice",
     with_least(scrapeConfig={"enabled": True}, probe={"enabled": True})),
    ("with existingConfig take scrapeConfig",
     {"existingConfig": {"secret": "x"}, "probe": {"enabled": True}}),
    ("with shards take serviceMonitor or podMonitor",
     with_least(shards=2, scrapeConfig={"enabled": True})),
    ("mode sidecar makes no pods", with_least(mode="sidecar", replicas=2)),
    ("mode sidecar has no Service", with_least(mode="sidecar", serviceMonitor={"enabled": True})),
    ("would block each drain", with_least(podDisruptionBudget={"enabled": True})),
    ("ingress.enabled without ingress.hosts", with_least(ingress={"enabled": True})),
    ("httpRoute.enabled without httpRoute.parentRefs", with_least(httpRoute={"enabled": True})),
    ("enable both", with_least(dashboards={"grafanaOperator": {"enabled": True}})),
    ('"PostgresReplicationLag", which is no alert',
     with_least(prometheusRule={"alerts": {"PostgresReplicationLag": {"disabled": True}}})),
]

# Keys from the root down, and a value that the schema must not take there.
WRONG = [
    (("logLvel",), "debug"), (("logLevel",), "trace"), (("shards",), 0), (("shards",), "2"),
    (("replicas",), -1), (("mode",), "daemonset"), (("image", "digest"), "sha256:abc"),
    (("image", "tags"), "x"), (("service", "port"), 70000), (("service", "type"), "Headless"),
    (("prometheusRule", "alerts"), {"PostgresReplayPaused": {"for": "soon"}}),
    (("prometheusRule", "alerts"), {"PostgresReplayPaused": {"sevrity": "critical"}}),
    (("prometheusRule", "alerts"), {"PostgresReplayPaused": {"severity": "page"}}),
    (("passwordSecrets", "default"), {"password": "hunter2"}),
    (("passwordSecrets", "clusters"), {"main": {"key": "password"}}),
    (("tlsSecrets",), {"a/b": "x"}), (("networkPolicy", "postgresPorts"), []),
    (("serviceMonitor", "interval"), "fast"), (("ingress", "hosts"), [{"host": "x"}]),
    (("config", "cluster"), []), (("config", "timing"), {"pulse": "1s"}),
    (("config", "timing"), {"pulse_interval": 1}),
    (("config", "clusters", 0, "servers", 0, "password"), "hunter2"),
    (("config", "clusters", 0, "servers", 0, "max_lag"), "1 minute"),
    (("config", "clusters", 0, "servers", 0, "role"), "standby"),
    (("config", "clusters", 0, "servers"), []),
    (("config", "clusters", 0, "discover"), {"conninfo": "user=u"}),
    (("config", "clusters", 0, "discover"),
     {"conninfo": "user=u", "dns": {"name": "x"}, "patroni": ["http://x"]}),
    (("config", "clusters", 0, "discover"), {"dns": {"name": "x"}}),
    (("config", "clusters", 0, "discover"), {"conninfo": "user=u", "patroni": ["x:8008"]}),
    (("config", "clusters", 0, "discover"), {"conninfo": "user=u", "kubernetes": {"namespace": "x"}}),
]


def with_value(keys, value):
    values = copy.deepcopy(LEAST)
    place = values
    for key in keys[:-1]:
        place = place[key] if isinstance(place, list) else place.setdefault(key, {})
    place[keys[-1]] = value
    return values


class ContradictionsTest(unittest.TestCase):
    def test_contradictions_say_what_to_do(self):
        for message, values in CONTRADICTIONS:
            with self.subTest(message), self.assertRaises(Refused) as refused:
                render(values)
            self.assertIn(message, str(refused.exception))

    def test_the_schema_takes_no_nonsense(self):
        for keys, value in WRONG:
            with self.subTest(keys=keys, value=value), self.assertRaises(Refused) as refused:
                render(with_value(keys, value))
            self.assertIn("specifications of the schema", str(refused.exception).replace(
                "specification(s)", "specifications"))

    def test_each_contradiction_of_the_chart_is_here(self):
        text = (CHART / "templates/_config.tpl").read_text()
        self.assertEqual(text.count("{{- fail "), len(CONTRADICTIONS))


if __name__ == "__main__":
    unittest.main()
