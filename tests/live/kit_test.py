# SPDX-License-Identifier: Apache-2.0
"""The setup kit: what it builds, what it refuses, what it never shows."""

import subprocess
import threading
import time
import unittest
from pathlib import Path

from tests.lab.postgres import Server, installed
from tests.lab.process import run
from tests.lab.waiting import wait_until
from tests.lab.workspace import REPOSITORY, Workspace

KIT = REPOSITORY / "postgresql-ha/scripts"
# With everything that SQL, conninfo strings, pgpass files and the shell read specially.
REPLICATION_PASSWORD = r"""rep:l\ic'at"i$on %p"""
MONITOR_PASSWORD = r"""mon'it\or:pw"""


class Kit:
    """Runs the two scripts on servers of one workspace."""

    def __init__(self, workspace):
        self.workspace = workspace
        self.replication_password = workspace.secret("replication.password", REPLICATION_PASSWORD)
        self.monitor_password = workspace.secret("monitor.password", MONITOR_PASSWORD)

    def primary(self, server, *words, accept=0):
        return self._run("setup_primary.sh", server,
                         f"--monitor-password-file={self.monitor_password}", *words, accept=accept)

    def standby(self, server, upstream, *words, accept=0):
        return self._run("setup_standby.sh", server, "127.0.0.1",
                         f"--primary-port={upstream.port}", *words, accept=accept)

    def _run(self, script, server, *words, accept):
        return run([KIT / script, f"--data-dir={server.data}", f"--port={server.port}",
                    "--listen=127.0.0.1", f"--bin-dir={installed()}",
                    f"--replication-password-file={self.replication_password}", *words],
                   env=self.workspace.environment, accept=(accept,))


class Onlooker:
    """What anybody who looks at the process list sees, many times a second."""

    def __init__(self):
        self.seen = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _look(self):
        while not self._stop.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                for file in ("cmdline", "environ"):
                    try:
                        self.seen.add((process / file).read_bytes())
                    except OSError:
                        pass
            time.sleep(0.005)


def tree(folder):
    """Every file's content and permissions."""
    return {path: (path.stat().st_mode, path.read_bytes() if path.is_file() else None)
            for path in sorted(folder.rglob("*")) if not path.is_socket()}


class PlainTest(unittest.TestCase):
    """Primary, two standbys and a cascaded one, each in a directory of its own."""

    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace("pgrepl-kit-"))
        cls.kit = Kit(cls.workspace)
        cls.p, cls.s1, cls.s2, cls.c1 = (
            Server(cls.workspace, name, installed()) for name in ("p", "s1", "s2", "c1"))
        with Onlooker() as cls.onlooker:
            cls.kit.primary(cls.p, "--standbys=3", "--slot=s1", "--set=log_statement=all",
                            "--set=log_line_prefix=%m it's [%p] ")
            cls.kit.standby(cls.s1, cls.p, "--name=s1")
            cls.kit.standby(cls.s2, cls.p, "--name=S-2", f"--archive-dir={cls.archive()}")
            cls.kit.standby(cls.c1, cls.s1, "--name=c1")

    @classmethod
    def archive(cls):
        return cls.p.folder / "wal_archive"

    def psql(self, server, user, password, *words):
        passfile = self.workspace.secret(f"{user}.pgpass", "*:*:*:*:" + password.replace(
            "\\", "\\\\").replace(":", "\\:"))
        return run([installed() / "psql", "-XAtw", "-h", "127.0.0.1", "-p", server.port, "-U", user,
                    "-d", "postgres", *words],
                   env=self.workspace.environment | {"PGPASSFILE": str(passfile)})

    # What it builds.

    def test_everyone_streams_through_its_slot(self):
        # A receiver tries again every 5 s, and another test may have restarted its upstream.
        for one in (self.s1, self.s2, self.c1):
            wait_until(one.is_streaming, f"{one.name} streams")
        receivers = {one.name: one.rows("SELECT status, sender_port, slot_name "
                                        "FROM pg_stat_wal_receiver")[0]
                     for one in (self.s1, self.s2, self.c1)}
        self.assertEqual(receivers, {"s1": ["streaming", str(self.p.port), "s1"],
                                     "s2": ["streaming", str(self.p.port), "s_2"],
                                     "c1": ["streaming", str(self.s1.port), "c1"]})
        self.assertEqual(self.p.rows("SELECT application_name, state FROM pg_stat_replication "
                                     "WHERE application_name <> 'other' ORDER BY 1"),
                         [["S-2", "streaming"], ["s1", "streaming"]])
        self.assertEqual(self.s2.value("SHOW cluster_name"), "S-2")

    def test_is_sized_and_ready_for_rewind(self):
        settings = {name: self.p.value(f"SHOW {name}") for name in (
            "max_wal_senders", "wal_log_hints", "data_checksums", "log_line_prefix")}
        self.assertEqual(settings, {"max_wal_senders": "10", "wal_log_hints": "on",
                                    "data_checksums": "on", "log_line_prefix": "%m it's [%p] "})

    def test_archives_whole_segments(self):
        self.p.execute("CREATE TABLE IF NOT EXISTS filler AS SELECT 1")
        segment = self.p.value("SELECT pg_walfile_name(pg_switch_wal())")
        wait_until(lambda: (self.archive() / segment).exists(), f"{segment} is archived")
        self.assertEqual((self.archive() / segment).stat().st_size, 16 << 20)
        self.assertEqual(self.s2.value("SHOW restore_command"),
                         f'cp "{self.archive()}/%f" "%p"')

    def test_archive_command_never_leaves_or_overwrites_a_segment(self):
        archive, segment = self.archive(), self.p.folder / "segment"
        command = self.p.value("SHOW archive_command").replace("%p", str(segment))

        def archived(name):
            return subprocess.run(["sh", "-c", command.replace("%f", name)],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                                  ).returncode == 0
        segment.write_text("whole")
        self.assertTrue(archived("test_a"))
        self.assertTrue(archived("test_a"), "the same again, as after a crash")
        segment.write_text("other")
        self.assertFalse(archived("test_a"), "another of the same name")
        self.assertEqual((archive / "test_a").read_text(), "whole")
        (archive / ".test_b.partial").write_text("cut short by a crash, longer")
        self.assertTrue(archived("test_b"))
        self.assertEqual((archive / "test_b").read_text(), "other")
        segment.unlink()
        self.assertFalse(archived("test_c"))
        self.assertFalse((archive / "test_c").exists())

    # Roles and secrets.

    def test_passwords_are_stored_as_scram(self):
        self.assertEqual(
            self.p.rows("SELECT rolname, left(rolpassword, 14) FROM pg_authid "
                        "WHERE rolpassword IS NOT NULL ORDER BY 1"),
            [["pgrepl_monitor", "SCRAM-SHA-256$"], ["replicator", "SCRAM-SHA-256$"]])

    def test_monitor_has_pg_monitor_and_nothing_more(self):
        self.assertEqual(
            self.p.rows("SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls "
                        "FROM pg_roles WHERE rolname = 'pgrepl_monitor'"), [["f"] * 5])
        self.assertEqual(
            self.p.rows("SELECT roleid::regrole FROM pg_auth_members "
                        "WHERE member = 'pgrepl_monitor'::regrole"), [["pg_monitor"]])

    def test_monitor_logs_in_everywhere(self):
        for server in (self.p, self.s1, self.s2, self.c1):
            self.assertEqual(self.psql(server, "pgrepl_monitor", MONITOR_PASSWORD,
                                       "-c", "SELECT current_user"), "pgrepl_monitor\n")

    def test_nobody_sees_a_password(self):
        seen = b"\n".join(self.onlooker.seen)
        for program in (b"pg_basebackup", b"psql", b"initdb"):
            self.assertIn(program, seen)
        for password in (REPLICATION_PASSWORD, MONITOR_PASSWORD):
            self.assertNotIn(password.encode(), seen)
            self.assertNotIn(password.replace("'", "''").encode(), seen)

    def test_passwords_are_in_the_passfile_alone(self):
        self.assertIn("statement: SET log_statement", self.p.log)
        fragments = (b"ic'at", b"ic''at", b"mon'it", b"mon''it")
        for server in (self.p, self.s1, self.c1):
            passfile = Path(f"{server.data}.pgpass")
            if server is not self.p:
                self.assertEqual(passfile.stat().st_mode & 0o777, 0o600)
                self.assertIn(fragments[0], passfile.read_bytes())
            files = [server.log_file, *server.data.glob("*.*"), *server.data.glob("conf.d/*")]
            for file in filter(Path.is_file, files):
                for fragment in fragments:
                    self.assertNotIn(fragment, file.read_bytes(), file)

    # Run again.

    def test_second_run_changes_nothing(self):
        files = {server: tree(server.data / "conf.d") for server in (self.p, self.s1, self.c1)}
        self.assertIn("Nothing to do", self.kit.primary(self.p, "--standbys=3", "--slot=s1"))
        self.assertIn("Nothing to do", self.kit.standby(self.s1, self.p, "--name=s1"))
        self.assertIn("Nothing to do", self.kit.standby(self.c1, self.s1))
        for server, before in files.items():
            self.assertEqual(tree(server.data / "conf.d"), before)

    def test_dry_run_touches_nothing(self):
        new = Server(self.workspace, "new", installed())
        self.assertIn("would initialise", self.kit.primary(new, "--dry-run"))
        self.assertIn("would take a base backup", self.kit.standby(new, self.p, "--dry-run"))
        self.assertEqual(list(new.folder.iterdir()), [])
        before = tree(self.p.data / "conf.d")
        self.assertIn("would create slot x", self.kit.primary(
            self.p, "--slot=x", "--set=work_mem=9MB", "--allow=10.0.0.1", "--dry-run"))
        self.assertEqual(tree(self.p.data / "conf.d"), before)
        self.assertEqual(self.p.rows("SELECT 1 FROM pg_replication_slots "
                                     "WHERE slot_name IN ('x', 'new')"), [])

    def test_keeps_what_it_rewrites(self):
        hba = self.c1.data / "pg_hba.conf"
        own_line = "host all somebody 10.9.8.7/32 scram-sha-256\n"
        with hba.open("a") as file:
            file.write(own_line)
        before = hba.read_text()
        said = self.kit.standby(self.c1, self.s1, "--allow=10.0.0.1", "--allow=fd00::/8")
        kept = next(Path(line.split()[-1]) for line in said.splitlines() if "keep" in line)
        self.assertEqual(kept.read_text(), before)
        self.assertTrue(hba.read_text().endswith(own_line))
        self.assertEqual(hba.read_text().count("BEGIN pg_replication_exporter"), 1)
        self.assertEqual(self.c1.rows(
            "SELECT address FROM pg_hba_file_rules WHERE user_name = '{pgrepl_monitor}' "
            "AND type = 'host' ORDER BY line_number"), [["samehost"], ["10.0.0.1"], ["fd00::"]])

    def test_reads_what_a_hand_wrote(self):
        file = self.c1.data / "conf.d/standby.conf"
        time.sleep(1.1)  # pg_stat_file() knows whole seconds, and another test may have reloaded
        file.write_text(file.read_text().replace("max_standby_streaming_delay = 30s",
                                                 "max_standby_streaming_delay = 7s"))
        self.assertIn("reload", self.kit.standby(self.c1, self.s1))
        self.assertIn("Nothing to do", self.kit.standby(self.c1, self.s1))
        self.assertEqual(self.c1.value("SHOW max_standby_streaming_delay"), "7s")

    def test_asks_before_a_restart(self):
        pid = self.s1.pid
        self.assertIn("--yes", self.kit.standby(
            self.s1, self.p, "--set=shared_buffers=64MB", accept=1))
        self.assertEqual(self.s1.pid, pid)
        self.assertIn("restart the server for: shared_buffers",
                      self.kit.standby(self.s1, self.p, "--yes"))
        wait_until(self.s1.is_up, "s1 is up")
        self.assertEqual(self.s1.value("SHOW shared_buffers"), "64MB")

    def test_points_a_standby_elsewhere_and_back(self):
        self.assertIn("create slot c1", self.kit.standby(self.c1, self.p))
        self.assertIn("Verified", self.kit.standby(self.c1, self.s1))
        self.p.execute("SELECT pg_drop_replication_slot('c1')")

    def test_replaces_data_only_when_told(self):
        other = Server(self.workspace, "other", installed())
        self.kit.primary(other, "--no-archive")
        (other.data / "mine").write_text("mine")
        self.assertIn("--replace", self.kit.standby(other, self.p, accept=1))
        self.assertTrue((other.data / "mine").exists())
        self.kit.standby(other, self.p, "--name=other", "--replace", "--yes")
        self.assertEqual([(kept / "mine").read_text() for kept in other.folder.glob("*.backup-*")],
                         ["mine"])
        self.assertEqual(other.value("SELECT slot_name FROM pg_stat_wal_receiver"), "other")

    # What it says when it cannot.

    def test_explains_what_went_wrong(self):
        cases = {
            "password authentication failed":
                f"--replication-password-file={self.kit.monitor_password}",
            "Connection refused": "--primary-port=1",
            "is active for PID": "--slot=s1",
            'unrecognized configuration parameter "fooo"': "--set=fooo=1",
        }
        new = Server(self.workspace, "failing", installed())
        for reason, word in cases.items():
            with self.subTest(reason):
                said = self.kit.standby(new, self.p, "--name=x", word, accept=1)
                self.assertIn(reason, said)
                self.assertIn("what to do: ", said)
        for reason, word in {"not a port": "--port=70000", "unknown": "--fooo=1"}.items():
            with self.subTest(reason):
                said = self.kit.standby(new, self.p, word, accept=2)
                self.assertIn(reason, said)
                self.assertIn("see: setup_standby.sh --help", said)
        self.assertEqual(
            self.p.rows("SELECT 1 FROM pg_replication_slots WHERE slot_name = 'x'"), [])


if __name__ == "__main__":
    unittest.main()
