# SPDX-License-Identifier: Apache-2.0
"""A release without its packages, which take minutes: make proof-packages makes those twice as well."""

import os
import tarfile
import unittest

from tests.lab.process import run
from tests.lab.workspace import REPOSITORY, Workspace

DIST = REPOSITORY / "packaging/dist.sh"


class DistTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace())
        cls.first = cls.workspace.folder / "first"
        run([DIST, cls.first])

    def test_whoever_makes_it_it_is_the_same(self):
        second = self.workspace.folder / "second"
        run(["bash", "-c", 'umask 077; exec "$0" "$1"', DIST, second],
            env={**os.environ, "TZ": "Asia/Tokyo"})
        names = {file.name for file in self.first.iterdir()}
        self.assertEqual(len(names), 3)
        for name in names:
            self.assertEqual((self.first / name).read_bytes(), (second / name).read_bytes(), name)

    def test_its_checksums_hold(self):
        said = run(["bash", "-c", f"cd {self.first} && sha256sum --check --strict SHA256SUMS"])
        self.assertEqual(said.count(": OK"), 2)

    def test_the_chart_is_what_helm_would_pack(self):
        (archive,) = self.first.glob("*.tgz")
        with tarfile.open(archive) as chart:
            names = chart.getnames()
        self.assertIn("pg-replication-exporter/Chart.yaml", names)
        self.assertFalse([name for name in names if "/ci" in name or name.endswith(".helmignore")])

    def test_it_takes_no_folder_that_is_there(self):
        self.assertIn("is there already", run([DIST, self.first], accept=(1,)))


if __name__ == "__main__":
    unittest.main()
