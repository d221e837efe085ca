# SPDX-License-Identifier: Apache-2.0
"""Web configurations as tests/proof/web_config_cases.py has them, by the real binary; exporters in Go are asked by
make proof-web-config. And what docs/web-config.md says of them."""

import os
import unittest
from pathlib import Path

from tests.lab.workspace import Workspace
from tests.proof.web_config import DOCUMENT, Served, ours, write_certificates
from tests.proof.web_config_cases import CASES

BINARY = os.environ.get("PGREPL_EXPORTER")


class WebConfigTest(unittest.TestCase):
    def test_each_is_taken_or_refused_in_a_line(self):
        if not BINARY:
            self.skipTest("PGREPL_EXPORTER names no exporter to test")
        workspace = self.enterContext(Workspace())
        write_certificates(workspace.folder)
        argv = ours(Path(BINARY).resolve(), workspace.folder)
        for case in CASES:
            with self.subTest(case.name), Served(workspace, case, argv) as server:
                self.assertEqual(server.refused is None, case.taken, server.refused)
                if case.taken:
                    continue
                self.assertEqual(server.process.exit_code, 1)
                self.assertIn(f"{workspace.folder}/web.yml:", server.refused)
                self.assertEqual(server.process.log.count("\n"), 1)

    def test_the_document_has_each(self):
        text = DOCUMENT.read_text(encoding="utf-8")
        for case in CASES:
            self.assertRegex(text, rf"\| {case.name} \| (taken|refused) \| "
                                   rf"{'taken' if case.taken else 'refused'} \| {case.why} \|")


if __name__ == "__main__":
    unittest.main()
