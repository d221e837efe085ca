# SPDX-License-Identifier: Apache-2.0
"""A cluster that Patroni runs: its members by its API, a leader that dies, one that returns."""

import os
import shutil
import time
import unittest
from pathlib import Path

from tests.lab.exporter import Exporter
from tests.lab.patroni import TTL, Etcd, Member
from tests.lab.prometheus import Prometheus
from tests.lab.waiting import wait_until
from tests.lab.workspace import REPOSITORY, Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
PASSWORDS = {name: f"a-password-of-{name}" for name in ("postgres", "replicator", "pgrepl_monitor")}
# Two pulses, and the look of this test.
SEEN_SECONDS = 2.5
RULES = sorted((REPOSITORY / "alerts/rules").glob("*.yaml"))
FIRED = 'max by (alertname, server) (max_over_time(ALERTS{alertstate="firing"}[1h]))'


class PatroniTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not BINARY:
            raise unittest.SkipTest("PGREPL_EXPORTER names no exporter to test")
        if not shutil.which("patroni") or not shutil.which("etcd"):
            raise unittest.SkipTest("Patroni or etcd is not installed")
        cls.workspace = cls.enterClassContext(Workspace("pgrepl-patroni-"))
        cls.etcd = Etcd(cls.workspace)
        cls.members = {name: Member(cls.workspace, cls.etcd, name, PASSWORDS)
                       for name in ("pg1", "pg2", "pg3", "pg4")}
        pg1 = cls.members["pg1"].start()
        wait_until(pg1.leads, "pg1 leads", 60)
        pg1.session.rows("CREATE ROLE pgrepl_monitor LOGIN PASSWORD "
                         f"'{PASSWORDS['pgrepl_monitor']}' IN ROLE pg_monitor")
        for name in ("pg2", "pg3"):
            cls.members[name].start()
        for name in ("pg2", "pg3"):
            wait_until(cls.members[name].follows, f"{name} follows", 60)
        password = cls.workspace.secret("monitor.password", PASSWORDS["pgrepl_monitor"])
        cls.exporter = Exporter(cls.workspace, Path(BINARY).resolve(), {
            "clusters": [{"name": "main", "expected_standbys": 2, "discover": {
                "conninfo": "user=pgrepl_monitor dbname=postgres", "interval": "1s",
                "patroni": [member.url for member in cls.members.values()]}}],
            "defaults": {"password_file": str(password)}})
        cls.prometheus = Prometheus(cls.workspace, [f"127.0.0.1:{cls.exporter.port}"], RULES,
                                    every="5s")

    def fired(self):
        """Alerts that have fired at any time, but for the one that always does: (name, server)."""
        alerts = [dict(labels) for labels in self.prometheus.query(FIRED)]
        return {(one["alertname"], one.get("server")) for one in alerts
                if one["alertname"] != "PostgresReplicationWatchdog"}

    def well(self, leader, *standbys):
        def holds(page):
            return (page.value("pgrepl_in_recovery", server=leader) == 0
                    and all(page.value("pgrepl_standby_streaming", server=one) == 1
                            and page.value("pgrepl_lag_known", server=one) == 1
                            and page.value("pgrepl_lag_seconds", server=one) < 1 for one in standbys))
        return self.exporter.wait_for(holds, f"{leader} leads {standbys}", 60)

    def fail_over(self, leader, others):
        """Who leads now; how late that was seen; how many primaries there were, and how much lag, at most."""
        leader.kill()
        led = seen = new = None
        primaries = lag = 0
        deadline = time.monotonic() + 3 * TTL
        while seen is None and time.monotonic() < deadline:
            if led is None:
                new = next((one for one in others if one.session.value(
                    "SELECT pg_is_in_recovery()") == "f"), None)
                led = time.monotonic() if new else None
            page = self.exporter.scrape()
            primaries = max(primaries, page.value("pgrepl_primaries"))
            # What was written before the end has reached both, and nothing is written since.
            lag = max(lag, *(page.value("pgrepl_lag_seconds", server=one.name) for one in others
                             if page.value("pgrepl_lag_known", server=one.name) == 1), 0)
            if new and page.value("pgrepl_in_recovery", server=new.name) == 0:
                seen = time.monotonic()
            time.sleep(0.05)
        self.assertIsNotNone(seen, "nobody is seen to lead")
        return new, seen - led, primaries, lag

    def test_failover_return_and_a_new_member(self):
        leader = self.members["pg1"]
        others = [self.members["pg2"], self.members["pg3"]]
        page = self.well("pg1", "pg2", "pg3")
        self.assertEqual(page.value("pgrepl_exporter_discovery_members"), 3)
        new, late, primaries, lag = self.fail_over(leader, others)
        self.assertLess(late, SEEN_SECONDS)
        self.assertLessEqual(primaries, 1, "no second primary at any time")
        self.assertLess(lag, 2, "no false lag at any time")
        (follower,) = (one for one in others if one is not new)
        with self.subTest("no lag but of the dead one"):
            page = self.well(new.name, follower.name)
            self.assertEqual(page.value("pgrepl_up", server="pg1"), 0)
            self.assertEqual(page.value("pgrepl_primaries"), 1)
        with self.subTest("the dead one is an alert, once it is down for a minute"):
            wait_until(lambda: ("PostgresServerDown", "pg1") in self.fired(), "it fires", 90)
        with self.subTest("the old leader returns"):
            leader.start()
            page = self.well(new.name, follower.name, "pg1")
            self.assertEqual(page.value("pgrepl_diverged", server="pg1"), 0)
            self.assertEqual(page.value("pgrepl_timeline", server="pg1"),
                             page.value("pgrepl_timeline", server=new.name))
        with self.subTest("a new member is watched by itself"):
            self.members["pg4"].start()
            self.well(new.name, follower.name, "pg1", "pg4")
        with self.subTest("no other alert at any time, least of all one of lag"):
            # Where it takes the dead one longer to come back, that it is missing is right as well.
            self.assertLessEqual(self.fired(), {("PostgresServerDown", "pg1"),
                                                ("PostgresStandbyMissing", None)})
            self.assertEqual(self.prometheus.rule_errors(), [])
        for password in PASSWORDS.values():
            self.assertNotIn(password, self.exporter.log)


if __name__ == "__main__":
    unittest.main()
