# SPDX-License-Identifier: Apache-2.0
"""The exporter on every supported PostgreSQL major: a primary and its standby, as pg_monitor.

    export PGREPL_EXPORTER=build/dev/exporter/pg_replication_exporter
    python3 -m unittest tests.live.majors_test

All majors run side by side and are watched by one exporter. What a test finds is kept by major, so
that each is told apart. `make proof-majors` goes further.
"""

import os
import unittest
from contextlib import ExitStack
from pathlib import Path

from tests.lab.cluster import Standby
from tests.lab.majors import MAJORS, MONITOR
from tests.proof.fleet import Fleet
from tests.proof.matrix import Matrix

BINARY = os.environ.get("PGREPL_EXPORTER")


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class MajorsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(cls.enterClassContext(ExitStack()), Path(BINARY).resolve(),
                          plan=[Standby("s1", slot=True)], rights=(MONITOR,))

    def setUp(self):
        self.matrix = Matrix(self.fleet)

    def tearDown(self):
        for major in MAJORS:
            with self.subTest(major):
                self.assertEqual(self.fleet.errors(major, MONITOR), [])

    def assert_nothing_wrong(self):
        for major in MAJORS:
            with self.subTest(major):
                self.assertEqual([f"{server}: {one}" for (of, server, _), found in
                                  self.matrix.wrong.items() if of == major for one in found], [])

    def test_health(self):
        self.matrix.values("health")
        self.matrix.health()
        self.matrix.warnings()
        self.assert_nothing_wrong()
        for major in MAJORS:
            for name in ("p", "s1"):
                # Or nothing was looked at.
                self.assertGreater(self.matrix.compared[major, name, MONITOR], 25)

    def test_pause(self):
        self.matrix.paused()
        self.matrix.health("after the pause")
        self.assert_nothing_wrong()

    def test_trouble(self):
        self.matrix.troubled()
        self.matrix.health("after the trouble")
        self.assert_nothing_wrong()


if __name__ == "__main__":
    unittest.main()
