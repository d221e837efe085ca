# SPDX-License-Identifier: Apache-2.0
"""Faults of one of five servers, and of the way to it."""

import signal
import time
import unittest
from contextlib import ExitStack

from tests.lab import packets
from tests.lab.clients import backends
from tests.lab.process import send
from tests.lab.session import Disconnected, QueryFailed
from tests.lab.waiting import wait_until
from tests.live.watched import FaultCase, patient

OURS = "application_name = 'pg_replication_exporter'"


class FaultsTest(FaultCase):
    def test_server_is_frozen(self):
        exporter = self.start()
        with self.suffering(exporter), self.victim.frozen():
            self.down(exporter, "timeout")

    def test_network_stands_still(self):
        exporter = self.start()
        with self.suffering(exporter), self.relay.stalled():
            self.down(exporter, "timeout")

    def test_packets_are_lost(self):
        """Some, so that the kernel sends again and again; then all, also of what opens a connection."""
        if not packets.can_be_lost():
            self.skipTest("nft doesn't let us lose packets here")
        exporter = self.start()
        with self.suffering(exporter):
            with packets.lost(self.relay.port, 30):
                time.sleep(10)
            with packets.lost(self.relay.port, 100):
                self.down(exporter, "timeout")
                time.sleep(5)
            # The end of the old connection was lost as well: the kernel sends it again, more and more rarely.
            wait_until(lambda: backends(self.victim) == 1, "the server knows of the old one's end", 60)

    @patient
    def test_server_drips(self):
        """Twenty bytes a second: a pulse takes minutes, and so does a login."""
        exporter = self.start()
        with self.suffering(exporter), self.relay.throttled(20):
            self.down(exporter, "timeout")
            with self.relay.cut():
                time.sleep(0.1)
            time.sleep(5)
            self.down(exporter, "timeout")

    def test_storm_of_restarts(self):
        exporter = self.start()
        with self.suffering(exporter):
            for number in range(6):
                self.victim.restart(("fast", "immediate")[number % 2])

    def test_sessions_are_terminated(self):
        """As by an administrator: it isn't down for that."""
        exporter = self.start()
        wait_until(self.victim.is_up, "the session of the test is there")
        with self.suffering(exporter, *self.cluster.servers):
            for _ in range(5):
                self.victim.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS}")
                time.sleep(1)

    def test_backend_is_killed(self):
        """As by the kernel when memory is short; PostgreSQL then restarts all that it is."""
        exporter = self.start()
        with self.suffering(exporter):
            for _ in range(2):
                wait_until(self.victim.is_up, "it accepts connections")
                pid = self.victim.value(f"SELECT pid FROM pg_stat_activity WHERE {OURS}")
                send([int(pid)], signal.SIGKILL)
                time.sleep(2)
                self.all_up(exporter)

    def test_no_connection_is_left(self):
        exporter = self.start()
        with self.suffering(exporter), ExitStack() as stack:
            sessions = []
            for _ in range(25):
                session = self.victim.open_session()
                stack.callback(session.close)
                try:
                    session.rows("SELECT 1")
                except (Disconnected, QueryFailed):
                    break
                sessions.append(session)
            self.assertGreater(len(sessions), 15)
            sessions[0].rows(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {OURS}")
            self.down(exporter, "too_many_connections")


if __name__ == "__main__":
    unittest.main()
