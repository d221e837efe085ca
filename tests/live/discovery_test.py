# SPDX-License-Identifier: Apache-2.0
"""Members that are looked up while the exporter runs."""

import os
import unittest
from pathlib import Path

from tests.lab.cluster import Cluster
from tests.lab.directory_service import kubernetes, patroni
from tests.lab.exporter import Exporter
from tests.lab.load import Load
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
UP = "pgrepl_exporter_discovery_up"


class DiscoveryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not BINARY:
            raise unittest.SkipTest("PGREPL_EXPORTER names no exporter to test")
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace)
        cls.enterClassContext(Load(cls.cluster.p))

    def members(self, *names):
        return [(name, self.cluster.servers[name].port) for name in names]

    def watch(self, source, name, **more):
        """An exporter that has nothing but the place where members are listed."""
        config = {
            "clusters": [{"name": "main", "discover": {
                "conninfo": "user=pgrepl_monitor dbname=postgres", "interval": "1s", **source}} | more],
            "defaults": {"password_file": str(self.cluster.monitor_password_file)}}
        exporter = Exporter(self.workspace, Path(BINARY).resolve(), config, name=name)
        self.addCleanup(exporter.stop)
        return exporter

    def wait_for(self, exporter, what, **servers):
        return exporter.wait_for(
            lambda page: {dict(labels)["server"]: bool(value) for labels, value
                          in page.series("pgrepl_up").items()} == servers, what)

    def test_kubernetes(self):
        port = self.workspace.ports.take()
        with kubernetes(self.workspace, port, "db", "orders", "a-token") as api:
            api.members = self.members("p", "s1", "s2")
            exporter = self.watch({"kubernetes": {
                "namespace": "db", "service": "orders", "api": api.url,
                "credentials": str(self.workspace.folder / "credentials")}}, "kubernetes")
            self.wait_for(exporter, "three members", p=True, s1=True, s2=True)
            self.assertEqual(exporter.scrape().value("pgrepl_exporter_discovery_members"), 3)
            api.members = self.members("p", "s1", "s2", "s3")
            page = self.wait_for(exporter, "a new one", p=True, s1=True, s2=True, s3=True)
            self.assertEqual(page.value("pgrepl_expected_standbys"), 3)
        self.assertNotIn("a-token", exporter.log)

    def test_a_token_that_is_refused(self):
        port = self.workspace.ports.take()
        with kubernetes(self.workspace, port, "db", "orders", "another") as api:
            api.members = self.members("p")
            (self.workspace.folder / "credentials/token").write_text("not-this-one")
            exporter = self.watch({"kubernetes": {
                "namespace": "db", "service": "orders", "api": api.url,
                "credentials": str(self.workspace.folder / "credentials")}}, "refused")
            exporter.wait_for(lambda page: page.value(UP) == 0, "the look-up fails")
            self.assertIn("answers 401", exporter.log)
            self.assertNotIn("not-this-one", exporter.log)
            page = exporter.scrape()
            self.assertEqual(page.value("pgrepl_primaries"), 0, "nobody is known: that is an alert")
            self.assertEqual(exporter.get("/-/ready"), "ready\n", "of its other clusters")

    def test_patroni(self):
        with patroni(self.workspace.ports.take()) as api:
            api.members = self.members("p", "s1", "s2")
            gone = f"http://127.0.0.1:{self.workspace.ports.take()}"
            exporter = self.watch({"patroni": [gone, api.url]}, "patroni",
                                  servers=[{"name": "s1", "max_lag": "7s"}])
            page = self.wait_for(exporter, "three members", p=True, s1=True, s2=True)
            self.assertEqual(page.value("pgrepl_lag_threshold_seconds", server="s1"), 7)
            with self.subTest("one that isn't listed any more, since it is dead, stays"):
                with self.cluster.s2.stopped():
                    api.members = self.members("p", "s1")
                    self.wait_for(exporter, "s2 is down", p=True, s1=True, s2=False)
                self.wait_for(exporter, "s2 is back", p=True, s1=True, s2=True)
            with self.subTest("a place that fails changes nothing"):
                api.members = None
                exporter.wait_for(lambda page: page.value(UP) == 0, "the look-up fails")
                self.wait_for(exporter, "they stay", p=True, s1=True, s2=True)
                self.assertIn("answers 503", exporter.log)
                api.members = self.members("p", "s1")
                exporter.wait_for(lambda page: page.value(UP) == 1, "it succeeds again")

    def test_dns(self):
        exporter = self.watch({"dns": {"name": "localhost", "port": self.cluster.p.port}}, "dns")
        page = exporter.wait_for(lambda page: page.value("pgrepl_primaries") == 1, "its primary")
        self.assertEqual(page.value("pgrepl_exporter_discovery_members"), 1)


if __name__ == "__main__":
    unittest.main()
