# SPDX-License-Identifier: Apache-2.0
"""A server with as many slots and senders as one has, whose clients come and go.

    export PGREPL_EXPORTER=build/dev/exporter/pg_replication_exporter
    python3 -m unittest tests.live.scale_test
"""

import os
import random
import time
import unittest
from pathlib import Path

from tests.lab import promtool
from tests.lab.cluster import Cluster
from tests.lab.exporter import Exporter
from tests.lab.receiver import Receiver
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
SLOTS, SENDERS, RECONNECTS = 64, 32, 20
LOGICAL = 4
HBA = "host all,replication replicator 127.0.0.1/32 trust\n"
# Name, and what else a Receiver is given: those with a slot, and those that all look the same.
OF_SLOTS = (
    *((f"standby{i}", {"slot": f"physical_{i}"}) for i in range(20)),
    *((f"archive{i}", {"slot": f"physical_{20 + i}", "replays": False}) for i in range(4)),
    *((f"cdc{i}", {"slot": f"logical_{i}", "plugin": "test_decoding"}) for i in range(LOGICAL)))
OF_NONE = (("walreceiver", {}),) * 4


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class ScaleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        workspace = cls.enterClassContext(Workspace())
        cluster = Cluster(workspace, plan=[], settings={
            "wal_level": "logical", "max_wal_senders": 2 * SENDERS,
            "max_replication_slots": SLOTS})
        cls.p = p = cluster.p
        hba = p.data / "pg_hba.conf"
        hba.write_text(HBA + hba.read_text())
        p.execute("SELECT pg_reload_conf()")
        p.execute("SELECT pg_create_logical_replication_slot('logical_' || i, 'test_decoding') "
                  f"FROM generate_series(0, {LOGICAL - 1}) AS i")
        p.execute("SELECT pg_create_physical_replication_slot('physical_' || i, true) "
                  f"FROM generate_series(0, {SLOTS - LOGICAL - 1}) AS i")
        cls.exporter = Exporter(workspace, Path(BINARY).resolve(), cluster.exporter_config() | {
            "timing": {"pulse_interval": "200ms", "interval": "1s"}})

    def setUp(self):
        self.of_slots, self.of_none = [], []
        self.addCleanup(lambda: [one.close() for one in self.of_slots + self.of_none])

    def connect(self, clients):
        """In whatever order."""
        return [Receiver(self.p, name, **options)
                for name, options in random.sample(clients, len(clients))]

    def reconnect(self):
        """A slot takes the next only once it has let go of the last; elsewhere both are there."""
        for one in self.of_slots:
            one.close()
        wait_until(lambda: self.p.value("SELECT count(*) FROM pg_replication_slots "
                                        "WHERE active") == "0", "no slot is active")
        self.of_slots = self.connect(OF_SLOTS)
        gone, self.of_none = self.of_none, self.connect(OF_NONE)
        for one in gone:
            one.close()

    def seen_for(self, seconds):
        """What is on the pages, while something is written and confirmed."""
        identities = set()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.p.execute("SELECT pg_logical_emit_message(true, 'scale', 'x')")
            for one in self.of_slots + self.of_none:
                one.reply()
            time.sleep(0.1)
            page = self.exporter.scrape()
            identities |= page.identities()
        return page, identities

    def test_series_are_as_many_after_many_reconnects(self):
        self.reconnect()
        page, known = self.seen_for(8)
        kinds = {kind: sum(page.series("pgrepl_senders", kind=kind).values())
                 for kind in ("standby", "receivewal", "logical")}
        self.assertEqual(kinds, {"standby": 24, "receivewal": 4, "logical": LOGICAL})
        self.assertEqual(sum(page.series("pgrepl_slots").values()), SLOTS)
        self.assertEqual(len(page.series("pgrepl_slot_active")), SLOTS)
        self.assertEqual(len(page.series("pgrepl_sender_info")), 24)
        self.assertEqual(promtool.check_metrics(page.text), [])
        for _ in range(RECONNECTS):
            self.reconnect()
            page, seen = self.seen_for(1)
            self.assertEqual(seen - known, set())
        self.assertEqual(len(page.series("pgrepl_sender_info")), 24)
        self.assertEqual(promtool.check_metrics(page.text), [])


if __name__ == "__main__":
    unittest.main()
