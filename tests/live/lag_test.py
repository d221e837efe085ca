# SPDX-License-Identifier: Apache-2.0
"""The exporter's page against the truth, on real servers, through real faults.

    export PGREPL_EXPORTER=build/dev/exporter/pg_replication_exporter
    python3 -m unittest tests.live.lag_test
"""

import os
import time
import unittest
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.lab import promtool
from tests.lab.cluster import Cluster, Standby
from tests.lab.comparison import WORST_ERROR, Comparison
from tests.lab.exporter import Exporter
from tests.lab.load import Load
from tests.lab.stranger import Stranger, refusal
from tests.lab.truth import Truth
from tests.lab.waiting import TookTooLong
from tests.lab.workspace import Workspace
from tests.proof.causes import Causes
from tests.proof.row import CAUSE_FAMILY, Hold

BINARY = os.environ.get("PGREPL_EXPORTER")

FAULT_SECONDS = 8

# Families of a standby that are on the page in health and in every fault.
STANDBY_FAMILIES = (
    "pgrepl_up", "pgrepl_up_reason", "pgrepl_in_recovery", "pgrepl_lag_seconds",
    "pgrepl_lag_known", "pgrepl_lag_threshold_seconds", "pgrepl_receiver_up",
    "pgrepl_standby_connected", "pgrepl_standby_streaming", "pgrepl_caught_up_once")
# And of a server that has senders.
UPSTREAM_FAMILIES = ("pgrepl_senders", "pgrepl_slot_active", "pgrepl_slot_retained_bytes")


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class ExporterTest(unittest.TestCase):
    """One topology and one exporter for all tests of a class; each begins and ends in health."""

    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace())
        # Autovacuum's transactions are lag as good as any, but an idle test wants none.
        cls.cluster = Cluster(cls.workspace, settings={"autovacuum": "off"})
        cls.truth = cls.enterClassContext(Truth(cls.cluster.p, cls.cluster.standbys))
        cls.exporter = Exporter(cls.workspace, Path(BINARY).resolve(), cls.exporter_config())

    @classmethod
    def exporter_config(cls):
        return cls.cluster.exporter_config()

    @contextmanager
    def healthy(self):
        """The page before the fault, under a light load; after it, health must come by itself."""
        page = self.wait_healthy()
        with Load(self.cluster.p):
            time.sleep(1)
            yield page
            self.wait_healthy()

    def wait_healthy(self):
        return self.exporter.wait_for(self.is_healthy, "every standby is fresh", seconds=40)

    def wait_idle(self):
        """Health, and no transaction left to replay."""
        self.cluster.wait_caught_up()
        self.exporter.wait_for(
            lambda page: self.is_healthy(page) and not any(
                page.series("pgrepl_lag_seconds").values()), "no lag at all")

    def is_healthy(self, page):
        return (all(page.value("pgrepl_up", server=name) == 1 for name in self.cluster.servers)
                and all(self.is_fresh(page, standby.name) for standby in self.cluster.standbys))

    def is_fresh(self, page, name):
        lag = page.value("pgrepl_lag_seconds", server=name)
        return lag is not None and lag < 1 and page.value("pgrepl_receiver_up", server=name) == 1

    def compare(self, seconds=FAULT_SECONDS):
        """Scrapes during a fault: every standby's lag must be told right all the time."""
        comparison = Comparison(self.exporter, self.truth, self.cluster.standbys).run(seconds)
        for standby in self.cluster.standbys:
            verdict = comparison.verdict(standby)
            with self.subTest(standby.name, verdict=str(verdict)):
                self.assertLess(verdict.worst_error, WORST_ERROR)
                self.assertEqual(verdict.false_alarm, 0)
                self.assertEqual(verdict.missed, 0)
                self.assertEqual(verdict.absent, 0)
        self.assertEqual(promtool.check_metrics(comparison.pages[-1].text), [])
        return comparison

    def assert_only_lagging(self, comparison, *names):
        """The told lag of these, and of no other, grew second by second while it was held."""
        for standby in self.cluster.standbys:
            said = comparison.verdict(standby).said
            with self.subTest(standby.name, said=said):
                if standby.name in names:
                    a_second_apart = said[::4]
                    self.assertEqual(a_second_apart, sorted(a_second_apart))
                    self.assertGreater(said[-1] - said[0], FAULT_SECONDS - WORST_ERROR)
                else:
                    self.assertLess(max(said), WORST_ERROR)

    def assert_causes(self, comparison, **causes):
        """Of these standbys, shown soon and steady; of all others none."""
        pages = comparison.pages
        if CAUSE_FAMILY not in pages[-1].families:
            return  # Not this exporter.
        shown = Causes(pages, Hold(causes=causes))
        for standby in self.cluster.standbys:
            self.assertEqual(shown.offences(standby.name), [])

    def assert_nothing_vanished(self, before, after):
        families = (*STANDBY_FAMILIES, *UPSTREAM_FAMILIES)
        self.assertEqual(
            {one for one in before.identities() - after.identities() if one[0] in families}, set())

    def assert_values(self, page, **expected):
        """pgrepl_NAME of the server given as NAME={server: value}."""
        for family, servers in expected.items():
            for server, value in servers.items():
                self.assertEqual(page.value(f"pgrepl_{family}", server=server), value,
                                 f"{family} of {server}")


class FaultTest(ExporterTest):
    def test_healthy(self):
        with self.healthy() as page:
            comparison = self.compare()
            self.assert_only_lagging(comparison)
            self.assert_causes(comparison)
        for family in STANDBY_FAMILIES:
            for standby in self.cluster.standbys:
                self.assertTrue(page.series(family, server=standby.name), family)

    def test_idle_primary_is_no_lag(self):
        self.wait_idle()
        self.cluster.p.execute("CHECKPOINT")
        comparison = self.compare()
        for standby in self.cluster.standbys:
            self.assertEqual(max(comparison.verdict(standby).said), 0, standby.name)
        self.assert_causes(comparison)

    def test_replay_paused(self):
        with self.healthy() as before, self.cluster.s1.replay_paused():
            comparison = self.compare()
            self.assert_only_lagging(comparison, "s1")
            self.assert_causes(comparison, s1="replay_paused")
            self.assert_nothing_vanished(before, comparison.pages[-1])

    def test_receiver_frozen(self):
        """Both sides say streaming; nothing but ages and the lag tell that nothing comes."""
        with self.healthy() as before, self.cluster.s1.frozen("walreceiver"):
            comparison = self.compare()
            self.assertTrue(self.cluster.s1.is_streaming())
            self.assert_only_lagging(comparison, "s1")
            self.assert_causes(comparison, s1="connection_stalled")
            self.assert_nothing_vanished(before, comparison.pages[-1])

    def test_receiver_cut_under_writes(self):
        with self.healthy() as before, self.cluster.s1.receiver_cut():
            comparison = self.compare()
            page = comparison.pages[-1]
            self.assert_only_lagging(comparison, "s1")
            self.assert_causes(comparison, s1="receiver_down")
            self.assert_values(page, receiver_up={"s1": 0, "s2": 1}, up={"s1": 1},
                               standby_connected={"s1": 0, "s2": 1})
            self.assert_nothing_vanished(before, page)

    def test_receiver_cut_while_idle(self):
        self.wait_idle()
        with self.cluster.s1.receiver_cut():
            comparison = self.compare()
            self.assertEqual(max(comparison.verdict(self.cluster.s1).said), 0)
            self.assert_values(comparison.pages[-1], receiver_up={"s1": 0})
        self.wait_healthy()

    def test_cascade_cut_above(self):
        with self.healthy(), self.cluster.s2.receiver_cut():
            comparison = self.compare()
            self.assert_only_lagging(comparison, "s2", "s3")
            self.assert_causes(comparison, s2="receiver_down", s3="upstream_lagging")
            self.assert_values(comparison.pages[-1], receiver_up={"s2": 0, "s3": 1})

    def test_standby_stopped(self):
        with self.healthy() as before, self.cluster.s1.stopped():
            comparison = self.compare()
            page = comparison.pages[-1]
            self.assert_only_lagging(comparison, "s1")
            self.assert_values(page, up={"s1": 0, "p": 1}, standby_connected={"s1": 0},
                               receiver_up={"s1": 0}, in_recovery={"s1": 1})
            self.assertEqual(page.state("pgrepl_up_reason", "reason", server="s1"), "refused")
            self.assertEqual(page.value("pgrepl_senders", server="p", kind="standby",
                                        state="streaming"), 1)
            self.assert_nothing_vanished(before, page)

    def test_server_frozen(self):
        with self.healthy() as before, self.cluster.s3.frozen():
            comparison = self.compare()
            page = comparison.pages[-1]
            self.assert_only_lagging(comparison, "s3")
            self.assert_causes(comparison, s3=("connection_stalled", "unknown"))
            self.assert_values(page, up={"s3": 0, "p": 1, "s1": 1, "s2": 1})
            self.assertEqual(page.state("pgrepl_up_reason", "reason", server="s3"), "timeout")
            self.assertLess(max(page.seconds for page in comparison.pages), 0.5)
            self.assert_nothing_vanished(before, page)


class PrimaryOnlyTest(ExporterTest):
    """With only the primary configured, the standbys seen there are on the page too."""

    @classmethod
    def exporter_config(cls):
        return cls.cluster.exporter_config("p")

    def test_standbys_are_found_and_their_lag_told(self):
        with Load(self.cluster.p):
            page = self.exporter.wait_for(
                lambda page: self.is_fresh_from_above(page, "s1") and
                self.is_fresh_from_above(page, "s2"), "s1 and s2 are found")
            with self.cluster.s1.receiver_cut():
                comparison = Comparison(self.exporter, self.truth, [self.cluster.s1])
                verdict = comparison.run(FAULT_SECONDS).verdict(self.cluster.s1)
                page = comparison.pages[-1]
        self.assertLess(verdict.worst_error, WORST_ERROR, str(verdict))
        self.assertEqual(verdict.absent, 0)
        self.assert_values(page, standby_connected={"s1": 0, "s2": 1})
        self.assertEqual(promtool.check_metrics(page.text), [])

    def is_fresh_from_above(self, page, name):
        lag = page.value("pgrepl_lag_seconds", server=name)
        return lag is not None and lag < 1


class StandbyOnlyTest(ExporterTest):
    """With only a standby configured, its receiver tells how far the primary is."""

    @classmethod
    def exporter_config(cls):
        return cls.cluster.exporter_config("s1")

    def setUp(self):
        self.enterContext(Load(self.cluster.p))
        self.exporter.wait_for(
            lambda page: page.value("pgrepl_lag_known", server="s1") == 1
            and page.value("pgrepl_lag_seconds", server="s1") < 1, "s1 is fresh", seconds=40)
        # The first message may be older than a pulse: a history of regular ones comes after it.
        time.sleep(2.5)

    def test_a_pause_is_told_by_the_receivers_messages(self):
        with self.cluster.s1.replay_paused():
            comparison = Comparison(self.exporter, self.truth, [self.cluster.s1])
            verdict = comparison.run(FAULT_SECONDS).verdict(self.cluster.s1)
            page = comparison.pages[-1]
        self.assertLess(verdict.worst_error, WORST_ERROR, str(verdict))
        self.assert_values(page, lag_known={"s1": 1})
        self.assertEqual(page.state("pgrepl_lag_source", "source", server="s1"), "receiver")
        self.assertEqual(page.state("pgrepl_lag_bound", "bound", server="s1"), "at_most")

    def test_without_a_receiver_nothing_is_known(self):
        with self.cluster.s1.receiver_cut():
            comparison = Comparison(self.exporter, self.truth, [self.cluster.s1])
            verdict = comparison.run(FAULT_SECONDS).verdict(self.cluster.s1)
            page = comparison.pages[-1]
        self.assertEqual((verdict.absent, verdict.missed), (0, 0), str(verdict))
        self.assert_values(page, lag_known={"s1": 0}, receiver_up={"s1": 0})
        self.assertEqual(page.value("pgrepl_expected_primaries"), 0, "it is somebody else's")
        self.assertEqual(page.state("pgrepl_lag_bound", "bound", server="s1"), "at_least")


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class UnreachableTest(unittest.TestCase):
    """Servers that can't be asked say why, and SIGTERM is obeyed whatever they do."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace, plan=[Standby("s1")])

    def test_each_reason(self):
        p, s1 = self.cluster.p, self.cluster.s1
        p.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0 PASSWORD 'lab-monitor'")
        s1.set(hot_standby="off")
        s1.restart()
        conninfo = self.cluster.monitor_conninfo(p)
        exporter = self.exporter({
            "refused": "host=127.0.0.1 port=1 user=pgrepl_monitor dbname=postgres",
            "dns": "host=nowhere.invalid user=pgrepl_monitor dbname=postgres",
            "auth": conninfo,
            "too_many_connections": conninfo.replace("pgrepl_monitor", "crowded"),
            "hot_standby_off": self.cluster.monitor_conninfo(s1),
            "starting": self.stranger(refusal("the database system is starting up")),
            "shutting_down": self.stranger(refusal("the database system is shutting down")),
            "not_postgres": self.stranger(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        }, passwords={"auth": "wrong"})
        page = self.assert_reasons_told(exporter, seconds=15)
        self.assertEqual(promtool.check_metrics(page.text), [])
        self.assertEqual(exporter.stop(seconds=2), 0)

    def test_all_down_at_start(self):
        conninfo = self.cluster.monitor_conninfo(self.cluster.p)
        with self.cluster.p.stopped():
            exporter = self.exporter({"refused": conninfo})
            self.assert_reasons_told(exporter, seconds=5)
        exporter.wait_for(lambda page: page.value("pgrepl_up", server="refused") == 1, "is up")
        self.assertEqual(exporter.stop(seconds=2), 0)

    def test_sigterm_while_a_server_is_frozen(self):
        exporter = self.exporter({"timeout": self.cluster.monitor_conninfo(self.cluster.p)})
        exporter.wait_for(lambda page: page.value("pgrepl_up", server="timeout") == 1, "is up")
        with self.cluster.p.frozen():
            self.assert_reasons_told(exporter, seconds=10)
            self.assertEqual(exporter.stop(seconds=2), 0)

    def stranger(self, answer):
        port = self.enterContext(Stranger(self.workspace.ports.take(), answer)).port
        return f"host=127.0.0.1 port={port} user=pgrepl_monitor dbname=postgres sslmode=disable"

    def exporter(self, conninfos, passwords=None):
        """An exporter of one cluster whose servers are named after the reason they should give."""
        passwords = passwords or {}
        servers = [
            {"name": name, "conninfo": conninfo, "password_file": str(
                self.workspace.secret(f"{name}.password", passwords.get(name, "lab-monitor")))}
            for name, conninfo in conninfos.items()]
        self.names = list(conninfos)
        return Exporter(self.workspace, Path(BINARY).resolve(),
                        {"clusters": [{"name": "main", "servers": servers}]},
                        name=self.id().rpartition(".")[2])

    def assert_reasons_told(self, exporter, seconds):
        expected = {name: (0, name) for name in self.names}
        with suppress(TookTooLong):
            exporter.wait_for(lambda page: self.reasons(page) == expected, "says why", seconds)
        page = exporter.scrape()
        self.assertEqual(self.reasons(page), expected)
        return page

    def reasons(self, page):
        return {name: (page.value("pgrepl_up", server=name),
                       page.state("pgrepl_up_reason", "reason", server=name))
                for name in self.names}


if __name__ == "__main__":
    unittest.main()
