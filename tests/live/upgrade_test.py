# SPDX-License-Identifier: Apache-2.0
"""A major upgrade under the running exporter: 15 stops, 16 starts on the same ports.

    export PGREPL_EXPORTER=build/dev/exporter/pg_replication_exporter
    python3 -m unittest tests.live.upgrade_test
"""

import os
import threading
import time
import unittest
from contextlib import ExitStack
from pathlib import Path

from tests.lab.cluster import Standby
from tests.lab.majors import MONITOR
from tests.proof.fleet import Fleet, cluster_name
from tests.proof.page_check import PageCheck
from tests.proof.upgrade import upgrade

BINARY = os.environ.get("PGREPL_EXPORTER")
OLD, NEW = 15, 16
# As everywhere: one pulse, and half of one for the scrape.
LAG_ERROR = 1.5


class LagWatch(threading.Thread):
    """What the page says of s1 from time to time, for as long as a `with` block lasts."""

    def __init__(self, exporter):
        super().__init__(daemon=True)
        self._exporter = exporter
        self._end = threading.Event()
        self.pages = []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self.join()

    def run(self):
        while not self._end.wait(0.2):
            self.pages.append(self._exporter.scrape())


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class UpgradeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        fleet = cls.fleet = Fleet(cls.enterClassContext(ExitStack()), Path(BINARY).resolve(),
                                  plan=[Standby("s1", slot=True)], majors=(OLD,),
                                  rights=(MONITOR,))
        exporter = fleet.exporters[MONITOR]
        cls.before = exporter.wait_for(lambda page: page.value(
            "pgrepl_caught_up_once", server="s1") == 1, "s1 has caught up")
        with LagWatch(exporter) as watch:
            cls.upgrades = upgrade(fleet, OLD, NEW)
            time.sleep(3)
        cls.pages = watch.pages
        cls.after = exporter.scrape()

    def test_the_new_version_is_seen_within_two_pulses_and_every_value_is_its_own(self):
        self.assertEqual([(one.server, one.wrong) for one in self.upgrades],
                         [("p", []), ("s1", [])])

    def test_nothing_of_the_old_servers_is_left(self):
        systems = [{dict(labels)["system_identifier"] for labels in
                    page.series("pgrepl_server_info")} for page in (self.before, self.after)]
        self.assertEqual([len(found) for found in systems], [1, 1])
        self.assertNotEqual(*systems)
        self.assertEqual({dict(labels)["version"].split(".")[0] for labels in
                          self.after.series("pgrepl_server_info")}, {str(NEW)})
        # Its slot was made anew under the same name, and what has no successor is not there.
        self.assertEqual(
            {name for name, _ in self.after.identities() if name.startswith("pgrepl_slot_")},
            {name for name, _ in self.before.identities() if name.startswith("pgrepl_slot_")})

    def test_statements_are_chosen_anew(self):
        """16 counts conflicts with logical slots, 15 doesn't."""
        found = [page.value("pgrepl_recovery_conflicts_total", server="s1",
                            type="active_logicalslot") for page in (self.before, self.after)]
        self.assertEqual(found, [None, 0])

    def test_no_lag_is_said_that_was_not_there(self):
        """The old standby lacked nothing when they stopped, nor does the new one."""
        self.assertGreater(len(self.pages), 20)
        for page in self.pages:
            lag = page.value("pgrepl_lag_seconds", server="s1")
            self.assertIsNotNone(lag)
            self.assertLess(lag, LAG_ERROR)
        self.assertEqual(self.after.state("pgrepl_lag_cause", "cause", server="s1"), "none")
        self.assertEqual(self.after.value("pgrepl_diverged", server="s1"), 0)
        self.assertEqual(self.after.value("pgrepl_role_changes_total", server="s1"), 0)

    def test_page_stays_right(self):
        self.assertEqual(PageCheck(self.after, OLD, self.fleet.clusters[OLD].s1, MONITOR).wrong, [])
        self.assertEqual(self.after.value("pgrepl_primaries", pg_cluster=cluster_name(OLD)), 1)

    def test_servers_logs_have_no_errors(self):
        self.assertEqual(self.fleet.errors(OLD, MONITOR), [])


if __name__ == "__main__":
    unittest.main()
