# SPDX-License-Identifier: Apache-2.0
"""postgresql-ha/docker-compose.yml: every file that it mounts is there, and its program takes it."""

import json
import os
import re
import shutil
import socket
import subprocess
import unittest
from pathlib import Path

import jsonschema
import yaml

from tests.lab.haproxy import PROGRAM as HAPROXY
from tests.lab.postgres import installed
from tests.lab.process import run
from tests.lab.workspace import REPOSITORY, Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
FOLDER = REPOSITORY / "postgresql-ha"
STACK = yaml.safe_load((FOLDER / "docker-compose.yml").read_text())
SERVERS = ("pg1", "pg2", "pg3")


def mounts():
    """(source, target) of each file or folder."""
    for service in STACK["services"].values():
        for volume in service.get("volumes", []):
            source, target = volume.split(":")[:2]
            if source.startswith("."):
                yield (FOLDER / source).resolve(), target


class StackTest(unittest.TestCase):
    def test_compose_knows_each_key(self):
        schema = json.loads((REPOSITORY / "tests/schemas/compose-spec.json").read_text())
        jsonschema.validate(STACK, schema)
        with self.assertRaises(jsonschema.ValidationError):
            jsonschema.validate({"services": {"a": {"image": "b", "helthcheck": {}}}}, schema)

    def test_compose_sees_whether_each_is_well(self):
        image = (REPOSITORY / "packaging/Dockerfile").read_text()
        for name, service in STACK["services"].items():
            ours = service.get("build", {}).get("dockerfile") == "packaging/Dockerfile"
            self.assertTrue("HEALTHCHECK" in image if ours else "healthcheck" in service, name)

    def test_mounted_files_are_there(self):
        found = list(mounts())
        self.assertGreaterEqual(len(found), 8)
        for source, _ in found:
            self.assertTrue(source.exists(), source)

    def test_copied_files_are_there(self):
        text = (FOLDER / "config/patroni/Dockerfile").read_text()
        for words in re.findall(r"^COPY (.*) \S+$", text, re.M):
            for source in words.split():
                self.assertTrue((FOLDER / source).exists(), source)

    def test_images_have_versions(self):
        for name, service in STACK["services"].items():
            if "build" not in service:
                self.assertRegex(service["image"], r"^[a-z.]+/.*:v?\d+\.\d+\.\d+$", name)

    def test_no_password_is_in_it(self):
        self.assertNotRegex((FOLDER / "docker-compose.yml").read_text(), r"(?i)password:\s*\S")
        known = set(STACK["secrets"])
        for service in STACK["services"].values():
            self.assertLessEqual(set(service.get("secrets", [])), known)
        made = re.search(r"for name in ([a-z ]+);", (FOLDER / "scripts/make_secrets.sh").read_text())[1]
        self.assertEqual(set(made.split()), known)

    def test_only_this_machine_may_connect(self):
        for service in STACK["services"].values():
            for port in service.get("ports", []):
                self.assertTrue(port.startswith("127.0.0.1:"), port)

    def test_programs_take_their_configurations(self):
        with Workspace() as workspace:
            prometheus = yaml.safe_load((FOLDER / "config/prometheus/prometheus.yml").read_text())
            prometheus["rule_files"] = [str(REPOSITORY / "alerts/rules/*.yaml")]
            file = workspace.folder / "prometheus.yml"
            file.write_text(yaml.safe_dump(prometheus))
            run(["promtool", "check", "config", file])
            run(["amtool", "check-config", REPOSITORY / "alerts/alertmanager/alertmanager.yml"])
            run([HAPROXY, "-c", "-f", FOLDER / "config/haproxy/haproxy.cfg"])

    @unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
    def test_the_exporter_takes_its_own(self):
        done = subprocess.run(
            [BINARY, f"--config.file={FOLDER}/config/exporter/config.yml",
             "--web.listen-address=192.0.2.1:1"], capture_output=True, text=True, timeout=20, check=False)
        self.assertIn("192.0.2.1", done.stderr)

    @unittest.skipUnless(shutil.which("patroni"), "patroni is not installed")
    def test_patroni_takes_its_own(self):
        file = FOLDER / "config/patroni/patroni.yml"
        given = re.findall(r"^(PATRONI_\w+)=", (FOLDER / "config/patroni/start.sh").read_text(), re.M)
        with Workspace() as workspace, socket.create_server(("127.0.0.1", workspace.ports.take())) as etcd:
            here = {"ETCD3_HOSTS": f"127.0.0.1:{etcd.getsockname()[1]}",
                    "POSTGRESQL_BIN_DIR": str(installed()),
                    "POSTGRESQL_DATA_DIR": str(workspace.folder / "data"),
                    "RESTAPI_LISTEN": f"127.0.0.1:{workspace.ports.take()}",
                    "POSTGRESQL_LISTEN": f"127.0.0.1:{workspace.ports.take()}"}
            run(["patroni", "--validate-config", file],
                env={**os.environ, **{name: "pg1:1" for name in given},
                     **{f"PATRONI_{name}": value for name, value in here.items()}})

    def test_haproxy_routes_as_what_is_shipped(self):
        def routes(file):
            text = file.read_text()
            return re.sub(r"^(  server (\S+)) \S+:", r"\1 \2:", text[text.index("listen exporter"):], flags=re.M)
        self.assertEqual(routes(FOLDER / "config/haproxy/haproxy.cfg"),
                         routes(REPOSITORY / "packaging/haproxy/haproxy.cfg"))

    def test_what_is_mounted_is_where_it_is_looked_for(self):
        targets = {target for _, target in mounts()}
        provider = yaml.safe_load(next((REPOSITORY / "grafana/provisioning/dashboards").glob("*.y*ml")).read_text())
        self.assertIn(provider["providers"][0]["options"]["path"], targets)
        prometheus = yaml.safe_load((FOLDER / "config/prometheus/prometheus.yml").read_text())
        for rules in prometheus["rule_files"]:
            self.assertIn(os.path.dirname(rules), targets)
        exporter = (REPOSITORY / "packaging/Dockerfile").read_text()
        self.assertIn(re.search(r"--config.file=([^\"]+)", exporter)[1], targets)

    def test_all_speak_of_the_same_servers(self):
        self.assertLessEqual(set(SERVERS), set(STACK["services"]))
        exporter = yaml.safe_load((FOLDER / "config/exporter/config.yml").read_text())
        (cluster,) = exporter["clusters"]
        patroni = yaml.safe_load((FOLDER / "config/patroni/patroni.yml").read_text())
        self.assertEqual(cluster["name"], patroni["scope"])
        self.assertEqual(cluster["discover"]["patroni"], [f"http://{one}:8008" for one in SERVERS])
        haproxy = (FOLDER / "config/haproxy/haproxy.cfg").read_text()
        for one in SERVERS:
            self.assertEqual(haproxy.count(f"server {one} {one}:5432"), 2)
        for url in re.findall(r"cluster=(\w+)", haproxy):
            self.assertEqual(url, cluster["name"])

    @unittest.skipUnless(shutil.which("docker-compose"), "docker-compose is not installed")
    def test_compose_takes_it(self):
        with Workspace() as workspace:
            copy = workspace.folder / "postgresql-ha"
            shutil.copytree(FOLDER, copy)
            run([copy / "scripts/make_secrets.sh"])
            run(["docker-compose", "-f", copy / "docker-compose.yml", "config", "--quiet"])


if __name__ == "__main__":
    unittest.main()
