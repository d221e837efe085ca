# SPDX-License-Identifier: Apache-2.0
"""A new configuration while the exporter runs: what is known stays, what is broken is not used."""

import json
import os
import signal
import socket
import time
import unittest
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from unittest import mock

from tests.lab.cluster import Cluster
from tests.lab.exporter import Exporter
from tests.lab.load import Load
from tests.lab.process import send
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
SUCCESS = "pgrepl_exporter_config_last_reload_successful"


class ReloadTest(unittest.TestCase):
    """Each test begins with the whole cluster watched."""

    @classmethod
    def setUpClass(cls):
        if not BINARY:
            raise unittest.SkipTest("PGREPL_EXPORTER names no exporter to test")
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace)
        cls.enterClassContext(Load(cls.cluster.p))
        cls.exporter = Exporter(
            cls.workspace, Path(BINARY).resolve(), cls.cluster.exporter_config(),
            flags=["--web.enable-lifecycle"])

    def setUp(self):
        self.reload(self.cluster.exporter_config())
        self.exporter.wait_for(lambda page: self.up(page) == {"p", "s1", "s2", "s3"}, "all are up")

    def reload(self, config, loaded=1):
        text = config if isinstance(config, str) else json.dumps(config)
        self.exporter.config_file.write_text(text)
        log = len(self.exporter.log)
        send([self.exporter.pid], signal.SIGHUP)
        wait_until(lambda: "config" in self.exporter.log[log:], "it has read its configuration", 10)
        self.assertEqual(self.exporter.scrape().value(SUCCESS), loaded)

    @staticmethod
    def up(page):
        return {dict(labels)["server"] for labels, value in page.series("pgrepl_up").items() if value}

    def sessions(self):
        return self.cluster.p.value(
            "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity "
            "WHERE application_name = 'pg_replication_exporter'")

    def test_lag_goes_on(self):
        config = self.cluster.exporter_config()
        for server in config["clusters"][0]["servers"]:
            server["max_lag"] = "7s"
        before = self.sessions()
        with self.cluster.s1.replay_paused():
            self.exporter.wait_for(
                lambda page: page.value("pgrepl_lag_seconds", server="s1") > 5, "s1 lags")
            self.reload(config)
            page = self.exporter.scrape()
            self.assertGreater(page.value("pgrepl_lag_seconds", server="s1"), 5)
            self.assertEqual(page.value("pgrepl_lag_threshold_seconds", server="s1"), 7)
            self.assertEqual(self.up(page), {"p", "s1", "s2", "s3"})
            self.assertEqual(self.sessions(), before, "the connection is the same")

    def test_a_server_goes_and_comes(self):
        self.reload(self.cluster.exporter_config("p", "s1", "s2"))
        page = self.exporter.wait_for(lambda page: not page.series("pgrepl_up", server="s3"),
                                      "s3 is off the page")
        self.assertEqual(page.value("pgrepl_expected_standbys"), 2)
        self.reload(self.cluster.exporter_config())
        self.exporter.wait_for(lambda page: "s3" in self.up(page), "s3 is back")

    def test_what_is_broken_is_not_used(self):
        before = self.sessions()
        for broken in ("clusters: [", "clusters: []", "clusters:\n  - nmae: main\n"):
            with self.subTest(broken):
                self.reload(broken, loaded=0)
                self.assertIn(str(self.exporter.config_file) + ":", self.exporter.log)
        time.sleep(2)
        self.assertEqual(self.up(self.exporter.scrape()), {"p", "s1", "s2", "s3"})
        self.assertEqual(self.sessions(), before)

    def test_queries_come_and_go(self):
        query = {"name": "answer", "sql": "SELECT 42 AS app_answer", "interval": "5s",
                 "metrics": [{"name": "app_answer", "help": "Of the test."}]}
        self.reload(self.cluster.exporter_config() | {"queries": [query]})
        self.exporter.wait_for(
            lambda page: len(page.series("app_answer")) == 4, "each server answers the query")
        self.reload(self.cluster.exporter_config())
        self.assertEqual(self.exporter.scrape().series("app_answer"), {})

    def test_over_http(self):
        def post():
            request = urllib.request.Request(self.exporter.url + "/-/reload", method="POST")
            with urllib.request.urlopen(request, timeout=5) as response:
                return response.read().decode()
        self.exporter.config_file.write_text(json.dumps(self.cluster.exporter_config("p")))
        self.assertEqual(post(), "configuration loaded\n")
        self.assertEqual(self.up(self.exporter.scrape()), {"p"})
        self.exporter.config_file.write_text("clusters: [")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            post()
        with refused.exception as answer:
            self.assertEqual(answer.code, 500)
            self.assertIn(f"{self.exporter.config_file}:", answer.read().decode())

    def test_a_flood_of_reloads_under_scrapes(self):
        before = self.sessions()
        for _ in range(200):
            send([self.exporter.pid], signal.SIGHUP)
            self.exporter.scrape(seconds=2)
        page = self.exporter.wait_for(
            lambda page: self.up(page) == {"p", "s1", "s2", "s3"}, "all are up")
        self.assertEqual(self.sessions(), before)
        self.assertEqual(page.value(SUCCESS), 1)

    def test_a_flood_of_reloads_keeps_no_watchdog_from_its_work(self):
        """Each begins a wait anew, of half a second here."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(str(self.workspace.folder / "notify"))
            systemd.settimeout(0.1)
            with mock.patch.dict(self.workspace.environment, NOTIFY_SOCKET=systemd.getsockname(),
                                 WATCHDOG_USEC="1500000"):
                watched = Exporter(self.workspace, Path(BINARY).resolve(), self.cluster.exporter_config(),
                                   name="watched")
            self.addCleanup(watched.stop)
            told = []
            end = time.monotonic() + 4
            while time.monotonic() < end:
                send([watched.pid], signal.SIGHUP)
                with suppress(TimeoutError):
                    while True:
                        told.append(systemd.recv(1024))
        self.assertGreaterEqual(told.count(b"WATCHDOG=1"), 3, told)


if __name__ == "__main__":
    unittest.main()
