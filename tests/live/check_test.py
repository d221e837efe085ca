# SPDX-License-Identifier: Apache-2.0
"""The sub-commands check and wait: each trouble of the guide made for real, named, and mended by what
check says.

    export PGREPL_EXPORTER=build/dev/exporter/pg_replication_exporter
    python3 -m unittest tests.live.check_test
"""

import json
import os
import re
import subprocess
import unittest
from contextlib import contextmanager
from pathlib import Path

from tests.lab.cluster import Cluster, Standby
from tests.lab.exporter import Exporter
from tests.lab.faults import lock_conflict, settings_too_low
from tests.lab.load import Load
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")

PLAN = (Standby("s1", slot=True), Standby("s2", relayed=True))


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class CheckTest(unittest.TestCase):
    """p; s1 with a slot; s2 without one, through a relay. Every test leaves them well."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace())
        cls.cluster = Cluster(cls.workspace, PLAN)
        cls.p, cls.s1, cls.s2 = cls.cluster.p, cls.cluster.s1, cls.cluster.s2
        cls.config_file = cls.workspace.folder / "check.yaml"
        cls.write_config(cls.config_file)

    @classmethod
    def write_config(cls, path, **changes):
        config = cls.cluster.exporter_config()
        for server in config["clusters"][0]["servers"]:
            server["max_lag"] = "2s"
            server.update(changes.get(server["name"], {}))
        path.write_text(json.dumps(config))
        return path

    def run_binary(self, *words):
        return subprocess.run([Path(BINARY).resolve(), *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=40,
                              env=self.workspace.environment, check=False)

    def check(self, *words, config=None, watch="1s"):
        """Its exit code, and what it found, by id and server."""
        done = self.run_binary("check", f"--config.file={config or self.config_file}",
                               f"--watch={watch}", "--output=json", *words)
        self.assertEqual(done.stderr, "")
        (cluster,) = json.loads(done.stdout)["clusters"]
        return done.returncode, {
            (one["id"], one["server"]): one for one in cluster["findings"]}

    def finds(self, finding, code, server, *words, **options):
        """Waits until check finds it; what it says."""
        def found():
            exit_code, findings = self.check(*words, **options)
            return (exit_code, findings) if (finding, server) in findings else None
        exit_code, findings = wait_until(found, f"check finds {finding}", seconds=30)
        self.assertEqual(exit_code, code, findings)
        return findings[finding, server]["mend"]

    def assert_green(self, **options):
        def green():
            exit_code, findings = self.check(**options)
            self.last = findings
            return exit_code == 0
        try:
            wait_until(green, "check is green", seconds=30)
        except Exception:
            self.fail(f"not green: {json.dumps(list(self.last.values()), indent=1)}")

    def run_sql(self, server, mend):
        """The statements of a mend, as somebody would paste them."""
        statements = [line for line in mend.splitlines() if line.endswith(";")]
        self.assertTrue(statements, mend)
        for statement in statements:
            server.execute(statement)

    @contextmanager
    def hba(self, line):
        """A line at the top of p's pg_hba.conf."""
        path = self.p.data / "pg_hba.conf"
        before = path.read_text()
        path.write_text(line + "\n" + before)
        self.p.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            path.write_text(before)
            self.p.execute("SELECT pg_reload_conf()")

    # Reaching them.

    def test_00_green(self):
        self.assert_green()
        done = self.run_binary("check", f"--config.file={self.config_file}", "--watch=1s")
        self.assertEqual(done.stdout.splitlines()[0], "OK - main: nothing is wrong")

    def test_refused(self):
        self.s2.stop()
        self.assertIn("pg_ctlcluster", self.finds("refused", 2, "s2"))
        self.s2.start()
        self.assert_green()

    def test_name_that_is_unknown(self):
        config = self.write_config(self.workspace.folder / "dns.yaml",
                                   s1={"conninfo": "host=no-such.invalid user=pgrepl_monitor"})
        self.assertIn("getent hosts", self.finds("dns", 2, "s1", config=config))

    def test_password_that_is_wrong(self):
        wrong = self.workspace.secret("wrong.password", "not it")
        config = self.write_config(self.workspace.folder / "auth.yaml",
                                   p={"password_file": str(wrong)})
        self.assertIn("\\password pgrepl_monitor", self.finds("auth", 2, "p", config=config))
        wrong.write_text(Path(self.cluster.monitor_password_file).read_text())
        self.assert_green(config=config)

    def test_pg_hba_and_rights(self):
        self.p.execute("CREATE ROLE weak LOGIN PASSWORD 'weak'")
        secret = self.workspace.secret("weak.password", "weak")
        login = f"host=127.0.0.1 port={self.p.port} user=weak dbname=postgres"
        config = self.write_config(self.workspace.folder / "weak.yaml",
                                   p={"conninfo": login, "password_file": str(secret)})
        with self.hba("host all weak 0.0.0.0/0 reject"):
            mend = self.finds("pg_hba", 2, "p", config=config)
            (line,) = [line for line in mend.splitlines() if line.startswith("host ")]
            with self.hba(line):
                mend = self.finds("rights", 3, "p", config=config)
                self.run_sql(self.p, mend.replace("TO pgrepl_monitor", "TO weak"))
                self.assert_green(config=config)
        self.p.execute("DROP ROLE weak")

    # A receiver that doesn't start.

    def test_receiver_without_a_slot(self):
        with self.s1.stopped():
            self.p.execute("SELECT pg_drop_replication_slot('s1')")
        self.run_sql(self.p, self.finds("slot_missing", 2, "s1"))
        self.assert_green()

    def test_receiver_without_conninfo(self):
        conninfo = self.s1.value("SHOW primary_conninfo")
        self.s1.set(primary_conninfo="")
        mend = self.finds("no_conninfo", 2, "s1")
        self.assertIn("ALTER SYSTEM SET primary_conninfo = 'host=p ", mend)
        self.s1.set(primary_conninfo=conninfo)
        self.assert_green()

    def test_receiver_that_is_not_let_in(self):
        with self.hba("host replication all 0.0.0.0/0 reject"):
            self.p.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_replication "
                           "WHERE application_name = 's2'")
            mend = self.finds("receiver_down", 2, "s2")
            (line,) = [line for line in mend.splitlines() if line.startswith("host ")]
            user = re.search(r"user=(\S+)", self.s2.value("SHOW primary_conninfo"))[1]
            with self.hba(line.replace("replicator", user.strip("'"))):
                self.assert_green()
        self.assert_green()

    def test_receiver_whose_wal_is_removed(self):
        before = {name: self.p.value(f"SHOW {name}") for name in ("wal_keep_size",)}
        with self.cluster.relays["s2"].cut():
            self.p.set(wal_keep_size="0", min_wal_size="32MB", max_wal_size="32MB")
            for _ in range(4):
                self.p.execute("SELECT pg_switch_wal()")
                self.p.execute("CREATE TABLE filler(); DROP TABLE filler")
            self.p.execute("CHECKPOINT")
            self.s1.execute("CHECKPOINT")
            self.p.execute("CHECKPOINT")
            mend = self.finds("wal_removed", 2, "s2", watch="3s")
        self.assertIn("ALTER SYSTEM SET restore_command", mend)
        self.run_sql(self.s2, mend.replace("ARCHIVE", str(self.cluster.archive)))
        self.assert_green()
        self.p.set(**before, min_wal_size=None, max_wal_size=None)

    # Lag, by its causes.

    def test_replay_is_paused(self):
        self.s1.execute("SELECT pg_wal_replay_pause()")
        self.run_sql(self.s1, self.finds("replay_paused", 1, "s1"))
        self.assert_green()

    def test_delay_is_a_note(self):
        self.s1.set(recovery_min_apply_delay="1h")
        self.run_sql(self.s1, self.finds("apply_delay", 0, "s1"))
        _, findings = self.check()
        self.assertNotIn(("apply_delay", "s1"), findings)

    def test_a_reader_blocks_replay(self):
        with Load(self.p), lock_conflict(self.p, self.s2):
            mend = self.finds("recovery_conflict", 1, "s2", watch="4s")
            self.assertIn("SELECT pg_terminate_backend(PID);", mend)
            pid = self.s2.value("SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction'")
            self.s2.execute(f"SELECT pg_terminate_backend({pid})")
            self.assert_green()

    def test_a_slow_link(self):
        with Load(self.p, size=400_000), self.cluster.relays["s2"].throttled(30_000):
            self.finds("network", 1, "s2", watch="10s")
        self.assert_green()

    def test_settings_too_low(self):
        before = self.p.value("SHOW max_connections")
        with settings_too_low(self.p, self.s1):
            for standby in (self.s1, self.s2):
                self.run_sql(standby, self.finds("settings_too_low", 2, standby.name))
        self.s2.restart()
        self.assert_green()
        self.assertNotEqual(before, self.s2.value("SHOW max_connections"))

    # The primary.

    def test_archiving_fails(self):
        command = self.p.value("SHOW archive_command")
        self.p.set(archive_command="false")
        self.p.execute("CREATE TABLE filler(); DROP TABLE filler")
        self.p.execute("SELECT pg_switch_wal()")
        self.assertIn("SHOW archive_command;", self.finds("archiving_fails", 2, "p"))
        self.p.set(archive_command=command)
        self.assert_green()

    def test_commits_wait(self):
        self.p.set(synchronous_standby_names="nobody")
        self.run_sql(self.p, self.finds("commits_wait", 2, "p"))
        self.assert_green()

    def test_slot_that_nobody_uses(self):
        self.p.execute("SELECT pg_create_physical_replication_slot('old', true)")
        self.p.execute("CREATE TABLE filler(); DROP TABLE filler")
        self.run_sql(self.p, self.finds("slot_unused", 1, "p"))
        self.assert_green()

    # The rest of the command.

    def test_for_a_switchover(self):
        # Paused, s1 is no candidate: s2 is, and lacks its slot.
        with self.s1.replay_paused():
            mend = self.finds("slot_missing_on_candidate", 1, "p", "--for=switchover")
            self.run_sql(self.s2, mend)
            _, findings = self.check("--for=switchover")
            self.assertIn(("candidate", "s2"), findings)
            self.assertNotIn(("slot_missing_on_candidate", "p"), findings)
            self.s2.execute("SELECT pg_drop_replication_slot('s1')")
        self.assert_green()

    def test_by_an_exporter_that_runs(self):
        exporter = Exporter(self.workspace, Path(BINARY).resolve(), self.cluster.exporter_config())
        self.addCleanup(exporter.stop)
        url = f"--exporter={exporter.url}"
        wait_until(lambda: self.run_binary("check", url).returncode == 0, "it is green")
        self.assertEqual(
            self.run_binary("wait", "--standby=s1", "--max-lag=5s", url).returncode, 0)
        with self.s1.replay_paused():
            wait_until(lambda: self.run_binary("check", url).returncode == 1, "it warns")
            done = self.run_binary("wait", "--standby=s1", "--timeout=1s", url)
            self.assertEqual((done.returncode, done.stdout), (1, "s1 of main: replay: paused\n"))

    def test_by_an_exporter_that_does_not_run(self):
        done = self.run_binary("check", f"--exporter=http://127.0.0.1:{self.workspace.ports.take()}")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("no exporter answers at", done.stderr)

    def test_wait_by_itself(self):
        config = f"--config.file={self.config_file}"
        done = self.run_binary("wait", "--standby=s2", "--max-lag=5s", config)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.run_binary("wait", "--standby=s9", config).returncode, 3)
        self.assertEqual(self.run_binary("wait", config).returncode, 3)

    def test_every_statement_is_printed(self):
        done = self.run_binary("check", "--print-sql")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("SELECT pg_is_in_recovery();", done.stdout)
        # What was printed is SQL that this server takes.
        statement = re.search(r"(?s)-- settings: all versions[^\n]*\n(.*?);\n", done.stdout)[1]
        self.assertEqual(len(self.p.rows(statement)), 1)

    def test_zz_a_standby_that_was_promoted(self):
        self.s2.promote()
        self.assertIn("pg_rewind", self.finds("split_brain", 2, None))
        self.s2.stop()


if __name__ == "__main__":
    unittest.main()
