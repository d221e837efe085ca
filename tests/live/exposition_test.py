# SPDX-License-Identifier: Apache-2.0
"""The page of live servers, read by others: OpenMetrics by Prometheus' client, strictly, the text by promtool.

    export PGREPL_EXPORTER=build/dev/exporter/pg_replication_exporter
    python3 -m unittest tests.live.exposition_test
"""

import os
import unittest
import urllib.request
from pathlib import Path

from prometheus_client import parser as plain
from prometheus_client.openmetrics import parser as openmetrics

from tests.lab import promtool
from tests.lab.cluster import Cluster, Standby
from tests.lab.exporter import Exporter
from tests.lab.page import parse
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
TEXT = "text/plain; version=0.0.4"
# They may rise and fall between two scrapes. All else stands still or goes one way until the next pulse.
UNSTEADY = {"process_open_fds", "process_resident_memory_bytes", "process_virtual_memory_bytes"}
# The user's own words, on the page in labels.
CLUSTER = 'ma"in\\ \u00e9'


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class ExpositionTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(workspace, plan=[Standby("s1", slot=True)], settings={"wal_level": "logical"})
        cls.cluster.p.execute("SELECT pg_create_logical_replication_slot('cdc', 'test_decoding')")
        cls.exporter = Exporter(workspace, Path(BINARY).resolve(), cls.cluster.exporter_config(cluster=CLUSTER))
        cls.exporter.wait_for(lambda page: all(page.value("pgrepl_up", server=name) for name in ("p", "s1")),
                              "all up")

    def get(self, accept):
        request = urllib.request.Request(self.exporter.url + "/metrics", headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=5) as answer:
            self.assertEqual(answer.headers["Content-Type"], f"{accept}; charset=utf-8")
            return answer.read().decode()

    def within_a_pulse(self):
        """Text, OpenMetrics and text again, while nothing was asked of a server."""
        def taken():
            pages = [self.get(accept) for accept in (TEXT, OPENMETRICS, TEXT)]
            pulses = [parse(page).families["pgrepl_collector_last_success_timestamp_seconds"]
                      for page in (pages[0], pages[2])]
            return pulses[0] == pulses[1] and pages
        return wait_until(taken, "three scrapes within a pulse")

    def test_both_forms_say_the_same(self):
        before, between, after = self.within_a_pulse()
        first, last = (samples(plain.text_string_to_metric_families(text)) for text in (before, after))
        strict = samples(openmetrics.text_string_to_metric_families(between))
        self.assertEqual(strict.keys(), first.keys())
        self.assertEqual(strict.keys(), last.keys())
        self.assertGreater(len(strict), 400)
        self.assertEqual({dict(labels)["pg_cluster"] for (name, labels) in strict if name == "pgrepl_up"}, {CLUSTER})
        wrong = {key: (first[key], value, last[key]) for key, value in strict.items()
                 if key[0] not in UNSTEADY and not is_between(value, first[key], last[key])}
        self.assertEqual(wrong, {})
        still = sum(first[key] == last[key] for key in strict)
        self.assertGreater(still, 0.9 * len(strict), "most are compared exactly")

    def test_both_forms_describe_the_same(self):
        text, _, _ = self.within_a_pulse()
        self.assertEqual(described(openmetrics.text_string_to_metric_families(self.get(OPENMETRICS))),
                         described(plain.text_string_to_metric_families(text)))

    def test_valid_in_health_and_in_fault(self):
        self.check()
        with self.cluster.s1.stopped():
            self.exporter.wait_for(lambda page: page.value("pgrepl_up", server="s1") == 0, "s1 is down")
            self.check()
        with self.cluster.p.frozen():
            self.exporter.wait_for(lambda page: page.value("pgrepl_up", server="p") == 0, "p is down")
            self.check()

    def check(self):
        self.assertEqual(promtool.check_metrics(self.get(TEXT)), [])
        self.assertGreater(len(samples(openmetrics.text_string_to_metric_families(self.get(OPENMETRICS)))), 100)


def samples(families):
    """{(name, labels): value}. A bucket's bound is 1 in one form and 1.0 in the other."""
    found = {}
    for family in families:
        for name, labels, value, *_ in family.samples:
            key = name, frozenset((label, str(float(text)) if label == "le" else text)
                                  for label, text in labels.items())
            if key in found:
                raise ValueError(f"twice on the page: {name} {labels}")
            found[key] = value
    return found


def described(families):
    """{name: (type, help)}"""
    return {family.name: (family.type, family.documentation) for family in families}


def is_between(value, first, last):
    return min(first, last) <= value <= max(first, last)


if __name__ == "__main__":
    unittest.main()
