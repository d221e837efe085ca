# SPDX-License-Identifier: Apache-2.0
"""Sub-commands that ask an exporter which has a web configuration."""

import os
import subprocess
import unittest
from pathlib import Path

from tests.lab.workspace import Workspace
from tests.proof.web_config import Served, ours, write_certificates
from tests.proof.web_config_cases import USERS, VERIFY, Case

BINARY = os.environ.get("PGREPL_EXPORTER")
# Nobody listens there: a sub-command asks its exporter itself.
PROXY = {"http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}


class AskTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not BINARY:
            raise unittest.SkipTest("PGREPL_EXPORTER names no exporter to test")
        cls.workspace = cls.enterClassContext(Workspace())
        cls.folder = cls.workspace.folder
        write_certificates(cls.folder)
        (cls.folder / "password").write_text("secret\n")
        (cls.folder / "wrong").write_text("another-secret\n")
        case = Case("both", f"{VERIFY}  client_allowed_sans: [prometheus.example]\n{USERS}")
        argv = ours(Path(BINARY).resolve(), cls.folder)
        cls.url = f"https://127.0.0.1:{cls.enterClassContext(Served(cls.workspace, case, argv)).port}"

    def ask(self, *flags, sub_command="topology"):
        return subprocess.run(
            [BINARY, sub_command, f"--exporter={self.url}", *flags], text=True, capture_output=True,
            timeout=30, env=os.environ | PROXY, check=False)

    def identity(self, certificate="client", password="password"):
        return [f"--exporter.ca-file={self.folder}/ca.crt",
                f"--exporter.cert-file={self.folder}/{certificate}.crt",
                f"--exporter.key-file={self.folder}/{certificate}.key", "--exporter.user=prom",
                f"--exporter.password-file={self.folder}/{password}"]

    def test_with_certificate_and_password(self):
        done = self.ask(*self.identity())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("main", done.stdout)
        self.assertEqual(self.ask(*self.identity(), sub_command="healthcheck").returncode, 0)

    def test_what_lacks_is_said(self):
        for flags, words in (
                ([], "certificate"),
                (self.identity(certificate="other"), "no exporter answers at"),
                (self.identity(password="wrong"), "wants another password, or one at all"),
                (self.identity()[:3], "--exporter.password-file=FILE"),
                (self.identity(password="missing"), "/missing")):
            done = self.ask(*flags)
            with self.subTest(words):
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn(words, done.stderr)
                self.assertNotIn("another-secret", done.stderr)


if __name__ == "__main__":
    unittest.main()
