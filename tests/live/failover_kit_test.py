# SPDX-License-Identifier: Apache-2.0
"""The setup kit on the day the primary dies: promote the right standby, bring the others back."""

import os
import unittest
from pathlib import Path

from tests.lab.exporter import Exporter
from tests.lab.postgres import Server, installed
from tests.lab.process import run
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace
from tests.live.kit_test import KIT, Kit, tree

BINARY = os.environ.get("PGREPL_EXPORTER")
TIMELINE = "SELECT timeline_id FROM pg_control_checkpoint()"


class FailoverKitTest(unittest.TestCase):
    """One long day: each step begins where the one before has ended."""

    def setUp(self):
        self.workspace = self.enterContext(Workspace("pgrepl-kit-"))
        self.kit = Kit(self.workspace)
        self.p, self.s1, self.s2 = (
            Server(self.workspace, name, installed()) for name in ("p", "s1", "s2"))
        self.kit.primary(self.p, "--no-archive")
        for standby in (self.s1, self.s2):
            self.kit.standby(standby, self.p, f"--name={standby.name}")
        self.p.execute("CREATE TABLE told (what text)")

    def script(self, name, server, *words, accept=0):
        return run([KIT / name, f"--data-dir={server.data}", f"--port={server.port}",
                    f"--bin-dir={installed()}", *words],
                   env=self.workspace.environment, accept=(accept,))

    def promote(self, server, *words, accept=0):
        return self.script("promote_standby.sh", server, *words, accept=accept)

    def rejoin(self, server, primary, *words, accept=0):
        return self.script(
            "rejoin_standby.sh", server, "127.0.0.1", f"--primary-port={primary.port}",
            f"--name={server.name}", "--listen=127.0.0.1",
            f"--replication-password-file={self.kit.replication_password}", *words, accept=accept)

    def follow(self, server, primary):
        self.kit.standby(server, primary)
        wait_until(server.is_streaming, f"{server.name} streams")

    def assert_told(self, server, *told):
        wait_until(server.is_up, f"{server.name} is up")  # another has restarted it
        wait_until(lambda: server.rows("SELECT what FROM told ORDER BY 1") == [[one] for one in told],
                   f"{server.name} has {told}")

    def watched(self):
        servers = [{"name": one.name, "conninfo": f"host=127.0.0.1 port={one.port} user=pgrepl_monitor"}
                   for one in (self.p, self.s1, self.s2)]
        exporter = Exporter(self.workspace, Path(BINARY).resolve(), {
            "clusters": [{"name": "main", "servers": servers}],
            "defaults": {"password_file": str(self.kit.monitor_password)}})
        self.addCleanup(exporter.stop)
        return exporter

    def test_promote_and_rejoin(self):
        with self.subTest("not while the primary answers"):
            said = self.promote(self.s1, "--yes", accept=1)
            self.assertIn(f"127.0.0.1:{self.p.port} still serves", said)
            self.assertEqual(self.s1.value("SELECT pg_is_in_recovery()"), "t")
        self.p.stop("immediate")
        with self.subTest("a dry run, and one that nobody has said yes to, touch nothing"):
            before = tree(self.s1.data / "global")
            self.assertIn("would promote it", self.promote(self.s1, "--dry-run"))
            self.assertIn("--yes", self.promote(self.s1, accept=1))
            self.assertEqual(self.s1.value("SELECT pg_is_in_recovery()"), "t")
            self.assertEqual(tree(self.s1.data / "global").keys(), before.keys())
        with self.subTest("it writes then, on a timeline of its own"):
            said = self.promote(self.s1, "--yes")
            self.assertIn("pg_is_in_recovery() = f, timeline 2", said)
            self.assertIn(f"rejoin_standby.sh {os.uname().nodename} --primary-port {self.s1.port}", said)
            self.assertEqual(self.s1.value(TIMELINE), "2")
            self.s1.execute("INSERT INTO told VALUES ('kept')")
        with self.subTest("once more is nothing"):
            self.assertIn("Nothing to do", self.promote(self.s1))
        self.follow(self.s2, self.s1)
        self.assert_told(self.s2, "kept")

        with self.subTest("the old primary, that somebody has started again"):
            self.p.start()
            self.p.execute("INSERT INTO told VALUES ('lost')")
            self.assertIn("--yes", self.rejoin(self.p, self.s1, accept=1))
            self.assertEqual(self.p.value("SELECT pg_is_in_recovery()"), "f")
            said = self.rejoin(self.p, self.s1, "--yes")
            self.assertIn("on timeline 2", said)
            self.assert_told(self.p, "kept")
            kept = next(self.p.data.parent.glob(f"{self.p.data.name}.rewound-*"))
            self.assertTrue(list((kept / "pg_wal").glob("00000001*")), "the WAL of what is lost")
            self.assertEqual(self.p.value("SHOW port"), str(self.p.port))

        with self.subTest("and back, by a base backup"):
            self.s1.stop()
            self.promote(self.p, "--yes")
            self.follow(self.s2, self.p)
            self.rejoin(self.s1, self.p, "--replace", "--yes")
            self.p.execute("INSERT INTO told VALUES ('last')")
            for standby in (self.s1, self.s2):
                self.assert_told(standby, "kept", "last")

    def test_a_promotion_without_a_checkpoint(self):
        """pg_rewind before 16 would say that no rewind is required, and p would join diverged."""
        self.s1.execute("ALTER SYSTEM SET checkpoint_timeout = '1h'")
        self.s1.restart()
        self.p.execute("INSERT INTO told VALUES ('lost')")
        with self.s1.receiver_cut():
            self.p.execute("INSERT INTO told VALUES ('lost')")
            self.p.stop()
        self.s1.promote()
        # Spread over most of an hour.
        self.assertEqual(self.s1.value(TIMELINE), "1", "it has had its checkpoint: this shows nothing")
        self.s1.execute("INSERT INTO told VALUES ('kept')")
        said = self.rejoin(self.p, self.s1, "--yes")
        self.assertIn("has had a checkpoint on timeline 2", said)
        wait_until(lambda: ["kept"] in self.p.rows("SELECT what FROM told"), "p follows")

    def test_the_rehearsals(self):
        with self.subTest("what is written arrives"):
            said = self.script("test_replication.sh", self.p)
            self.assertIn("Replayed everywhere: s1 (async), s2 (async)", said)
            self.assertEqual(self.p.value("SELECT to_regclass('pgrepl_replication_test')"), "")
            with self.s2.replay_paused():
                self.assertIn("after 1 s not replayed by: s2", self.script(
                    "test_replication.sh", self.p, "--patience=1", accept=1))
            self.assertIn("is a standby", self.script("test_replication.sh", self.s1, accept=1))
        with self.subTest("the server's own views"):
            self.assertRegex(self.script("monitor_replication.sh", self.p),
                             r"s1 +\| streaming +\| async .*\n *s2 +\|")
            self.assertRegex(self.script("monitor_replication.sh", self.s1),
                             rf"streaming \| 127.0.0.1:{self.p.port} \| s1 ")
        with self.subTest("a failover, only where nobody needs the servers"):
            flags = [f"--primary={self.p.data}",
                     f"--replication-password-file={self.kit.replication_password}"]
            self.assertIn("--non-production", self.script("test_failover.sh", self.s1, *flags, accept=1))
            self.assertIn("is no standby", self.script(
                "test_failover.sh", self.p, "--non-production", *flags, accept=1))
            said = self.script("test_failover.sh", self.s1, "--non-production", *flags)
            self.assertIn("The failover works", said)
            wait_until(self.p.is_up, "p is up")
            self.assertEqual([one.value("SELECT pg_is_in_recovery()") for one in (self.p, self.s1)],
                             ["t", "f"])

    @unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
    def test_the_exporter_says_which(self):
        exporter = self.watched()
        with self.s2.replay_paused():
            self.p.stop("immediate")
            exporter.wait_for(lambda page: page.value(
                "pgrepl_failover_candidate", server="s1", reason="best") == 1, "s1 is the one")
            flag = f"--exporter={exporter.url}"
            said = self.promote(self.s2, flag, "--yes", accept=1)
            self.assertIn("would not choose s2 (", said)
            self.assertIn("but s1", said)
            self.assertIn("knows no standby 'x'", self.promote(
                self.s1, flag, "--watched-as=x", "--yes", accept=1))
            self.assertIn("the exporter would choose it", self.promote(self.s1, flag, "--yes"))
        self.assertIn("--exporter", self.promote(
            self.s2, "--exporter=http://127.0.0.1:1", "--yes", accept=1))


if __name__ == "__main__":
    unittest.main()
