# SPDX-License-Identifier: Apache-2.0
"""The sub-commands topology and explain, and their routes, on real servers.

    export PGREPL_EXPORTER=build/dev/exporter/pg_replication_exporter
    python3 -m unittest tests.live.explain_test
"""

import json
import os
import re
import subprocess
import time
import unittest
import urllib.error
from pathlib import Path

from tests.lab.cluster import Cluster
from tests.lab.exporter import Exporter
from tests.lab.load import Load
from tests.lab.stranger import Stranger
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")

LAGS = r"\d+(\.\d)? s"


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class ExplainTest(unittest.TestCase):
    """s1 is paused, s2 is cut, s3 is on s2; all of it holds during all tests."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace)
        cls.exporter = Exporter(cls.workspace, Path(BINARY).resolve(),
                                cls.cluster.exporter_config())
        cls.enterClassContext(Load(cls.cluster.p))
        cls.exporter.wait_for(
            lambda page: all(page.value("pgrepl_caught_up_once", server=standby.name) == 1
                             for standby in cls.cluster.standbys), "all were caught up once")
        cls.enterClassContext(cls.cluster.s1.replay_paused())
        cls.enterClassContext(cls.cluster.s2.receiver_cut())
        for server, cause in (("s1", "replay_paused"), ("s2", "receiver_down"),
                              ("s3", "upstream_lagging")):
            cls.exporter.wait_for(
                lambda page: page.state("pgrepl_lag_cause", "cause", server=server) == cause,
                f"{server}: {cause}")

    def run_binary(self, *words, seconds=20):
        return subprocess.run([Path(BINARY).resolve(), *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=seconds,
                              env=self.workspace.environment, check=False)

    def printed(self, *words):
        done = self.run_binary(*words)
        self.assertEqual((done.stderr, done.returncode), ("", 0), done.stdout)
        return done.stdout

    def asked(self, *words):
        return self.printed(*words, f"--exporter={self.exporter.url}")

    def refused(self, *words):
        done = self.run_binary(*words)
        self.assertEqual((done.stdout, done.returncode), ("", 1))
        return done.stderr

    def test_topology_of_the_exporter_that_runs(self):
        text = self.asked("topology")
        for line in (r"p +primary  up",
                     rf"\|- s1 +standby  up +streaming +async +{LAGS} +replay_paused",
                     rf"`- s2 +standby  up +not connected +{LAGS} +receiver_down",
                     rf"   `- s3 +standby  up +streaming +async +{LAGS} +upstream_lagging",
                     r"Lost if the primary died now: .*",
                     r"A failover should choose: s[23] \(has most WAL\); not s1 \(paused\)"):
            self.assertRegex(text, rf"(?m)^  {line}$")

    def test_topology_for_programs(self):
        (cluster,) = json.loads(self.asked("topology", "--format=json"))["clusters"]
        servers = {server["name"]: server for server in cluster["servers"]}
        self.assertEqual({name: server["upstream"] for name, server in servers.items()},
                         {"p": None, "s1": "p", "s2": "p", "s3": "s2"})
        self.assertEqual(servers["s2"]["lag"]["cause"], "receiver_down")
        self.assertFalse(servers["s2"]["connected"])
        self.assertRegex(self.asked("topology", "--format=dot"), r'"main/s2" -> "main/s3" \[')

    def test_explain_a_paused_standby(self):
        text = self.asked("explain", "s1")
        self.assertRegex(text, rf"^s1 of main: lag {LAGS}, replay_paused\n")
        for line in (r"     SELECT pg_wal_replay_resume\(\);", r"  replay     paused",
                     r"  slot       s1, wal_status reserved",
                     r"  received   [0-9A-F]+/[0-9A-F]+, .* to replay",
                     r"  link       streaming from p, async, sender's pid \d+( \(waits: \w+\))?"):
            self.assertRegex(text, rf"(?m)^{line}$")
        self.assertEqual(self.replayed(text), self.cluster.s1.value(
            "SELECT pg_last_wal_replay_lsn()"))

    def test_explain_a_standby_that_is_cut(self):
        text = self.asked("explain", "s2", "--cluster=main")
        self.assertRegex(text, rf"^s2 of main: lag {LAGS}, receiver_down\n")
        self.assertIn("\n  link       not connected; last from p\n", text)
        text = self.asked("explain", "s3")
        self.assertIn("pg_replication_exporter explain s2\n", text)
        self.assertRegex(text, rf"\n  upstream   s2 itself lacks the WAL of the last {LAGS}\n")

    def replayed(self, text):
        return re.search(r"(?m)^  replayed   (\S+),", text)[1]

    def test_without_an_exporter(self):
        config_file = self.workspace.folder / "without.yaml"
        config_file.write_text(json.dumps(self.cluster.exporter_config("p", "s1", "s2")))
        config = f"--config.file={config_file}"
        text = self.printed("topology", config, "--watch=2s")
        for line in (rf"`- s1 +standby  up +streaming +async +at least {LAGS} +replay_paused",
                     r"s2: it was not seen connected to any server",
                     r"Their place is not known:"):
            self.assertRegex(text, rf"(?m)^  {line}$")
        self.assertTrue(text.endswith("Watched for 2 s: a lag that began earlier is a bound.\n"))
        text = self.printed("explain", "s1", config, "--watch=2s")
        self.assertRegex(text, rf"^s1 of main: lag at least {LAGS}, replay_paused\n")
        self.assertIn("(a bound: it was not seen caught up since watching began)",
                      " ".join(text.split()))

    def test_routes_say_what_is_known(self):
        for path, status, line in (
                ("/topology?format=xml", 400, "unknown format 'xml'; known: text, json, dot"),
                ("/topology?x=1", 400, "unknown parameter 'x'; known: format, cluster"),
                ("/explain", 400, "which server? /explain?server=NAME"),
                ("/explain?server=s9", 404,
                 "unknown server 's9'; known: p, s1, s2, s3 (cluster main)")):
            with self.assertRaises(urllib.error.HTTPError) as refusal:
                self.exporter.get(path)
            with refusal.exception as answer:
                self.assertEqual((answer.code, answer.read().decode()), (status, line + "\n"))

    def test_errors_name_the_url_and_the_remedy(self):
        url = f"http://127.0.0.1:{self.workspace.ports.take()}"
        error = self.refused("topology", f"--exporter={url}")
        self.assertEqual(error.splitlines()[0], "pg_replication_exporter: no exporter answers at "
                                                f"{url}/topology?format=text: cannot connect: "
                                                "Connection refused")
        self.assertIn("--config.file=FILE", error)
        error = self.refused("explain", "s9", f"--exporter={self.exporter.url}")
        self.assertIn("unknown server 's9'; known: p, s1, s2, s3", error)
        with Stranger(self.workspace.ports.take(), b"SSH-2.0-x\r\n") as stranger:
            self.assertIn("is not HTTP", self.refused(
                "topology", f"--exporter=http://127.0.0.1:{stranger.port}"))

    def test_an_exporter_that_hangs(self):
        with self.exporter.frozen():
            begin = time.monotonic()
            error = self.refused("explain", "s1", f"--exporter={self.exporter.url}")
            self.assertLess(time.monotonic() - begin, 8)
        self.assertIn("no whole answer within its deadline", error)
        wait_until(lambda: self.exporter.get("/-/healthy"), "it goes on")


if __name__ == "__main__":
    unittest.main()
