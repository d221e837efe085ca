# SPDX-License-Identifier: Apache-2.0
"""Directories of 50 000 files: what is listed is true, and no pulse waits for it.

    export PGREPL_EXPORTER=build/dev/exporter/pg_replication_exporter
    python3 -m unittest -v tests.live.listings_test

It prints what docs/performance.md says of listings.
"""

import os
import time
import unittest

from tests.lab import wal_files
from tests.lab.cluster import Cluster, Standby
from tests.lab.exporter import Exporter
from tests.lab.load import Load
from tests.lab.truth import Truth
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
FILES = 50_000
READY = 7
SECONDS = 25
# Between two answers to pulses of 1 s on a shared machine; a pulse that was left out makes it 2.
LONGEST_GAP = 1.7
# As everywhere: one pulse, and half of one for the scrape.
LAG_ERROR = 1.5
LISTINGS = ("wal", "archive_backlog")


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class ListingsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace())
        # No archiver: it would tidy up.
        cls.cluster = Cluster(cls.workspace, plan=[Standby("s1", slot=True)],
                              settings={"archive_mode": "off"})
        for server in cls.cluster.servers.values():
            wal_files.add_segments(server, FILES)
            wal_files.add_status_files(server, FILES - READY, READY)

    def test_pulses_go_on_and_files_are_counted(self):
        exporter = Exporter(self.workspace, BINARY, self.cluster.exporter_config() | {
            "timing": {"slow_interval": "10s"}})
        answers, lag_errors = set(), []
        with Load(self.cluster.p), Truth(self.cluster.p, self.cluster.standbys) as truth:
            # A first round makes its connection.
            time.sleep(3)
            end = time.monotonic() + SECONDS
            # On a machine that is too busy a listing is given up, which harms no pulse either.
            while time.monotonic() < end or (
                    not self.have_succeeded(page) and time.monotonic() < end + 90):
                page = exporter.scrape()
                answers.add(page.value("pgrepl_collector_last_success_timestamp_seconds",
                                       server="p", collector="lag"))
                lag_errors.append(self.lag_error(page, truth))
                time.sleep(0.1)
        answers = sorted(answers)
        longest = max(later - one for one, later in zip(answers, answers[1:]))
        print(f"pulses {longest:.2f} s apart at most, lag {max(lag_errors):.2f} s off at most;",
              *(f"{name} took {self.of(page, 'collector_duration_seconds', 'p', name):.3f} s"
                for name in LISTINGS))
        self.assertLess(longest, LONGEST_GAP)
        self.assertLess(max(lag_errors), LAG_ERROR)
        self.assertTrue(self.have_succeeded(page))
        for server in ("p", "s1"):
            self.assertGreater(page.value("pgrepl_wal_files", server=server), FILES)
            self.assertEqual(page.value("pgrepl_archive_ready_files", server=server), READY)

    def have_succeeded(self, page):
        return all(self.of(page, "collector_success", server, name) == 1
                   for server in ("p", "s1") for name in LISTINGS)

    def lag_error(self, page, truth):
        said, s1 = page.value("pgrepl_lag_seconds", server="s1"), self.cluster.s1
        true = truth.lag(s1, page.at)
        return 0 if true is None else abs(said - true) - truth.stall(s1, page.at)

    @staticmethod
    def of(page, family, server, collector):
        return page.value(f"pgrepl_{family}", server=server, collector=collector)


if __name__ == "__main__":
    unittest.main()
