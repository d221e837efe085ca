# SPDX-License-Identifier: Apache-2.0
"""The sub-command watch in a real terminal (tmux), and into a pipe.

    export PGREPL_EXPORTER=build/dev/exporter/pg_replication_exporter
    python3 -m unittest tests.live.watch_test
"""

import json
import os
import shlex
import shutil
import subprocess
import unittest
from pathlib import Path

from tests.lab.cluster import USUAL, Cluster, Standby
from tests.lab.exporter import Exporter
from tests.lab.load import Load
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
# Where to leave what was seen, for people.
CAPTURES = os.environ.get("PGREPL_CAPTURES")


class Pane:
    """A terminal of this size, in a tmux of its own, in which a command runs."""

    def __init__(self, workspace, name, argv, columns, rows, environment=()):
        self._argv = ["tmux", "-f", "/dev/null", "-S", str(workspace.folder / f"{name}.tmux")]
        # What it leaves on the screen and its exit code stay to be seen.
        command = (f"env {shlex.join(environment)} {shlex.join(map(str, argv))}; echo ended with $?;"
                   " exec sleep 600")
        self._tmux("new-session", "-d", "-x", columns, "-y", rows, command)

    def _tmux(self, *words):
        return subprocess.run([*self._argv, *map(str, words)], capture_output=True, text=True,
                              check=True, timeout=10, env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout

    def press(self, key):
        self._tmux("send-keys", key)

    def resize(self, columns, rows):
        self._tmux("resize-window", "-x", columns, "-y", rows)

    def text(self, *flags):
        return self._tmux("capture-pane", "-p", *flags)

    def wait_for(self, *texts, seconds=20):
        """Until all of them are on the screen; what is."""
        def shown():
            text = self.text()
            return text if all(one in text for one in texts) else None
        try:
            return wait_until(shown, f"the screen shows {texts}", seconds)
        except Exception as error:
            raise AssertionError(f"{error}; it shows\n{self.text()}") from error

    def close(self):
        self._tmux("kill-server")


class WatchCase(unittest.TestCase):
    """An exporter of a cluster, in whose state a pane is looked at."""

    maxDiff = None
    plan = USUAL

    @classmethod
    def setUpClass(cls):
        if not BINARY:
            raise unittest.SkipTest("PGREPL_EXPORTER names no exporter to test")
        if not shutil.which("tmux"):
            raise unittest.SkipTest("tmux is not installed")
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace, cls.plan)
        cls.exporter = Exporter(cls.workspace, Path(BINARY).resolve(),
                                cls.cluster.exporter_config())
        cls.enterClassContext(Load(cls.cluster.p))
        cls.exporter.wait_for(
            lambda page: all(page.value("pgrepl_caught_up_once", server=standby.name) == 1
                             for standby in cls.cluster.standbys), "all were caught up once")

    def watch(self, *words, columns=80, rows=24, environment=()):
        pane = Pane(self.workspace, f"{self.id().split('.')[-1]}-{columns}",
                    [Path(BINARY).resolve(), "watch", *words], columns, rows, environment)
        self.addCleanup(pane.close)
        return pane

    def asked(self, **options):
        return self.watch(f"--exporter={self.exporter.url}", **options)

    def keep(self, name, pane):
        if CAPTURES:
            Path(CAPTURES, name).write_text(pane.text())

    def assert_fits(self, text, columns, rows):
        self.assertEqual(len(text.splitlines()), rows)
        self.assertLessEqual(max(map(len, text.splitlines())), columns)


class SplitBrainTest(WatchCase):
    """p; s1; s2 on s1. s1 is promoted, and p lives on."""

    plan = (Standby("s1"), Standby("s2", upstream="s1"))

    def test_two_primaries(self):
        self.cluster.s1.promote()
        for columns, rows in ((80, 24), (200, 60)):
            with self.subTest(columns=columns):
                pane = self.asked(columns=columns, rows=rows)
                text = pane.wait_for("2 primaries, 1 expected: a split brain", "p: has WAL that",
                                     "q quit")
                self.keep(f"split-brain-{columns}x{rows}.txt", pane)
                self.assert_fits(text, columns, rows)


class WatchTest(WatchCase):
    """p; s1 with a slot; s2; s3 on s2."""

    def test_healthy_lagging_cut(self):
        for columns, rows in ((80, 24), (200, 60)):
            with self.subTest(columns=columns):
                pane = self.asked(columns=columns, rows=rows)
                text = pane.wait_for("s3", "All is well.", "slot s1 of p: physical, active",
                                     "archive of p: ok", "q quit")
                self.assert_fits(text, columns, rows)
                self.keep(f"healthy-{columns}x{rows}.txt", pane)
                with self.cluster.s1.replay_paused():
                    pane.wait_for("replay_paused")
                    self.keep(f"lagging-{columns}x{rows}.txt", pane)
                with self.cluster.s2.receiver_cut():
                    pane.wait_for("not connected", "receiver_down", "s2: not connected")
                    self.keep(f"cut-{columns}x{rows}.txt", pane)
                pane.wait_for("All is well.")

    def test_keys_and_the_end(self):
        pane = self.asked()
        pane.wait_for("All is well.")
        pane.press("Space")
        pane.wait_for("held")
        pane.resize(120, 8)
        text = pane.wait_for("up, down:")
        self.assertEqual(len(text.splitlines()), 8)
        pane.press("j")
        wait_until(lambda: "UTC" not in pane.text(), "the title has gone up")
        pane.press("q")
        self.assertNotIn("SERVER", pane.wait_for("ended with 0"))

    def test_a_signal_leaves_the_terminal_as_it_was(self):
        pane = self.asked()
        pane.wait_for("All is well.")
        pane.press("C-c")
        self.assertNotIn("SERVER", pane.wait_for("ended with"))

    def test_colour_and_none(self):
        pane = self.asked()
        pane.wait_for("All is well.")
        self.assertIn("\x1b[32m", pane.text("-e"))
        pane = Pane(self.workspace, "plain", [
            Path(BINARY).resolve(), "watch", f"--exporter={self.exporter.url}"], 80, 24,
            ["NO_COLOR=1", "LC_ALL=C"])
        self.addCleanup(pane.close)
        pane.wait_for("All is well.")
        self.assertNotRegex(pane.text("-e"), "\x1b\\[[0-9;]*3[0-7]m")
        self.assertTrue(pane.text().isascii())

    def test_without_an_exporter(self):
        config = self.workspace.folder / "watch.yaml"
        config.write_text(json.dumps(self.cluster.exporter_config()))
        pane = self.watch(f"--config.file={config}")
        pane.wait_for("main", "streaming", "s3", "q quit")
        pane.press("q")
        pane.wait_for("ended with 0")

    def test_an_exporter_that_hangs_or_is_gone(self):
        pane = self.asked(columns=160)
        pane.wait_for("All is well.")
        with self.exporter.frozen():
            pane.wait_for("no exporter answers at", "All is well.")
        wait_until(lambda: "no exporter" not in pane.text(), "it goes on")

    def test_lines_into_a_pipe(self):
        argv = [Path(BINARY).resolve(), "watch", f"--exporter={self.exporter.url}",
                "--interval=200ms"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                              text=True) as watch:
            lines = [watch.stdout.readline() for _ in range(8)]
            watch.stdout.close()
            self.assertEqual(watch.wait(timeout=10), 0, "nobody reads any more")
        self.assertRegex(lines[0], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ main p primary up\n$")
        self.assertRegex(lines[5], r"Z main s1 standby up, streaming, lag \S+ s")

    def test_nobody_answers(self):
        argv = [Path(BINARY).resolve(), "watch",
                f"--exporter=http://127.0.0.1:{self.workspace.ports.take()}"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("no exporter answers at", done.stderr)


if __name__ == "__main__":
    unittest.main()
