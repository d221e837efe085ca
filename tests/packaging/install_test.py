# SPDX-License-Identifier: Apache-2.0
"""What stands beside the binary in a package: the manual, completions, the unit, the role's SQL."""

import os
import re
import shutil
import subprocess
import unittest

from tests.lab.process import run
from tests.lab.workspace import REPOSITORY, Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
BUILD = REPOSITORY / "build/release"
UNIT = REPOSITORY / "packaging/systemd/pg_replication_exporter.service"


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace())
        cls.root = cls.workspace.folder / "root"
        run(["cmake", "--install", BUILD, "--prefix", cls.root / "usr"])

    def commands(self):
        found = run([BINARY, "--help"]).partition("Sub-commands")[2].partition("\n\n")[0]
        return re.findall(r"^  ([a-z]+) ", found, re.M)

    def test_each_sub_command_has_its_page(self):
        pages = sorted(file.name for file in (self.root / "usr/share/man/man1").iterdir())
        self.assertEqual(pages, sorted(["pg_replication_exporter.1.gz", *(
            f"pg_replication_exporter-{one}.1.gz" for one in self.commands())]))
        for page in pages:
            said = run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z",
                        self.root / "usr/share/man/man1" / page])
            self.assertNotIn("warning:", said)

    def test_man_finds_each_by_its_name(self):
        for one in self.commands():
            name = f"pg_replication_exporter-{one}"
            self.assertIn(f'"{name} - ', run(["lexgrog", self.root / f"usr/share/man/man1/{name}.1.gz"]))

    def test_examples_are_lines(self):
        text = run(["man", "-E", "UTF-8", "-l", self.root / "usr/share/man/man1/pg_replication_exporter.1.gz"],
                   env={**os.environ, "MANWIDTH": "70"})
        for line in run([BINARY, "--help"]).partition("Examples:\n")[2].splitlines():
            self.assertIn(line.strip(), map(str.strip, text.splitlines()))

    def test_the_manual_has_each_flag(self):
        text = run(["zcat", self.root / "usr/share/man/man1/pg_replication_exporter.1.gz"])
        plain = re.sub(r"\\f[A-Z]|\\[,/]", "", text).replace(r"\-", "-")
        for flag in set(re.findall(r"--[a-z][a-z.-]+", run([BINARY, "--help"]))):
            self.assertIn(flag, plain)

    def test_bash_completes_what_there_is(self):
        def complete(*words):
            script = (f"PATH={os.path.dirname(BINARY)}:$PATH; source {self.root}/usr/share/bash-completion/"
                      "completions/pg_replication_exporter; COMP_WORDS=(" + " ".join(words) + "); "
                      f"COMP_CWORD={len(words) - 1}; _pg_replication_exporter; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
            return run(["bash", "-c", script]).split()
        self.assertEqual(complete("pg_replication_exporter", "--web.t"), ["--web.telemetry-path"])
        self.assertEqual(complete("pg_replication_exporter", "topo"), ["topology"])
        self.assertIn("--format", complete("pg_replication_exporter", "topology", "--"))
        self.assertNotIn("--web.telemetry-path", complete("pg_replication_exporter", "topology", "--"))
        self.assertEqual(set(self.commands()) - set(complete("pg_replication_exporter", "''")), set())
        for words in (("--config.file", "/etc/pass"), ("--config.file", "=", "/etc/pass")):
            self.assertIn("/etc/passwd", complete("pg_replication_exporter", *words))

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_completes_what_there_is(self):
        def complete(*words):
            # The shell's own builtins, which work in a completion only, say what they are given.
            script = ("compadd() { print -l -- ${@:#--} }; compset() { }; _files() { print FILES }; "
                      f"path=({os.path.dirname(BINARY)} $path); words=({' '.join(words)}); "
                      f"CURRENT={len(words)}; complete() {{ source {self.root}/usr/share/zsh/"
                      "vendor-completions/_pg_replication_exporter }; complete")
            return run(["zsh", "-f", "-c", script]).split()
        self.assertEqual(set(self.commands()) - set(complete("pg_replication_exporter", "''")), set())
        self.assertIn("--web.telemetry-path", complete("pg_replication_exporter", "''"))
        self.assertIn("--format", complete("pg_replication_exporter", "topology", "''"))
        self.assertNotIn("--web.telemetry-path", complete("pg_replication_exporter", "topology", "''"))
        self.assertEqual(complete("pg_replication_exporter", "--config.file=/e"), ["FILES"])

    def test_systemd_takes_the_unit(self):
        unit = self.workspace.folder / UNIT.name
        # Where the program is on this machine.
        unit.write_text(UNIT.read_text().replace("/usr/bin/pg_replication_exporter", BINARY))
        self.assertEqual(run(["systemd-analyze", "verify", "--man=no", unit]), "")

    def test_the_unit_is_locked_up(self):
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", str(UNIT)],
                              capture_output=True, text=True, check=False)
        exposure = re.search(r"Overall exposure level.*: ([0-9.]+)", done.stdout)
        self.assertIsNotNone(exposure, done.stderr)
        self.assertLessEqual(float(exposure[1]), 2.0)

    def test_the_configuration_of_the_package_loads(self):
        config = REPOSITORY / "packaging/systemd/config.yml"
        done = subprocess.run([BINARY, f"--config.file={config}", "--web.listen-address=192.0.2.1:1"],
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertIn("192.0.2.1", done.stderr)

    def test_the_role_is_what_the_readme_says(self):
        sql = (REPOSITORY / "postgresql-ha/sql/monitoring_role.sql").read_text()
        self.assertIn("LOGIN", sql)
        self.assertIn("IN ROLE pg_monitor", sql)
        self.assertIn("postgresql-ha/sql/monitoring_role.sql", (REPOSITORY / "README.md").read_text())


if __name__ == "__main__":
    unittest.main()
