# SPDX-License-Identifier: Apache-2.0
"""The exporter on every supported PostgreSQL major: a primary and its standby, as pg_monitor.

    export PGREPL_EXPORTER=build/dev/exporter/pg_replication_exporter
    python3 -m unittest tests.live.majors_test

All majors run side by side and are watched by one exporter. What a test finds is kept by major, so
that each is told apart. `make proof-majors` goes further.
"""

import os
import unittest
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock, patch

from tests.lab.cluster import Standby
from tests.lab.majors import MAJORS, MONITOR, PLAIN
from tests.lab.page import parse
from tests.proof import page_check
from tests.proof.fleet import Fleet
from tests.proof.matrix import Matrix, misreported

BINARY = os.environ.get("PGREPL_EXPORTER")

SOURCES = {
    "settings": (["pgrepl_setting"], lambda _: [("pgrepl_setting", 8, {"setting": "a"})]),
    "wal": (["pgrepl_wal_files"], lambda _: [("pgrepl_wal_files", 3, {})])}
COLLECTORS = ("server", "lag", "senders", "settings", "slots", "decoding", "subscriptions", "sync",
              "wal", "wal_budget", "checkpoint", "backup", "archive", "archive_backlog")


def offences(*samples, failed=(), rights=MONITOR):
    """Of a page that says this, on a primary with one setting and three WAL files."""
    server = SimpleNamespace(name="x")
    catalog = MagicMock(in_recovery=False, major=15, server=server)
    catalog.__getitem__.return_value = []
    catalog.setting.return_value = ""
    samples = [*samples, *(
        sample("pgrepl_collector_success", int(name not in failed), collector=name)
        for name in COLLECTORS),
        sample("pgrepl_collectors_failed", len(failed), reason="insufficient_privilege"),
        sample("pgrepl_privileges_ok", int(not failed))]
    with (patch.dict(page_check.SOURCES, SOURCES, clear=True),
          patch.object(page_check, "Catalog", lambda _: catalog)):
        return page_check.PageCheck(parse("\n".join(samples)), 15, server, rights).wrong


def sample(family, value, **labels):
    labels = {"pg_cluster": "pg15", "server": "x"} | labels
    pairs = ",".join(f'{key}="{text}"' for key, text in labels.items())
    return f"{family}{{{pairs}}} {value}"


class RefusalTest(unittest.TestCase):
    """What must be refused, without a server."""

    SETTING = sample("pgrepl_setting", 8, setting="a")
    FILES = sample("pgrepl_wal_files", 3)

    def test_right_is_right(self):
        self.assertEqual(offences(self.SETTING, self.FILES), [])
        self.assertEqual(offences(self.SETTING, failed=("wal", "archive_backlog"), rights=PLAIN),
                         [])

    def test_wrong_missing_or_more_is_not(self):
        another = sample("pgrepl_setting", 8, setting="b")
        for page in ([self.SETTING, sample("pgrepl_wal_files", 4)], [self.SETTING],
                     [self.SETTING, self.FILES, another]):
            self.assertEqual(len(offences(*page)), 1, page)

    def test_a_collector_that_fails_or_should_is_told(self):
        self.assertIn("['wal']", offences(self.SETTING, self.FILES, failed=("wal",))[0])
        self.assertIn("['archive_backlog', 'wal']", offences(self.SETTING, rights=PLAIN)[0])

    def test_the_reason_why_they_fail_is_told(self):
        told = offences(self.SETTING, rights=PLAIN)
        self.assertIn("collectors_failed: said {}", told[1])
        self.assertIn("privileges_ok: said [1.0]", told[2])

    def test_what_is_hidden_is_not_0(self):
        (told,) = offences(self.SETTING, sample("pgrepl_wal_files", 0), rights=PLAIN,
                           failed=("wal", "archive_backlog"))
        self.assertIn("pgrepl_wal_files said 0.0, is None", told)

    def test_a_family_from_nowhere_is_told(self):
        page = parse("pgrepl_lag_seconds 0\npgrepl_invented 1")
        self.assertEqual(page_check.unknown_families(page), ["pgrepl_invented"])

    def test_one_warning_with_the_grant(self):
        line = 'level=warn collector=wal hint="GRANT pg_monitor TO the exporter\'s role."'
        self.assertEqual(list(misreported({"wal"}, [("wal", line)])), [])
        for lines in ([], [("wal", line)] * 2, [("wal", line.replace("GRANT", "Allow"))],
                      [("wal", line), ("slots", line)]):
            self.assertEqual(len(list(misreported({"wal"}, lines))), 1, lines)


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class MajorsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(cls.enterClassContext(ExitStack()), Path(BINARY).resolve(),
                          plan=[Standby("s1", slot=True, settings={"archive_mode": "always"})],
                          rights=(MONITOR,))

    def setUp(self):
        self.matrix = Matrix(self.fleet)

    def tearDown(self):
        for major in MAJORS:
            with self.subTest(major):
                self.assertEqual(self.fleet.errors(major, MONITOR), [])

    def assert_nothing_wrong(self):
        for major in MAJORS:
            with self.subTest(major):
                self.assertEqual([f"{server}: {one}" for (of, server, _), found in
                                  self.matrix.wrong.items() if of == major for one in found], [])

    def test_health(self):
        self.matrix.values("health")
        self.matrix.health()
        self.matrix.warnings()
        self.assert_nothing_wrong()
        for major in MAJORS:
            for name in ("p", "s1"):
                # Or nothing was looked at.
                self.assertGreater(self.matrix.compared[major, name, MONITOR], 25)

    def test_base_backup(self):
        self.matrix.backed_up()
        self.matrix.values("after the base backup")
        self.assert_nothing_wrong()

    def test_pause(self):
        self.matrix.paused()
        self.matrix.health("after the pause")
        self.assert_nothing_wrong()

    def test_trouble(self):
        self.matrix.troubled()
        self.matrix.health("after the trouble")
        self.assert_nothing_wrong()


if __name__ == "__main__":
    unittest.main()
