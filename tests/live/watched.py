# SPDX-License-Identifier: Apache-2.0
"""One of five servers suffers, and the others mustn't: what a test of a fault holds while it lasts and afterwards."""

import os
import threading
import time
import unittest
from contextlib import contextmanager
from pathlib import Path

from tests.lab import sanitizer
from tests.lab.clients import backends
from tests.lab.cluster import Cluster, Standby
from tests.lab.exporter import Exporter
from tests.lab.relay import Relay
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
VICTIM = "s4"
PLAN = tuple(Standby(name) for name in ("s1", "s2", "s3", VICTIM))
# Of a page, while it lasts; and without news of a server that is well. A busy machine's stalls are in them.
PAGE_SECONDS, NEWS_SECONDS = 1.0, 4.0
RECOVERY_SECONDS = 20
GROWTH_MB = 5

# What takes long is left to `make soak`.
patient = unittest.skipUnless(os.environ.get("PGREPL_PATIENT"), "PGREPL_PATIENT isn't set")


class Others:
    """Scrapes while its `with` block lasts; of the servers that are well it keeps the worst."""

    def __init__(self, exporter, servers):
        self.exporter, self.servers, self.page_seconds = exporter, servers, PAGE_SECONDS
        self.down, self.failures, self.slowest = set(), [], 0.0
        self.silence = dict.fromkeys(servers, 0.0)
        self._heard = {name: (None, time.monotonic()) for name in servers}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _look(self):
        while not self._end.wait(0.1):
            try:
                page = self.exporter.scrape(seconds=10)
            except OSError as failed:
                self.failures.append(str(failed))
                continue
            self.slowest = max(self.slowest, page.seconds)
            for name in self.servers:
                self._hear(name, page)

    def _hear(self, name, page):
        if page.value("pgrepl_up", server=name) != 1:
            self.down.add(name)
        now = time.monotonic()
        news = page.value("pgrepl_collector_last_success_timestamp_seconds", server=name, collector="lag")
        if news != self._heard[name][0]:
            self._heard[name] = news, now
        self.silence[name] = max(self.silence[name], now - self._heard[name][1])


class FaultCase(unittest.TestCase):
    """A cluster of five for all tests of a class, `victim` behind a relay; each test has an exporter of its own."""

    @classmethod
    def setUpClass(cls):
        if not BINARY:
            raise unittest.SkipTest("PGREPL_EXPORTER names no exporter to test")
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace, plan=PLAN, settings={"max_connections": 25})
        cls.victim = cls.cluster.servers[VICTIM]
        cls.relay = cls.enterClassContext(Relay(cls.workspace.ports.take(), cls.victim.port))

    def config(self):
        config = self.cluster.exporter_config()
        for server in config["clusters"][0]["servers"]:
            if server["name"] == VICTIM:
                server["conninfo"] = server["conninfo"].replace(str(self.victim.port), str(self.relay.port))
        return config

    def start(self, config=None, wrapped=None):
        """All are up then. `wrapped`: shell words before `exec BINARY "$@"`, and such as follow it."""
        binary = Path(BINARY).resolve()
        if wrapped:
            before, after = wrapped
            script = self.workspace.folder / f"{self._testMethodName}.sh"
            script.write_text(f'#!/bin/sh\n{before}\nexec {binary} "$@" {after}\n')
            script.chmod(0o755)
            binary = script
        exporter = Exporter(self.workspace, binary, config or self.config(), name=self._testMethodName)
        self.addCleanup(exporter.stop)
        self.all_up(exporter)
        return exporter

    def all_up(self, exporter, seconds=RECOVERY_SECONDS):
        return exporter.wait_for(lambda page: all(
            page.value("pgrepl_up", server=name) == 1 for name in self.cluster.servers), "all are up", seconds)

    def down(self, exporter, *reasons, seconds=15):
        return exporter.wait_for(
            lambda page: page.state("pgrepl_up_reason", "reason", server=VICTIM) in reasons,
            f"{VICTIM} is down: {reasons}", seconds)

    @staticmethod
    def has(exporter):
        """Descriptors and megabytes."""
        page = exporter.scrape()
        return page.value("process_open_fds"), page.value("process_resident_memory_bytes") / 2**20

    @contextmanager
    def suffering(self, exporter, *unharmed):
        """While the block lasts others are unharmed and pages come; after it all recover, and nothing is left over."""
        descriptors, megabytes = self.has(exporter)
        with Others(exporter, unharmed or [name for name in self.cluster.servers if name != VICTIM]) as others:
            yield others
        self.assertEqual(others.failures, [])
        self.assertEqual(others.down, set())
        self.assertLess(others.slowest, others.page_seconds)
        self.assertLess(max(others.silence.values()), NEWS_SECONDS, others.silence)
        begin = time.monotonic()
        self.all_up(exporter)
        print(f"slowest page {others.slowest:.2f} s, longest without news {max(others.silence.values()):.1f} s, "
              f"recovered within {time.monotonic() - begin:.1f} s")
        for name, server in self.cluster.servers.items():
            wait_until(lambda one=server: backends(one) == 1, f"one connection to {name}", 5)
        wait_until(lambda: self.has(exporter)[0] <= descriptors + 1, "descriptors are as before", 10)
        if not sanitizer.IS_ON:
            self.assertLess(self.has(exporter)[1], megabytes + GROWTH_MB)
