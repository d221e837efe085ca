# SPDX-License-Identifier: Apache-2.0
"""The shipped provisioning, as `make demo` gives it to a Grafana that is installed."""

import tempfile
import unittest
from pathlib import Path

import yaml

from tests.lab.grafana import SHIPPED, provision


class ProvisioningTest(unittest.TestCase):
    def setUp(self):
        scratch = self.enterContext(tempfile.TemporaryDirectory())
        self.folder = provision(Path(scratch) / "provisioning", "http://127.0.0.1:9")

    def read(self, name):
        return yaml.safe_load((self.folder / name).read_text())

    def test_dashboards_are_where_the_provider_looks(self):
        (provider,) = self.read("dashboards/pg_replication_exporter.yaml")["providers"]
        found = Path(provider["options"]["path"]).glob("*.json")
        self.assertEqual({one.name for one in found},
                         {one.name for one in (SHIPPED / "dashboards").glob("*.json")})

    def test_source_is_the_prometheus_of_the_demo(self):
        (source,) = self.read("datasources/prometheus.yaml")["datasources"]
        self.assertEqual((source["type"], source["url"]), ("prometheus", "http://127.0.0.1:9"))


if __name__ == "__main__":
    unittest.main()
