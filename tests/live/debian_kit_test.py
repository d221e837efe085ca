# SPDX-License-Identifier: Apache-2.0
"""The setup kit in Debian's layout: several clusters of one host, in /etc/postgresql, by pg_ctlcluster.

PGREPL_ROOT is a folder with another Debian to do that in.
"""

import os
import shutil
import unittest

from tests.lab import host
from tests.lab.waiting import wait_until
from tests.lab.workspace import REPOSITORY, Workspace
from tests.live.kit_test import MONITOR_PASSWORD, REPLICATION_PASSWORD

ROOT = os.environ.get("PGREPL_ROOT", "/")
SCRIPTS = "/root/postgresql-ha/scripts"
# As pg_createcluster allows them, and no name of a slot may be.
P, S1, S2 = "shop-p", "Shop.s1", "shop_s2"
PORTS = {P: 5440, S1: 5441, S2: 5442}


class DebianKitTest(unittest.TestCase):
    """One long day: each step begins where the one before has ended."""

    def setUp(self):
        if reason := host.missing():
            self.skipTest(reason)
        workspace = self.enterContext(Workspace("pgrepl-kit-"))
        self.host = host.Network(workspace).host("db", "192.168.1.100", ROOT)
        shutil.copytree(REPOSITORY / "postgresql-ha", self.host.home / "postgresql-ha")
        for name, password in (("replication", REPLICATION_PASSWORD), ("monitor", MONITOR_PASSWORD)):
            (self.host.home / f"{name}.password").write_text(password + "\n")
        self.version = max(self.host.run("ls", "/usr/lib/postgresql").split(), key=int)
        for name, port in PORTS.items():
            self.host.run("pg_createcluster", self.version, name, "-p", port, "--start")

    # What is done there.

    def script(self, name, cluster, *words, accept=0):
        return self.host.run(f"{SCRIPTS}/{name}", f"--cluster={self.version}/{cluster}", *words,
                             accept=(accept,))

    def primary(self, cluster, *words):
        return self.script("setup_primary.sh", cluster, "--allow=10.0.0.0/8", *words,
                           "--replication-password-file=replication.password",
                           "--monitor-password-file=monitor.password")

    def standby(self, cluster, upstream, *words, accept=0):
        return self.script("setup_standby.sh", cluster, "localhost", f"--primary-port={PORTS[upstream]}",
                           "--replication-password-file=replication.password",
                           f"--name={cluster}", *words, accept=accept)

    def rejoin(self, cluster, primary, *words, accept=0):
        return self.script("rejoin_standby.sh", cluster, "localhost",
                           f"--primary-port={PORTS[primary]}", f"--name={cluster}",
                           "--replication-password-file=replication.password", *words, accept=accept)

    def control(self, cluster, *words):
        self.host.run("pg_ctlcluster", self.version, cluster, *words)

    # What is there.

    def sql(self, cluster, text):
        """Rows, a line each."""
        return self.host.run("runuser", "-u", "postgres", "--", "sh", "-c",
                             'cd / && exec psql -XAtq -p "$1" -c "$2"', "sh", PORTS[cluster],
                             text).splitlines()

    def follow(self, primary, *standbys):
        wait_until(lambda: self.sql(primary, "SELECT application_name, state FROM pg_stat_replication "
                                    "ORDER BY 1") == [f"{one}|streaming" for one in sorted(standbys)],
                   f"{standbys} follow {primary}")

    def assert_told(self, cluster, *told):
        wait_until(lambda: self.sql(cluster, "SELECT what FROM told ORDER BY 1") == list(told),
                   f"{cluster} has {told}")

    def file(self, cluster, name):
        return self.host.run("cat", f"/etc/postgresql/{self.version}/{cluster}/{name}")

    # The day.

    def test_from_nothing_to_a_failover_and_back(self):
        self.set_up()
        self.fail_over()
        self.come_back()
        self.rehearse()

    def set_up(self):
        with self.subTest("the primary, in its own files"):
            self.assertIn("say which with --cluster", self.host.run(
                f"{SCRIPTS}/setup_primary.sh", accept=(1,)))
            before = self.file(P, "postgresql.conf")
            self.primary(P, "--yes")
            self.assertIn("Nothing to do", self.primary(P))
            self.assertEqual(self.file(P, "postgresql.conf"), before)
            self.assertEqual(self.sql(P, "SHOW listen_addresses"), ["*"])
            self.sql(P, "CREATE TABLE told (what text)")
        with self.subTest("standbys, in the place of empty clusters"):
            # What ALTER SYSTEM says of the primary's own place must not come with the base backup.
            self.sql(P, f"ALTER SYSTEM SET port = {PORTS[P]}")
            self.assertIn("--replace", self.standby(S1, P, accept=1))
            for one in (S1, S2):
                self.standby(one, P, "--replace", "--yes")
                self.assertIn("Nothing to do", self.standby(one, P))
                self.assertEqual(self.sql(one, "SHOW cluster_name"), [one])
            self.follow(P, S1, S2)
        self.assertIn("Shop.s1 (async), shop_s2 (async)", self.script("test_replication.sh", P))
        self.assertRegex(self.script("monitor_replication.sh", P), r"(?s)Shop\.s1 .*shop_s2 ")

    def fail_over(self):
        with self.subTest("not while the primary answers"):
            self.assertIn("still serves", self.script("promote_standby.sh", S1, "--yes", accept=1))
        self.control(P, "stop", "-m", "immediate")
        with self.subTest("promoted, it is a primary as the first one was"):
            said = self.script("promote_standby.sh", S1, "--yes")
            self.assertIn("pg_is_in_recovery() = f, timeline 2", said)
            self.primary(S1, "--yes")
            self.assertEqual(self.sql(S1, "SHOW archive_mode"), ["on"])
            self.sql(S1, "INSERT INTO told VALUES ('kept')")
        self.standby(S2, S1)
        self.follow(S1, S2)
        self.assert_told(S2, "kept")

    def come_back(self):
        with self.subTest("the old primary, crashed, started again, written to"):
            self.control(P, "start")
            self.sql(P, "INSERT INTO told VALUES ('lost')")
            settings = self.file(P, "conf.d/primary.conf")
            self.assertIn("--yes", self.rejoin(P, S1, accept=1))
            self.control(P, "stop", "-m", "immediate")
            said = self.rejoin(P, S1, "--dry-run")
            self.assertIn("would rewind", said)
            said = self.rejoin(P, S1, "--yes")
            self.assertIn("on timeline 2", said)
            self.assert_told(P, "kept")
            self.follow(S1, P, S2)
            self.assertEqual(self.file(P, "conf.d/primary.conf"), settings)
            self.assertEqual(self.sql(P, "SHOW port"), [str(PORTS[P])])
            self.assertEqual(self.sql(P, "SELECT count(*) FROM pg_replication_slots"), ["0"])
        with self.subTest("and by a new base backup"):
            self.rejoin(P, S1, "--replace", "--yes")
            self.follow(S1, P, S2)

    def rehearse(self):
        with self.subTest("the rehearsal takes names of clusters"):
            said = self.script("test_failover.sh", P, "--non-production",
                               f"--primary={self.version}/{S1}",
                               "--replication-password-file=replication.password")
            self.assertIn("The failover works", said)
            self.assertEqual([self.sql(one, "SELECT pg_is_in_recovery()") for one in (P, S1)],
                             [["f"], ["t"]])


if __name__ == "__main__":
    unittest.main()
