# SPDX-License-Identifier: Apache-2.0
"""The kit's configuration files on PostgreSQL 12 to 18: each setting explained, known, in force."""

import re
import unittest
from contextlib import ExitStack

from tests.lab.majors import MAJORS, programs
from tests.lab.postgres import Server, installed
from tests.lab.process import run
from tests.lab.waiting import wait_until
from tests.lab.workspace import REPOSITORY, Workspace
from tests.live.kit_test import KIT, Kit

SHIPPED = REPOSITORY / "postgresql-ha/config/postgresql"
SETTING = re.compile(r"^#?([a-z_]+) = ")
# max_wal_senders and max_replication_slots, by the number of standbys.
SIZES = {0: "10", 5: "14", 40: "84"}


def settings(name, also_filled_in=False):
    """Of a shipped file; with those that a script fills in."""
    found = [line for line in (SHIPPED / name).read_text().splitlines() if SETTING.match(line)]
    return [SETTING.match(line)[1] for line in found if also_filled_in or not line.startswith("#")]


def unexplained(text):
    """Settings of a file with no word above them, in their paragraph."""
    for paragraph in text.split("\n\n"):
        lines = paragraph.strip().splitlines()
        if lines and SETTING.match(lines[0]):
            yield SETTING.match(lines[0])[1]


class ShippedFilesTest(unittest.TestCase):
    def test_every_setting_is_explained(self):
        for name in ("primary.conf", "standby.conf"):
            self.assertEqual(list(unexplained((SHIPPED / name).read_text())), [], name)
        self.assertEqual(list(unexplained("# why\na = 1\n\nb = 2\n\n#c = 3\n")), ["b", "c"])

    def test_what_a_standby_needs_is_there(self):
        self.assertEqual(set(settings("standby.conf")), {
            "hot_standby", "hot_standby_feedback", "max_standby_streaming_delay", "wal_log_hints"})
        for name in ("primary_conninfo", "primary_slot_name", "restore_command", "max_connections"):
            self.assertIn(name, settings("standby.conf", also_filled_in=True))


class MajorsTest(unittest.TestCase):
    """A primary of each major, and a standby of it."""

    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace("pgrepl-kit-"))
        cls.kit = Kit(cls.workspace)

    def each(self, play):
        for major in MAJORS:
            with self.subTest(major=major), ExitStack() as stack:
                play(major, programs(self.workspace, major), stack)

    def server(self, stack, name, bin_dir):
        server = Server(self.workspace, name, bin_dir)
        stack.callback(lambda: server.data.exists() and server.pids() and server.stop("immediate"))
        return server

    def script(self, name, server, *words):
        return run([KIT / name, *words, f"--data-dir={server.data}", f"--port={server.port}",
                    f"--bin-dir={server.programs}", "--listen=127.0.0.1", "--yes", "--set=fsync=off",
                    f"--replication-password-file={self.kit.replication_password}"],
                   env=self.workspace.environment)

    def assert_in_force(self, server, kind, major):
        """All of the shipped file but what the major doesn't know, by our file and no other."""
        left_out = {"wal_keep_size", "max_slot_wal_keep_size"} if major == 12 else set()
        expected = set(settings(f"{kind}.conf")) - left_out
        in_force = server.rows("SELECT name FROM pg_file_settings WHERE applied AND error IS NULL "
                               f"AND sourcefile LIKE '%/conf.d/{kind}.conf'")
        self.assertEqual(expected - {row[0] for row in in_force}, set())
        self.assertEqual(server.rows("SELECT name, error FROM pg_file_settings "
                                     "WHERE error IS NOT NULL"), [])

    def test_primary_and_standby(self):
        def play(major, bin_dir, stack):
            p, s = (self.server(stack, f"{name}{major}", bin_dir) for name in ("p", "s"))
            self.script("setup_primary.sh", p, "--standbys=5",
                        f"--monitor-password-file={self.kit.monitor_password}")
            self.assert_in_force(p, "primary", major)
            self.assertEqual([p.value(f"SHOW {name}") for name in (
                "max_wal_senders", "max_replication_slots")], [SIZES[5]] * 2)
            kept = "wal_keep_segments" if major == 12 else "wal_keep_size"
            self.assertEqual(p.value(f"SHOW {kept}"), "64" if major == 12 else "1GB")
            words = ["127.0.0.1", f"--primary-port={p.port}", "--name=s"]
            # It can take a base backup of its own major and of older ones.
            if major > int(run([installed() / "postgres", "-V"]).split()[2].split(".")[0]):
                self.assertIn("would take a base backup", self.script(
                    "setup_standby.sh", s, *words, "--dry-run"))
                return
            self.script("setup_standby.sh", s, *words)
            wait_until(s.is_streaming, f"{s.name} streams")
            self.assert_in_force(s, "standby", major)
            self.assertEqual(s.value("SHOW max_wal_senders"), SIZES[5])
        self.each(play)

    def test_sizes(self):
        for standbys in (0, 40):
            with self.subTest(standbys=standbys), ExitStack() as stack:
                server = self.server(stack, f"sized{standbys}", installed())
                self.script("setup_primary.sh", server, f"--standbys={standbys}", "--no-archive",
                            f"--monitor-password-file={self.kit.monitor_password}")
                self.assertEqual(server.value("SHOW max_wal_senders"), SIZES[standbys])


if __name__ == "__main__":
    unittest.main()
