# SPDX-License-Identifier: Apache-2.0
"""The committed dashboards are what the sources say: if `make dashboards` got npm's packages."""

import shutil
import subprocess
import unittest
from pathlib import Path

import yaml

from grafana.tests.dashboards import FOLDER

GRAFANA = FOLDER.parent
SOURCES = sorted((GRAFANA / "src").rglob("*.ts"))


class GenerationTest(unittest.TestCase):
    @unittest.skipUnless(shutil.which("npm") and (GRAFANA / "node_modules").is_dir(),
                         "no grafana/node_modules: run make dashboards, which gets npm's packages")
    def test_dashboards_are_current(self):
        done = subprocess.run(["npm", "run", "--silent", "check"], cwd=GRAFANA, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120,
                              check=False)
        self.assertEqual(done.returncode, 0, f"run make dashboards\n{done.stdout}")


class SourcesTest(unittest.TestCase):
    def test_lines_are_narrow(self):
        for file in SOURCES:
            lines = file.read_text().splitlines()
            self.assertFalse([line for line in lines if len(line) > 100], file)

    def test_colours_stand_in_one_file(self):
        for file in SOURCES:
            if file.name != "colors.ts":
                self.assertNotRegex(file.read_text(), r"#[0-9A-Fa-f]{6}\b", file)


class ProvisioningTest(unittest.TestCase):
    def test_grafana_finds_data_source_and_dashboards(self):
        folder = GRAFANA / "provisioning"
        source = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text())
        self.assertEqual([one["type"] for one in source["datasources"]], ["prometheus"])
        provider = yaml.safe_load((folder / "dashboards/pg_replication_exporter.yaml").read_text())
        self.assertEqual([one["allowUiUpdates"] for one in provider["providers"]], [False])
        path = provider["providers"][0]["options"]["path"]
        self.assertIn(f"`{path}/`", (GRAFANA / "README.md").read_text())


if __name__ == "__main__":
    unittest.main()
