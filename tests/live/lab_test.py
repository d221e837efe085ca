# SPDX-License-Identifier: Apache-2.0
"""The lab itself, without the exporter: its faults are real, its truth is true, nothing is left."""

import os
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
from contextlib import suppress
from pathlib import Path

from tests.lab.cluster import Cluster, Standby
from tests.lab.load import Load
from tests.lab.ports import Ports
from tests.lab.relay import Relay
from tests.lab.session import QueryFailed
from tests.lab.truth import Truth
from tests.lab.waiting import TookTooLong, wait_until
from tests.lab.warden import processes, working_directory
from tests.lab.workspace import REPOSITORY, Workspace

FAULT_SECONDS = 3


class FaultTest(unittest.TestCase):
    """The usual topology under a light load, and what each fault does to the true lag."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(cls.enterClassContext(Workspace()))
        cls.enterClassContext(Load(cls.cluster.p))
        cls.truth = cls.enterClassContext(Truth(cls.cluster.p, cls.cluster.standbys))

    def setUp(self):
        for standby in self.cluster.standbys:
            wait_until(lambda: self.lag_is_small(standby), f"{standby.name} caught up", seconds=30)

    def lag_is_small(self, standby):
        lag = self.truth.lag(standby)
        return lag is not None and lag < 0.5

    def assert_only_lagging(self, before, *names):
        """Since a fault, begun after `before`, these lag for as long as it is held; others don't.

        A busy machine may take a second to inject it, and another to replay.
        """
        now = time.monotonic()
        for standby in self.cluster.standbys:
            lag, stall = self.truth.lag(standby, now), self.truth.stall(standby, now)
            if standby.name in names:
                self.assertGreater(lag, FAULT_SECONDS - 1.5 - stall, standby.name)
                self.assertLess(lag, now - before + 0.5 + stall, standby.name)
            else:
                self.assertLess(lag, 1.5 + stall, standby.name)

    def test_everyone_streams_from_the_planned_upstream(self):
        cluster = self.cluster
        receivers = {one.name: int(one.value("SELECT sender_port FROM pg_stat_wal_receiver"))
                     for one in cluster.standbys}
        self.assertEqual(
            receivers, {"s1": cluster.p.port, "s2": cluster.p.port, "s3": cluster.s2.port})
        slots = cluster.p.rows("SELECT slot_name, active FROM pg_replication_slots")
        self.assertEqual(slots, [["s1", "t"]])

    def test_replay_paused(self):
        before = time.monotonic()
        with self.cluster.s1.replay_paused():
            time.sleep(FAULT_SECONDS)
            self.assert_only_lagging(before, "s1")

    def test_receiver_cut_reaches_the_cascade(self):
        before = time.monotonic()
        with self.cluster.s2.receiver_cut():
            time.sleep(FAULT_SECONDS)
            self.assert_only_lagging(before, "s2", "s3")

    def test_receiver_frozen(self):
        before = time.monotonic()
        with self.cluster.s1.frozen("walreceiver"):
            time.sleep(FAULT_SECONDS)
            self.assertTrue(self.cluster.s1.is_streaming(), "frozen, both sides say streaming")
            self.assert_only_lagging(before, "s1")

    def test_server_frozen(self):
        before = time.monotonic()
        with self.cluster.s3.frozen():
            time.sleep(FAULT_SECONDS)
            with self.assertRaises(TookTooLong):
                self.cluster.s3.value("SELECT 1", seconds=0.5)
            self.assert_only_lagging(before, "s3")

    def test_server_stopped_and_crashed(self):
        for mode in ("fast", "immediate"):
            with self.subTest(mode), self.cluster.s1.stopped(mode):
                self.assertFalse(self.cluster.s1.is_up())
            self.assertTrue(self.cluster.s1.is_up())


class IdleTest(unittest.TestCase):
    """What bytes alone would get wrong."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(cls.enterClassContext(Workspace()), plan=[Standby("s1")])
        cls.truth = cls.enterClassContext(Truth(cls.cluster.p, cls.cluster.standbys))

    def test_wal_without_a_transaction_makes_nobody_stale(self):
        p, s1 = self.cluster.p, self.cluster.s1
        p.execute("CREATE TABLE filled AS SELECT 1")
        self.cluster.wait_caught_up()
        with s1.receiver_cut():
            p.execute("CHECKPOINT")
            time.sleep(1)
            self.assertGreater(
                p.value("SELECT pg_current_wal_flush_lsn()"),
                s1.value("SELECT pg_last_wal_replay_lsn()"))
            self.assertEqual(self.truth.lag(s1), 0)
            p.execute("INSERT INTO filled VALUES (2)")
            time.sleep(1)
            self.assertAlmostEqual(self.truth.lag(s1), 1, delta=0.3)

    def test_an_error_in_sql_is_told_apart_from_a_lost_server(self):
        with self.assertRaisesRegex(QueryFailed, "division by zero"):
            self.cluster.p.value("SELECT 1 / 0")
        self.assertEqual(self.cluster.p.value("SELECT 1"), "1")


class WorkspaceTest(unittest.TestCase):
    """Nothing survives, whatever ends the owner."""

    OWNER = textwrap.dedent("""
        import signal, time
        from tests.lab.cluster import Cluster
        from tests.lab.workspace import Workspace
        # A shell that runs us in the background has it ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with Workspace() as workspace:
            cluster = Cluster(workspace, plan=[])
            cluster.p.value("SELECT 1")
            with cluster.p.frozen("checkpointer"):
                print(workspace.folder, flush=True)
                time.sleep(60)
        """)

    def test_a_killed_owner_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number.name):
                folder = self.run_and_kill_owner(number)
                wait_until(lambda: not folder.exists(), f"{folder} is removed", seconds=60)
                self.assertEqual(pids_in(folder), [])

    def run_and_kill_owner(self, number):
        with tempfile.TemporaryFile() as errors, subprocess.Popen(
                [sys.executable, "-c", self.OWNER], cwd=REPOSITORY, stdout=subprocess.PIPE,
                stderr=errors) as owner:
            said = owner.stdout.readline().decode().strip()
            # Nothing: it failed before there was anything to kill.
            self.assertTrue(said, errors.seek(0) or errors.read().decode())
            folder = Path(said)
            self.assertNotEqual(pids_in(folder), [])
            os.kill(owner.pid, number)
        return folder


def pids_in(folder):
    return [pid for pid in processes()
            if (directory := working_directory(pid)) and Path(directory).is_relative_to(folder)]


class StallsTest(unittest.TestCase):
    """A stall is forgiven where it was, and nowhere else."""

    def test_a_frozen_process_knows_when_it_stood_still(self):
        script = ("import time\nfrom tests.lab.stall import Stalls\nwith Stalls() as stalls:\n"
                  " time.sleep(1); print(flush=True); time.sleep(3); now = time.monotonic()\n"
                  " print(stalls.around(now - 2.6), stalls.around(now), stalls.around(now + 3))")
        with subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, text=True,
                              stdout=subprocess.PIPE) as clock:
            clock.stdout.readline()
            time.sleep(0.3)  # It goes to sleep meanwhile.
            os.kill(clock.pid, signal.SIGSTOP)
            time.sleep(2)
            os.kill(clock.pid, signal.SIGCONT)
            during, shortly_after, later = map(float, clock.stdout.readline().split())
        self.assertAlmostEqual(during, 2, delta=0.5)
        self.assertAlmostEqual(shortly_after, 2, delta=0.5)
        self.assertLess(later, 0.5)


class RelayTest(unittest.TestCase):
    """In front of something that answers with what it was told."""

    def setUp(self):
        ports = Ports()
        self.addCleanup(ports.release)
        echo = socketserver.ThreadingTCPServer(("127.0.0.1", ports.take()), Echo)
        self.addCleanup(echo.server_close)
        self.addCleanup(echo.shutdown)
        threading.Thread(target=echo.serve_forever, daemon=True).start()
        self.relay = self.enterContext(Relay(ports.take(), echo.server_address[1]))
        self.client = self.connect()

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.relay.port), timeout=5)
        self.addCleanup(client.close)
        return client

    def say(self, words):
        self.client.sendall(words)
        return self.client.recv(len(words))

    def test_passes(self):
        self.assertEqual(self.say(b"hello"), b"hello")

    def test_stalled_nothing_passes_and_then_nothing_is_lost(self):
        self.assertEqual(self.say(b"hello"), b"hello")
        with self.relay.stalled():
            self.client.settimeout(0.3)
            with self.assertRaises(TimeoutError):
                self.say(b"again")
        self.client.settimeout(5)
        self.assertEqual(self.client.recv(5), b"again")

    def test_cut_connections_end(self):
        self.assertEqual(self.say(b"hello"), b"hello")
        with self.relay.cut():
            self.assertEqual(self.client.recv(1), b"")
            self.client = self.connect()
            with suppress(ConnectionError):
                self.assertEqual(self.say(b"again"), b"")
        self.client = self.connect()
        self.assertEqual(self.say(b"again"), b"again")

    def test_throttled(self):
        begin = time.monotonic()
        with self.relay.throttled(100_000):
            self.client.sendall(bytes(50_000))
            left = 50_000
            while left:
                left -= len(self.client.recv(left))
        self.assertAlmostEqual(time.monotonic() - begin, 0.5, delta=0.3)


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        with suppress(ConnectionError):
            while words := self.request.recv(4096):
                self.request.sendall(words)


class PortsTest(unittest.TestCase):
    def test_two_claims_never_meet(self):
        first, second = Ports(), Ports()
        port = first.take()
        self.assertLess(port, 32768)
        self.assertNotEqual(second.take(preferred=port), port)
        first.release()
        self.assertEqual(second.take(preferred=port), port)
        second.release()


if __name__ == "__main__":
    unittest.main()
