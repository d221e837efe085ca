# SPDX-License-Identifier: Apache-2.0
"""The root file system of the image, run by chroot as its user: no container engine is needed."""

import os
import unittest
from pathlib import Path

from tests.lab.process import Process, run
from tests.lab.web import answers, get
from tests.lab.workspace import REPOSITORY, Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
UID = "65532"


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
@unittest.skipUnless(os.geteuid() == 0, "chroot needs root")
class ImageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace())
        cls.root = cls.workspace.folder / "root"
        run([REPOSITORY / "packaging/image/rootfs.sh", BINARY, cls.root])
        config = cls.root / "etc/pg_replication_exporter/config.yml"
        config.parent.mkdir()
        config.write_text("clusters: [{name: main, servers: [{name: p, conninfo: host=localhost port=1}]}]")

        # As a container engine does.
        (cls.root / "etc/hosts").write_text("127.0.0.1 localhost\n")

    def inside(self, *words):
        return ["chroot", f"--userspec={UID}:{UID}", self.root, "/usr/bin/pg_replication_exporter", *words]

    def test_it_serves_as_nobody(self):
        port = self.workspace.ports.take()
        url = f"http://127.0.0.1:{port}"
        exporter = Process(self.workspace, "exporter", self.inside(
            "--config.file=/etc/pg_replication_exporter/config.yml", f"--web.listen-address=127.0.0.1:{port}"))
        exporter.wait_until(lambda: answers(url + "/-/healthy"), "serves")
        exporter.wait_until(lambda: 'reason="refused"} 1' in get(url + "/metrics"),
                            "it resolved a name, connected, and was refused")
        run(self.inside("healthcheck", f"--exporter={url}"))
        self.assertIn(f"Uid:\t{UID}\t", Path(f"/proc/{exporter.pid}/status").read_text())
        self.assertEqual(exporter.stop(), 0)
        with self.assertRaises(RuntimeError):
            run(self.inside("healthcheck", f"--exporter={url}"))

    def test_there_is_nothing_else_to_run(self):
        programs = [file for file in self.root.rglob("*") if file.is_file() and os.access(file, os.X_OK)
                    and ".so" not in file.name]
        self.assertEqual([file.name for file in programs], ["pg_replication_exporter"])
        self.assertLess(sum(file.stat().st_size for file in self.root.rglob("*") if file.is_file()), 40e6)

    def test_each_library_has_its_licence(self):
        packages = {file.name for file in (self.root / "var/lib/dpkg/status.d").iterdir()}
        self.assertLessEqual({"libpq5", "libssl3", "libc6", "ca-certificates"}, packages)
        for package in packages:
            self.assertTrue((self.root / f"usr/share/doc/{package}/copyright").exists(), package)

    def test_the_dockerfile_makes_this(self):
        text = (REPOSITORY / "packaging/Dockerfile").read_text()
        self.assertIn("packaging/image/rootfs.sh build/release/exporter/pg_replication_exporter", text)
        self.assertIn(f"USER {UID}:{UID}", text)
        self.assertIn(f"ARG VERSION={run([BINARY, '--version']).split()[1]} ", text)


if __name__ == "__main__":
    unittest.main()
