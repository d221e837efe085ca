# SPDX-License-Identifier: Apache-2.0
"""One connection to each server, whatever happens to it, its network or the exporter's own clients.

What is counted is what the server has of us: its processes and, before it has read who we are, the
connections to its port in the kernel's table. PGREPL_SECONDS: how long the longest situation lasts.
"""

import os
import threading
import time
import unittest
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.lab.clients import Witness, backends, connections
from tests.lab.cluster import Cluster, Standby
from tests.lab.exporter import Exporter
from tests.lab.relay import Relay
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
SECONDS = float(os.environ.get("PGREPL_SECONDS", "10"))
SCRAPERS = 200


@contextmanager
def scrapers(exporter, count):
    """So many clients that scrape without a pause; yields the list of how long each scrape took."""
    end, times, failures = threading.Event(), [], []

    def work():
        while not end.is_set():
            begin = time.monotonic()
            try:
                exporter.get(seconds=10)
            except OSError as failed:
                failures.append(failed)
            times.append(time.monotonic() - begin)
            end.wait(1)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield times, failures
    finally:
        end.set()
        for thread in threads:
            thread.join()


class ConnectionsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not BINARY:
            raise unittest.SkipTest("PGREPL_EXPORTER names no exporter to test")
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace, plan=[Standby("s1", slot=True)])
        cls.relay = cls.enterClassContext(Relay(cls.workspace.ports.take(), cls.cluster.p.port))
        config = cls.cluster.exporter_config("p", "s1")
        p = config["clusters"][0]["servers"][0]
        p["conninfo"] = p["conninfo"].replace(str(cls.cluster.p.port), str(cls.relay.port))
        cls.exporter = Exporter(cls.workspace, Path(BINARY).resolve(), config)

    def setUp(self):
        self.recovered()

    def recovered(self):
        return self.exporter.wait_for(lambda page: all(
            page.value("pgrepl_up", server=name) == 1 for name in ("p", "s1")), "both are up", 40)

    @contextmanager
    def never_two(self):
        """With 200 scrapers, whose answers come in time."""
        p, s1 = self.cluster.p, self.cluster.s1
        with ExitStack() as stack:
            witnesses = {what: stack.enter_context(Witness(count)) for what, count in {
                "backends of p": lambda: backends(p), "backends of s1": lambda: backends(s1),
                "connections to p": lambda: connections(self.relay.port),
                "connections to s1": lambda: connections(s1.port)}.items()}
            times, failures = stack.enter_context(scrapers(self.exporter, SCRAPERS))
            yield witnesses
        print({what: witness.most for what, witness in witnesses.items()}, f"{len(times)} scrapes")
        for what, witness in witnesses.items():
            self.assertGreater(witness.looks, 3, what)
            self.assertLessEqual(witness.most, 1, what)
        self.assertEqual(failures, [])
        self.assertGreater(len(times), SCRAPERS)
        self.recovered()

    def test_a_catalog_is_locked(self):
        """That every statement or every login reads."""
        for catalog, seconds in (("pg_authid", SECONDS), ("pg_proc", SECONDS / 2), ("pg_database", SECONDS / 2)):
            with self.subTest(catalog):
                locker = self.cluster.p.open_session()
                self.addCleanup(locker.close)
                with self.never_two():
                    locker.rows(f"BEGIN; LOCK TABLE {catalog} IN ACCESS EXCLUSIVE MODE", 5)
                    time.sleep(seconds / 4)
                    self.cut_connection()
                    time.sleep(seconds * 3 / 4)
                    locker.close()

    def cut_connection(self):
        with self.relay.cut():
            time.sleep(0.1)

    def test_the_server_restarts(self):
        with self.never_two():
            end = time.monotonic() + SECONDS / 2
            while time.monotonic() < end:
                self.cluster.p.restart("immediate")
                self.cluster.s1.restart("fast")
                time.sleep(1)

    def test_the_server_stands_still(self):
        """Its kernel goes on to accept: a login that waits must be the only one."""
        with self.never_two():
            with self.cluster.p.frozen():
                self.cut_connection()
                time.sleep(SECONDS / 2)

    def test_the_network_is_slow(self):
        with self.never_two(), self.relay.throttled(2000):
            self.cut_connection()
            time.sleep(SECONDS / 2)

    def test_the_network_is_silent(self):
        with self.never_two() as witnesses:
            with self.relay.stalled():
                time.sleep(SECONDS / 2)
            wait_until(lambda: witnesses["backends of p"].looks, "it was looked at")


if __name__ == "__main__":
    unittest.main()
