# SPDX-License-Identifier: Apache-2.0
"""What a failover would cost and who should take over, on real servers: s1 is synchronous, s3 is on s2."""

import os
import threading
import time
import unittest
from contextlib import suppress
from pathlib import Path

from tests.lab.cluster import Cluster
from tests.lab.exporter import Exporter
from tests.lab.load import Load
from tests.lab.session import Disconnected, QueryFailed
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
# What is read a moment later may be more: a checkpoint, a running-xacts record.
SOME_WAL = 64 * 1024


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class OutlookTest(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace, settings={"autovacuum": "off"})
        cls.p = cls.cluster.p
        # A name that only quotes make what it is, and one that nobody has.
        cls.p.set(synchronous_standby_names='FIRST 1 (s1, "S 4")')
        cls.exporter = Exporter(cls.workspace, Path(BINARY).resolve(),
                                cls.cluster.exporter_config() |
                                {"timing": {"slow_interval": "10s"}})
        cls.wait(lambda page: page.value("pgrepl_sync_present", server="p") == 1, "s1 is synchronous")

    @classmethod
    def wait(cls, condition, what, seconds=15):
        return cls.exporter.wait_for(condition, what, seconds)

    def candidacies(self, page):
        return {name: page.state("pgrepl_failover_candidate", "reason", server=name)
                for name in self.cluster.servers}

    def wait_candidacies(self, **wanted):
        wanted = {"p": None} | wanted
        self.wait(lambda page: self.candidacies(page) == wanted, f"candidacies {wanted}")

    def sync(self, page):
        return tuple(page.value(f"pgrepl_{name}", server="p") for name in (
            "sync_required", "sync_present", "sync_candidates", "syncrep_waiters"))

    def test_who_receives_from_whom(self):
        page = self.wait(lambda page: len(page.series("pgrepl_edge")) == 3, "three edges")
        edges = {(dict(pairs)["server"], dict(pairs)["standby"]): value
                 for pairs, value in page.series("pgrepl_edge").items()}
        self.assertEqual(edges, {("p", "s1"): 1, ("p", "s2"): 1, ("s2", "s3"): 1})
        with self.cluster.s2.receiver_cut():
            self.wait(lambda page: page.value("pgrepl_edge", server="p", standby="s2") == 0,
                      "the edge to s2 is 0")
        self.wait(lambda page: page.value("pgrepl_edge", server="p", standby="s2") == 1, "1 again")

    def test_the_synchronous_standby_leads_and_one_of_the_primary_is_next(self):
        self.wait_candidacies(s1="best", s2="behind", s3="behind")
        with self.cluster.s1.replay_paused():
            self.wait_candidacies(s1="paused", s2="best", s3="behind")
        with self.cluster.s1.stopped():
            self.wait_candidacies(s1="down", s2="best", s3="behind")
        self.wait_candidacies(s1="best", s2="behind", s3="behind")

    def test_commits_that_wait_for_a_standby(self):
        self.assertEqual(self.sync(self.exporter.scrape()), (1, 1, 1, 0))
        with self.cluster.s1.receiver_cut():
            with _Commit(self.p):
                began = time.monotonic()
                self.wait(lambda page: self.sync(page) == (1, 0, 0, 1), "a commit waits")
                time.sleep(3)
                waited = self.exporter.scrape().value("pgrepl_syncrep_oldest_wait_seconds",
                                                      server="p")
                self.assertAlmostEqual(waited, time.monotonic() - began, delta=1.5)
            # The first of these lets the commit go.
            for names, wanted in (("s2", (1, 1, 1, 0)), ("*", (1, 1, 1, 0)),
                                  ("ANY 2 (s1, s2, nobody)", (2, 1, 1, 0)), ("", (0, 0, 0, 0))):
                self.p.set(synchronous_standby_names=names)
                with self.subTest(names):
                    self.wait(lambda page: self.sync(page) == wanted, f"{names}: {wanted}")
        self.p.set(synchronous_standby_names='FIRST 1 (s1, "S 4")')
        self.wait(lambda page: self.sync(page) == (1, 1, 1, 0), "s1 is synchronous again")

    def test_what_would_be_lost(self):
        self.p.set(synchronous_standby_names="")
        self.wait(lambda page: page.value("pgrepl_rpo_bytes", scope="standby") == 0, "nothing")
        with self.cluster.s1.receiver_cut(), self.cluster.s2.receiver_cut():
            with Load(self.p, size=20_000):
                began = time.monotonic()
                time.sleep(6)
            time.sleep(1.5)  # a pulse, and half of one
            page = self.exporter.scrape()
            end = _bytes(self.p.value("SELECT pg_current_wal_flush_lsn()"))
            lost = end - max(_bytes(standby.value(
                "SELECT greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())"))
                for standby in self.cluster.standbys)
            for scope in ("standby", "any"):
                self.assertEqual(page.value("pgrepl_rpo_known", scope=scope), 1)
                self.assertAlmostEqual(page.value("pgrepl_rpo_bytes", scope=scope), lost,
                                       delta=SOME_WAL)
                self.assertAlmostEqual(page.value("pgrepl_rpo_seconds", scope=scope),
                                       time.monotonic() - began, delta=2)
            self.assertGreater(lost, SOME_WAL)
        self.wait(lambda page: page.value("pgrepl_rpo_bytes", scope="standby") == 0, "nothing again")
        self.p.set(synchronous_standby_names='FIRST 1 (s1, "S 4")')

    def test_clocks_and_margins(self):
        for name in self.cluster.servers:
            page = self.wait(lambda page: page.series("pgrepl_clock_skew_seconds", server=name),
                             "its clock")
            self.assertAlmostEqual(page.value("pgrepl_clock_skew_seconds", server=name), 0, delta=0.5)
        for standby in self.cluster.standbys:
            page = self.wait(lambda page: page.series("pgrepl_standby_wal_margin_bytes",
                                                      server=standby.name), "its margin")
            self.assertGreater(page.value("pgrepl_standby_wal_margin_bytes", server=standby.name), 0)


class _Commit:
    """A transaction whose commit waits for a standby, for as long as the block lasts."""

    def __init__(self, primary):
        self._session = primary.open_session()
        self._thread = threading.Thread(target=self._commit, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._session.close()
        self._thread.join()

    def _commit(self):
        with suppress(Disconnected, QueryFailed):
            self._session.rows("SELECT pg_logical_emit_message(true, 'lab', 'x')", 60)


def _bytes(lsn):
    high, low = lsn.split("/")
    return int(high, 16) << 32 | int(low, 16)


if __name__ == "__main__":
    unittest.main()
