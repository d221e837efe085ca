# SPDX-License-Identifier: Apache-2.0
"""Servers that lie: whatever comes in a row, the exporter goes on, says nothing absurd, and stays small."""

import os
import re
import unittest
from pathlib import Path

from tests.lab import sanitizer
from tests.lab.cluster import Cluster, Standby
from tests.lab.exporter import Exporter
from tests.lab.liar import Liar
from tests.lab.load import Load
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
MEGABYTE = b"x" * 1_000_000
LSN = re.compile(rb"[0-9A-F]{1,8}/[0-9A-F]{1,8}")


def each(value, wrong):
    """A lie that changes every value which isn't the role (a row of one boolean)."""
    def lie(columns, values):
        if len(columns) == 1 and values[0] in (b"t", b"f"):
            return values
        return [wrong if value(one) else one for one in values]
    return lie


LIES = {
    "nulls": each(lambda one: True, None),
    "empty": each(lambda one: True, b""),
    "negative": each(lambda one: one is not None and re.fullmatch(rb"-?[0-9.]+", one), b"-1e308"),
    "infinite": each(lambda one: one is not None and re.fullmatch(rb"-?[0-9.]+", one), b"Infinity"),
    "no_numbers": each(lambda one: one is not None and re.fullmatch(rb"-?[0-9.]+", one), b"NaN"),
    "large": each(lambda one: one is not None and re.fullmatch(rb"-?[0-9]+", one), b"9" * 30),
    "lsn_zero": each(lambda one: one is not None and LSN.fullmatch(one), b"0/0"),
    "lsn_last": each(lambda one: one is not None and LSN.fullmatch(one), b"FFFFFFFF/FFFFFFFF"),
    "no_lsn": each(lambda one: one is not None and LSN.fullmatch(one), b"x/y"),
    "megabyte": each(lambda one: one is not None and not re.fullmatch(rb"-?[0-9.]+|[tf]", one), MEGABYTE),
    "no_utf8": each(lambda one: one is not None and not re.fullmatch(rb"-?[0-9.]+|[tf]", one), b"\xff\xfe\x00\"\n{}"),
    "no_role": lambda columns, values: [b"maybe" if one in (b"t", b"f") else one for one in values],
}


class LiesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not BINARY:
            raise unittest.SkipTest("PGREPL_EXPORTER names no exporter to test")
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace, plan=[Standby("s1", slot=True)])
        cls.enterClassContext(Load(cls.cluster.p))

    def config(self, liars):
        """For each lie a cluster of two that tell it, and one cluster that tells the truth."""
        def server(name, port):
            return {"name": name, "password_file": str(self.cluster.monitor_password_file),
                    "conninfo": f"host=127.0.0.1 port={port} user=pgrepl_monitor dbname=postgres sslmode=disable"}
        honest = self.cluster.exporter_config(cluster="honest")["clusters"]
        return {"timing": {"interval": "1s"}, "clusters": honest + [
            {"name": name, "servers": [server("p", p), server("s1", s1)]}
            for name, (p, s1) in liars.items()]}

    def test_lies(self):
        ports, at = self.workspace.ports, {}
        for name, lie in LIES.items():
            at[name] = ports.take(), ports.take()
            for port, server in zip(at[name], (self.cluster.p, self.cluster.s1)):
                self.enterContext(Liar(port, server.port, lie))
        exporter = Exporter(self.workspace, Path(BINARY).resolve(), self.config(at), name="liars")
        # All collectors have run some times.
        page = exporter.wait_for(lambda page: page.value(
            "pgrepl_collector_success", pg_cluster="honest", server="p", collector="slots") == 1, "the honest")
        seen = 0
        def some_more(page):
            nonlocal seen
            seen += 1
            return seen > 15
        page = exporter.wait_for(some_more, "pages through it all", 60)
        with self.subTest("the honest cluster is as it was"):
            for server in ("p", "s1"):
                self.assertEqual(page.value("pgrepl_up", pg_cluster="honest", server=server), 1)
            self.assertLess(page.value("pgrepl_lag_seconds", pg_cluster="honest", server="s1"), 3)
        with self.subTest("bounds"):
            if not sanitizer.IS_ON:
                self.assertLess(page.value("process_resident_memory_bytes"), 80e6)
            self.assertLess(len(page.text), 2_000_000)
            self.assertLess(max(map(len, page.text.splitlines())), 2_000)
        with self.subTest("no value is absurd"):
            for name in LIES:
                for labels, value in page.series("pgrepl_lag_seconds", pg_cluster=name).items():
                    self.assertGreaterEqual(value, 0, (name, labels))
                    self.assertLess(value, 300, (name, labels))
        with self.subTest("what promtool takes is text"):
            page.text.encode("utf-8")
            self.assertEqual(page.value("pgrepl_up", pg_cluster="no_role", server="p"), 0)
        self.assertIsNone(exporter.exit_code)
        exporter.stop()


if __name__ == "__main__":
    unittest.main()
