# SPDX-License-Identifier: Apache-2.0
"""What a browser shows of the page, and of the API behind it, on real servers through real faults.

Pictures of it go to PGREPL_PICTURES, if that names a folder.
"""

import json
import os
import time
import unittest
from pathlib import Path

from tests.lab.cluster import Cluster
from tests.lab.exporter import Exporter
from tests.lab.failover import passfile, promote
from tests.lab.liar import Liar
from tests.lab.load import Load
from tests.lab.process import run
from tests.lab.waiting import wait_until
from tests.lab.workspace import REPOSITORY, Workspace
from tests.page.browser import Browser, missing

BINARY = os.environ.get("PGREPL_EXPORTER")
PICTURES = os.environ.get("PGREPL_PICTURES")
SCHEMA = REPOSITORY / "docs/clusters.schema.json"

PHONE = {"width": 390, "height": 844}
WALL = {"width": 1920, "height": 1080, "dark": True}
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


class PageTest(unittest.TestCase):
    """One cluster; each test begins in health, but for the last two, which end it."""

    @classmethod
    def setUpClass(cls):
        if not BINARY:
            raise unittest.SkipTest("PGREPL_EXPORTER names no exporter to test")
        if why := missing():
            raise unittest.SkipTest(why)
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace, settings={"autovacuum": "off"})
        cls.enterClassContext(Load(cls.cluster.p))
        cls.exporter = cls.start(cls.cluster.exporter_config())
        cls.browser = cls.enterClassContext(Browser())
        cls.browser.open(cls.exporter.url + "/")

    @classmethod
    def start(cls, config, name="exporter"):
        config["clusters"][0]["servers"] = [
            server | {"max_lag": "5s"} for server in config["clusters"][0]["servers"]]
        return Exporter(cls.workspace, Path(BINARY).resolve(), config, name=name)

    def see(self, condition, what, seconds=25, picture=None, **how):
        """Once the page shows it, which it must without being loaded again."""
        def shown():
            seen = self.browser.see()
            return seen if condition(seen) else None
        wait_until(shown, what, seconds)
        if picture and PICTURES:
            how["picture"] = Path(PICTURES) / f"{picture}.png"
        seen = self.browser.see(check=True, **how)
        self.assertEqual(seen["violations"], [])
        self.assertEqual(seen["errors"], [])
        self.assertEqual(seen["foreign"], [], "it asked another host")
        self.assertLessEqual(seen["overflow"], 0, "it scrolls sideways")
        return seen

    def healthy(self, **how):
        return self.see(lambda seen: "all is well" in seen["summary"], "health", 40, **how)

    def api(self, query=""):
        return json.loads(self.exporter.get("/api/v1/clusters" + query))

    def test_1_healthy(self):
        for how in (PHONE, PHONE | {"dark": True}, WALL, {"width": 320, "height": 600}):
            seen = self.healthy(**how)
            self.assertEqual(seen["concerns"], [])
            self.assertEqual(len(seen["servers"]), 4)
            self.assertEqual(len(seen["nested"]), 3, "each standby hangs on its upstream")
            self.assertIsNone(seen["gone"])
        wait_until(lambda: self.browser.see()["trails"] == 3, "each standby has its trail", 40)
        self.healthy(picture="healthy", **WALL)

    def test_2_replay_paused(self):
        self.healthy()
        with self.cluster.s1.replay_paused():
            seen = self.see(lambda seen: any("replay_paused" in one for one in seen["concerns"]),
                            "why s1 lags", picture="paused", **PHONE)
            self.assertIn("\N{BLACK UP-POINTING TRIANGLE}", seen["title"])
            self.assertEqual(len(seen["concerns"]), 1, "and no other one does")
        self.healthy()

    def test_3_link_cut(self):
        self.healthy()
        with self.cluster.s2.receiver_cut():
            seen = self.see(lambda seen: len(seen["concerns"]) >= 3, "that s2 is cut", 30,
                            picture="cut", **WALL)
            self.assertEqual([name.split()[1] for name in seen["cut"]], ["s2"])
            self.assertTrue(any("upstream_lagging" in one for one in seen["concerns"]))
        self.healthy()

    def test_4_server_down(self):
        self.healthy()
        with self.cluster.s3.stopped():
            seen = self.see(lambda seen: any("down: refused" in one for one in seen["concerns"]),
                            "that s3 is down")
            self.assertTrue(any("Nothing listens there" in one for one in seen["servers"]))
        self.healthy()

    def test_5_a_hostile_name(self):
        s2 = self.cluster.s2  # without a slot, whose name would be its own
        before = s2.value("SHOW primary_conninfo")
        exporter = self.start(self.cluster.exporter_config("p"), "stranger")
        s2.set(primary_conninfo=before.replace("application_name=s2", f"application_name='{HOSTILE}'"))
        try:
            self.browser.open(exporter.url + "/")
            seen = self.see(lambda seen: any(HOSTILE[:20] in one for one in seen["servers"]),
                            "its name, as text", **PHONE)
            self.assertEqual(seen["errors"], [])
        finally:
            s2.set(primary_conninfo=None)
            self.browser.open(self.exporter.url + "/")
            exporter.stop()
        self.healthy()

    def test_5_a_name_of_60_kilobytes(self):
        def lie(_, values):
            return [b"x" * 60_000 if value == b"s2" else value for value in values]
        config = self.cluster.exporter_config("p")
        (server,) = config["clusters"][0]["servers"]
        with Liar(self.workspace.ports.take(), self.cluster.p.port, lie) as liar:
            server["conninfo"] = (f"host=127.0.0.1 port={liar.port} user=pgrepl_monitor "
                                  "dbname=postgres sslmode=disable")
            exporter = self.start(config, "liar")
            self.browser.open(exporter.url + "/")
            self.see(lambda seen: any("xxxx" in one for one in seen["servers"]),
                     "its name, cut short", **PHONE)
            self.assertLess(len(exporter.get("/metrics")), 500_000)
            self.browser.open(self.exporter.url + "/")
            exporter.stop()
        self.healthy()

    def test_6_the_api_has_its_shape(self):
        told = self.api()
        told_one = self.api("?cluster=main")
        for file, text in (("told.json", told), ("one.json", told_one)):
            (self.workspace.folder / file).write_text(json.dumps(text))
            run(["/usr/bin/python3", "-m", "jsonschema", "-i", self.workspace.folder / file, SCHEMA])
        self.assertEqual([cluster["name"] for cluster in told_one["clusters"]], ["main"])
        s3 = next(one for one in told["clusters"][0]["servers"] if one["name"] == "s3")
        self.assertEqual(s3["upstream"], "s2")
        self.assertLess(s3["lag"]["seconds"], 5)
        self.assertLess(abs(told["at"] - time.time()), 5)

    def test_7_split_brain(self):
        passfile(self.cluster.p, self.cluster.s1)
        promote(self.cluster.s1)
        seen = self.see(lambda seen: any("split brain" in one for one in seen["concerns"]),
                        "two primaries", picture="split-brain", **WALL)
        self.assertIn("\N{HEAVY MULTIPLICATION X}", seen["title"])
        self.assertIn("split brain", seen["concerns"][0], "the worst first")

    def test_8_the_exporter_is_gone(self):
        before = self.browser.see()["servers"]
        self.exporter.stop()
        seen = self.see(lambda seen: seen["gone"], "that nobody answers", 20, picture="gone", **PHONE)
        self.assertIn("does not answer since", seen["gone"])
        self.assertIn("no answer", seen["title"])
        self.assertEqual(len(seen["servers"]), len(before), "what was known stays")
        type(self).exporter = Exporter(
            self.workspace, Path(BINARY).resolve(), self.cluster.exporter_config(),
            port=self.exporter.port, name="again")
        self.see(lambda seen: seen["gone"] is None, "that it is back", 20)


if __name__ == "__main__":
    unittest.main()
