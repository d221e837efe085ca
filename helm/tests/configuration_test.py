# SPDX-License-Identifier: Apache-2.0
"""What the chart makes for the exporter, the exporter takes: each argument, and each configuration."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

from helm.tests.chart import CASES, configurations, exporter_of, pod_of, render

BINARY = os.environ.get("PGREPL_EXPORTER")
ANY = "clusters: [{name: a, servers: [{name: p, conninfo: host=p}]}]"


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class ConfigurationTest(unittest.TestCase):
    def run_exporter(self, arguments):
        """What it says; after all it has read that it can't listen on an address that isn't here."""
        done = subprocess.run(
            [BINARY, *arguments, "--web.listen-address=192.0.2.1:1"], capture_output=True, text=True,
            timeout=20, check=False, env={"PATH": os.environ["PATH"]})
        return done.stderr

    def test_every_case(self):
        for case in CASES:
            objects = render(case)
            with self.subTest(case.name), tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "config.yml"
                file.write_text((configurations(objects) or [ANY])[0])
                workloads = [one for one in objects if one["kind"] in ("Deployment", "StatefulSet")]
                arguments = exporter_of(objects)["args"] if workloads else [f"--config.file={file}"]
                self.assertIn("192.0.2.1:1", self.run_exporter(
                    [self.as_in_a_pod(one, file) for one in arguments]))

    @staticmethod
    def as_in_a_pod(argument, file):
        argument = argument.replace("$(POD_NAME)", "rel-pg-replication-exporter-2")
        return re.sub(r"^--config\.file=.*", f"--config.file={file}", argument)

    def test_a_wrong_argument_is_seen(self):
        self.assertNotIn("192.0.2.1:1", self.run_exporter(["--no-such-flag"]))

    def test_files_lie_where_they_are_mounted(self):
        for case in CASES:
            objects = render(case)
            text = "".join(configurations(objects))
            paths = set(re.findall(r"/etc/pgrepl/[^\s,}\"']+", text))
            if not [one for one in objects if one["kind"] in ("Deployment", "StatefulSet")]:
                continue
            mounted = [one["mountPath"] for one in exporter_of(objects)["volumeMounts"]]
            for path in paths:
                self.assertIn(str(Path(path).parent), mounted, case.name)
            volumes = {one["name"] for one in pod_of(objects)["volumes"]}
            self.assertLessEqual({one["name"] for one in exporter_of(objects)["volumeMounts"]}, volumes)

    def test_each_configuration_is_a_map(self):
        for case in CASES:
            for text in configurations(render(case)):
                self.assertIsInstance(yaml.safe_load(text), dict)


if __name__ == "__main__":
    unittest.main()
