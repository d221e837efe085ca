# SPDX-License-Identifier: Apache-2.0
"""Health checks and service discovery on real servers: /primary, /standby, /sd and /probe.

    export PGREPL_EXPORTER=build/dev/exporter/pg_replication_exporter
    python3 -m unittest tests.live.routing_test
"""

import os
import re
import subprocess
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from tests.lab.cluster import Cluster, Standby
from tests.lab.exporter import Exporter
from tests.lab.failover import promote, switchover
from tests.lab.haproxy import PROGRAM as HAPROXY
from tests.lab.haproxy import Haproxy
from tests.lab.load import Load
from tests.lab.prometheus import Prometheus
from tests.lab.waiting import wait_until
from tests.lab.workspace import REPOSITORY, Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")


class _Routed(unittest.TestCase):
    maxDiff = None
    plan = ()

    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace, plan=cls.plan)
        cls.exporter = cls.start_exporter("exporter")

    @classmethod
    def start_exporter(cls, name):
        return Exporter(cls.workspace, Path(BINARY).resolve(), cls.cluster.exporter_config(),
                        name=name)

    def ask(self, path, method="GET"):
        """Status and line; the exporter answers from memory, whatever happens to the servers."""
        request = urllib.request.Request(self.exporter.url + path, method=method)
        begin = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                status, body = answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal as answer:
                status, body = answer.code, answer.read().decode()
        self.assertLess(time.monotonic() - begin, 2)
        return status, body.removesuffix("\n")

    def primary(self, server):
        return self.ask(f"/primary?server={server}")

    def standby(self, server, max_lag="10s"):
        return self.ask(f"/standby?server={server}&max_lag={max_lag}")

    def roles(self):
        """Of each server, what it may be used for now."""
        return {name: "primary" if self.primary(name)[0] == 200
                else "standby" if self.standby(name)[0] == 200 else None
                for name in self.cluster.servers}

    def wait_roles(self, **wanted):
        wait_until(lambda: self.roles() == wanted, f"roles {wanted}", 30)

    def wait_answer(self, ask, status, pattern, seconds=10):
        try:
            wait_until(lambda: ask()[0] == status and re.search(pattern, ask()[1]),
                       f"{status} {pattern}", seconds)
        except AssertionError as late:
            raise AssertionError(f"{late}; it says {ask()}") from None


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class RoutingTest(_Routed):
    """p, and on it s1 and s2; each test leaves them as it found them."""

    plan = (Standby("s1"), Standby("s2"))

    def setUp(self):
        self.wait_roles(p="primary", s1="standby", s2="standby")

    def test_each_server_in_its_role(self):
        self.assertEqual(self.primary("p"), (200, "p of main: primary"))
        self.assertEqual(self.primary("s1"), (503, "s1 of main: its role is standby"))
        self.assertEqual(self.standby("p"), (503, "p of main: its role is primary"))
        self.assertRegex(self.standby("s1")[1], r"^s1 of main: standby, lag [0-9.]+ s$")
        self.assertEqual(self.ask("/primary?cluster=main"), (200, "p of main: primary"))
        self.assertEqual(self.ask("/standby?max_lag=10s")[0], 200)
        self.assertEqual(self.ask("/primary?server=p", "OPTIONS"), (200, "p of main: primary"))
        self.assertEqual(self.ask("/primary?server=s1", "HEAD"), (503, ""))
        self.assertEqual(self.primary("s9")[0], 404)
        self.assertEqual(self.ask("/standby?server=s1")[0], 400)

    def test_a_paused_standby_is_not_read_from_though_its_lag_is_0(self):
        with self.cluster.s1.replay_paused():
            self.wait_answer(lambda: self.standby("s1", "30d"), 503, "replay: paused$", 3)
            self.assertEqual(self.standby("s2")[0], 200)
            self.assertRegex(self.ask("/standby?max_lag=10s")[1], "^s2 of main: standby")
        self.wait_answer(lambda: self.standby("s1"), 200, "standby")

    def test_lag_beyond_the_limit(self):
        with Load(self.cluster.p), self.cluster.s1.receiver_cut():
            self.wait_answer(lambda: self.standby("s1", "3s"), 503, "lag .* s, more than 3s$")
            self.assertEqual(self.standby("s1", "10m")[0], 200)
            self.assertEqual(self.standby("s2", "3s")[0], 200)
        self.wait_answer(lambda: self.standby("s1", "3s"), 200, "standby", 20)

    def test_a_frozen_standby(self):
        with self.cluster.s1.frozen():
            self.wait_answer(lambda: self.standby("s1", "30d"), 503, "down: timeout$")
            self.assertEqual(self.standby("s2")[0], 200)
            self.assertEqual(self.primary("p")[0], 200)

    def test_a_frozen_primary_takes_nothing_and_nobody_knows_how_old_the_standbys_are(self):
        with self.cluster.p.frozen():
            self.wait_answer(lambda: self.primary("p"), 503, "down: timeout$")
            self.assertRegex(self.ask("/primary")[1], "^main: no primary; p of main: down: timeout$")
            self.wait_answer(lambda: self.standby("s1", "30d"), 503, "its lag is not known", 30)

    def test_a_switchover_swaps_the_roles(self):
        p, s1, s2 = self.cluster.servers.values()
        switchover(p, s1, [s2])
        self.wait_roles(p="standby", s1="primary", s2="standby")
        switchover(s1, p, [s2])
        self.wait_roles(p="primary", s1="standby", s2="standby")

    def test_prometheus_discovers_and_scrapes_as_documented(self):
        text = (REPOSITORY / "docs/routes.md").read_text(encoding="utf-8")
        snippet = re.search(r"(?s)```yaml\n(.*?)```", text)[1]
        snippet = snippet.replace("127.0.0.1:9717", f"127.0.0.1:{self.exporter.port}")
        prometheus = Prometheus(self.workspace, (),
                                text=f"global:\n  scrape_interval: 1s\n{snippet}")
        try:
            up = prometheus.wait_until(
                lambda: len(prometheus.query("up == 1")) == 2 and prometheus.query(
                    'up{job="postgresql_replication"}'), "both targets are up", 30)
            self.assertEqual([dict(labels) for labels in up], [{
                "__name__": "up", "job": "postgresql_replication", "pg_cluster": "main",
                "instance": f"127.0.0.1:{self.exporter.port}"}])
            page = prometheus.query("pgrepl_up")
            self.assertEqual({dict(labels)["server"] for labels in page}, {"p", "s1", "s2"})
            self.assertEqual(len(page), 3, "none of them twice")
            self.assertFalse(prometheus.query('{exported_pg_cluster!=""}'))
            self.assertEqual(len(prometheus.query("pgrepl_primaries")), 1)
            self.assertEqual(len(prometheus.query("pgrepl_exporter_build_info")), 1)
        finally:
            prometheus.stop()

    def test_a_probe_of_what_is_not_configured_connects_nowhere(self):
        connections = self.exporter.scrape().value("pgrepl_exporter_connections_opened_total")
        for target in ("127.0.0.1", f"127.0.0.1:{self.cluster.p.port}", "x"):
            self.assertEqual(self.ask(f"/probe?target={target}")[0], 404)
        self.assertEqual(self.exporter.scrape().value("pgrepl_exporter_connections_opened_total"),
                         connections)

    def test_the_readiness_probe_that_is_shipped(self):
        text = (REPOSITORY / "packaging/haproxy/kubernetes.yaml").read_text(encoding="utf-8")
        script = re.search(r"(?s)- \|\n(.*)", text)[1].replace(
            "pg-replication-exporter:9717", f"127.0.0.1:{self.exporter.port}")

        def ready(name):
            return subprocess.run(["sh", "-c", script], check=False, timeout=10,
                                  env=self.workspace.environment | {"HOSTNAME": name}).returncode == 0
        self.assertEqual([ready(name) for name in ("p", "s1", "s9")], [True, True, False])
        with self.cluster.s1.replay_paused():
            wait_until(lambda: not ready("s1"), "s1 is not ready")

    @unittest.skipUnless(HAPROXY, "haproxy is not installed")
    def test_haproxy_reads_from_fresh_standbys_and_writes_to_the_primary(self):
        first, second = self.start_exporter("first"), self.start_exporter("second")
        ports = {name: self.workspace.ports.take() for name in ("check", "write", "read")}
        haproxy = Haproxy(self.workspace, _shipped(self.cluster, first, second, ports))
        try:
            self.wait_reached(ports["read"], {"s1", "s2"})
            self.wait_reached(ports["write"], {"p"})
            with self.cluster.s1.replay_paused():
                self.wait_reached(ports["read"], {"s2"})
                first.kill()
                until = time.monotonic() + 8
                while time.monotonic() < until:
                    self.assertEqual(self.reached(ports["read"], 1), {"s2"}, haproxy.log)
                    self.assertEqual(self.reached(ports["write"], 1), {"p"}, haproxy.log)
                with self.cluster.s2.replay_paused():
                    self.wait_reached(ports["read"], {None})
                    self.assertEqual(self.reached(ports["write"]), {"p"})
            self.wait_reached(ports["read"], {"s1", "s2"})
        finally:
            for process in (haproxy, first, second):
                process.stop()

    def wait_reached(self, port, servers):
        wait_until(lambda: self.reached(port) == servers, f"{port} leads to {servers}", 15)

    def reached(self, port, times=6):
        """The servers where these connections end; None is nowhere."""
        return {self.reach(port) for _ in range(times)}

    def reach(self, port):
        done = subprocess.run(
            [self.cluster.p.psql, "-XAt", "-c", "SHOW cluster_name",
             f"host=127.0.0.1 port={port} user=pgrepl_monitor dbname=postgres connect_timeout=5"],
            env=self.workspace.environment | {"PGPASSWORD": "lab-monitor"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10, check=False)
        return done.stdout.strip() if done.returncode == 0 else None


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class SplitBrainTest(_Routed):
    """s1 is promoted while p lives."""

    plan = (Standby("s1"),)

    def test_nobody_writes_until_one_of_them_is_gone(self):
        self.wait_roles(p="primary", s1="standby")
        promote(self.cluster.s1)
        for name in ("p", "s1"):
            self.wait_answer(lambda: self.primary(name), 503, "split brain: 2 primaries$")
        self.assertEqual(self.ask("/primary")[0], 503)
        with self.cluster.p.stopped():
            self.wait_roles(p=None, s1="primary")
        self.wait_roles(p=None, s1=None)


def _shipped(cluster, first, second, ports):
    """packaging/haproxy/haproxy.cfg, with the addresses and names of this test."""
    text = (REPOSITORY / "packaging/haproxy/haproxy.cfg").read_text(encoding="utf-8")
    changes = {"127.0.0.1:9718": f"127.0.0.1:{ports['check']}", "port 9718": f"port {ports['check']}",
               "bind :5000": f"bind 127.0.0.1:{ports['write']}",
               "bind :5001": f"bind 127.0.0.1:{ports['read']}",
               "10.0.0.8:9717": f"127.0.0.1:{first.port}", "10.0.0.9:9717": f"127.0.0.1:{second.port}"}
    for number, (name, server) in enumerate(cluster.servers.items(), 1):
        changes[f"server pg{number} 10.0.0.{number}:5432"] = f"server {name} 127.0.0.1:{server.port}"
    for shipped, here in changes.items():
        assert shipped in text, shipped
        text = text.replace(shipped, here)
    return text


if __name__ == "__main__":
    unittest.main()
