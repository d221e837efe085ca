# SPDX-License-Identifier: Apache-2.0
"""A logical subscription that works, is disabled and fails, on several majors, seen on the page.

    export PGREPL_EXPORTER=build/dev/exporter/pg_replication_exporter
    python3 -m unittest tests.live.subscriptions_test

Publisher and subscriber are one server, and the published table is its own copy: each row that is
written to it conflicts with itself.
"""

import os
import unittest
from contextlib import ExitStack
from pathlib import Path

from tests.lab.majors import MONITOR
from tests.lab.postgres import installed
from tests.lab.process import run
from tests.proof.fleet import Fleet, cluster_name
from tests.proof.matrix import Matrix

BINARY = os.environ.get("PGREPL_EXPORTER")
# Statements differ before 15; errors are counted from 15 on, conflicts from 18 on.
MAJORS = (12, 14, 15, 16, 18)
SECRET = "subscription-secret"


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class SubscriptionsTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(cls.enterClassContext(ExitStack()), Path(BINARY).resolve(), plan=[],
                          majors=MAJORS, rights=(MONITOR,))
        cls.exporter = cls.fleet.exporters[MONITOR]
        cls.fleet.each(lambda _, cluster: _subscribe(cluster.p))

    def setUp(self):
        self.fleet.each(lambda _, cluster: cluster.p.execute("ALTER SUBSCRIPTION sub ENABLE"))
        self.wait(MAJORS, "workers", 1, database="postgres", type="apply")

    def wait(self, majors, family, wanted, name="sub", **labels):
        for major in majors:
            self.exporter.wait_for(lambda page: page.value(
                f"pgrepl_subscription_{family}", pg_cluster=cluster_name(major), server="p",
                subscription=name, **labels) == wanted, f"{major}: {family}{labels} is {wanted}", 30)

    def test_one_that_works(self):
        self.wait(MAJORS, "enabled", 1)
        self.wait(MAJORS, "tables", 1, state="ready")
        self.wait(MAJORS, "workers", 0, type="table_sync")
        matrix = Matrix(self.fleet)
        matrix.values("subscribed")
        self.assertEqual([(major, one) for (major, _, _), found in matrix.wrong.items()
                          for one in found], [])
        for major in MAJORS:
            self.assertEqual(self.fleet.errors(major, MONITOR), [], major)
        self.assertNotIn(SECRET, self.exporter.scrape().text + self.exporter.log)

    def test_one_that_is_disabled(self):
        self.fleet.each(lambda _, cluster: cluster.p.execute("ALTER SUBSCRIPTION sub DISABLE"))
        self.wait(MAJORS, "enabled", 0)
        self.wait(MAJORS, "workers", 0, type="apply")

    def test_two_of_one_name(self):
        """In two databases; before 15 one of them is shown."""
        def subscribe(_, cluster):
            cluster.p.execute("CREATE DATABASE other")
            run([installed() / "psql", "-X", "-h", cluster.p.folder, "-p", cluster.p.port,
                 "-U", cluster.p.user, "-d", "other", "-c",
                 "CREATE SUBSCRIPTION sub CONNECTION 'dbname=nowhere' PUBLICATION pub "
                 "WITH (connect = false)"], cwd=cluster.p.folder)
        self.fleet.each(subscribe)
        since_15 = [major for major in MAJORS if major >= 15]
        self.wait(since_15, "enabled", 0, database="other")
        self.wait(since_15, "enabled", 1, database="postgres")
        page = self.exporter.scrape()
        self.assertEqual(len(page.series("pgrepl_subscription_enabled",
                                         pg_cluster=cluster_name(12))), 1)

    def test_z_one_that_fails(self):
        """The last of them: it fails for good."""
        self.fleet.each(lambda _, cluster: cluster.p.execute("INSERT INTO published VALUES (1)"))
        since_15 = [major for major in MAJORS if major >= 15]
        self.exporter.wait_for(lambda page: all(
            page.value("pgrepl_subscription_errors_total", pg_cluster=cluster_name(major),
                       database="postgres", type="apply") for major in since_15), "errors", 30)
        page = self.exporter.wait_for(
            lambda page: page.value("pgrepl_subscription_conflicts_total",
                                    pg_cluster=cluster_name(18), database="postgres",
                                    type="insert_exists"), "a conflict", 30)
        self.assertEqual(page.series("pgrepl_subscription_errors_total",
                                     pg_cluster=cluster_name(14)), {})


def _subscribe(p):
    p.execute("CREATE TABLE published (number int PRIMARY KEY)")
    p.execute("CREATE PUBLICATION pub FOR TABLE published")
    p.execute("SELECT pg_create_logical_replication_slot('sub', 'pgoutput')")
    p.execute(f"CREATE SUBSCRIPTION sub CONNECTION 'host={p.folder} port={p.port} user={p.user} "
              f"dbname=postgres password={SECRET}' PUBLICATION pub "
              "WITH (create_slot = false, slot_name = 'sub')")


if __name__ == "__main__":
    unittest.main()
