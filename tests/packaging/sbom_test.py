# SPDX-License-Identifier: Apache-2.0
"""The SBOM: what SPDX 2.3 asks of a document, and what our binary is known to have in it."""

import json
import os
import unittest

from tests.lab.process import run
from tests.lab.workspace import REPOSITORY, Workspace

BINARY = os.environ.get("PGREPL_EXPORTER")
DEB = "pg-replication-exporter_0.1.0-1~bookworm_amd64.deb"


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class SbomTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.workspace = cls.enterClassContext(Workspace())
        deb = cls.workspace.folder / DEB
        deb.write_bytes(b"")
        cls.document = json.loads(cls.make(deb))

    @staticmethod
    def make(deb):
        return run(["python3", REPOSITORY / "packaging/sbom.py", BINARY, deb],
                   env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"})

    def test_document(self):
        self.assertEqual(self.document["spdxVersion"], "SPDX-2.3")
        self.assertEqual(self.document["dataLicense"], "CC0-1.0")
        self.assertEqual(self.document["SPDXID"], "SPDXRef-DOCUMENT")
        self.assertEqual(self.document["creationInfo"]["created"], "2023-11-14T22:13:20Z")
        for key in ("name", "documentNamespace"):
            self.assertTrue(self.document[key])

    def test_packages_have_what_they_must(self):
        packages = self.document["packages"]
        for one in packages:
            for key in ("name", "versionInfo", "downloadLocation"):
                self.assertTrue(one[key], one)
            self.assertRegex(one["SPDXID"], r"^SPDXRef-[A-Za-z0-9.-]+$")
        self.assertEqual(len({one["SPDXID"] for one in packages}), len(packages))

    def test_relations_are_of_what_is_there(self):
        known = {one["SPDXID"] for one in self.document["packages"]}
        relations = {(one["relationshipType"], one["relatedSpdxElement"])
                     for one in self.document["relationships"]}
        self.assertEqual({other for _, other in relations}, known)
        self.assertIn(("DESCRIBES", "SPDXRef-pg-replication-exporter"), relations)
        self.assertIn(("DYNAMIC_LINK", "SPDXRef-libpq5"), relations)
        self.assertIn(("STATIC_LINK", "SPDXRef-civetweb"), relations)

    def test_the_whole_is_the_package(self):
        whole = self.document["packages"][0]
        self.assertEqual((whole["packageFileName"], whole["versionInfo"]), (DEB, "0.1.0-1~bookworm"))
        # Of nothing, as the file is empty.
        self.assertTrue(whole["checksums"][0]["checksumValue"].startswith("e3b0c44298fc1c149afb"))

    def test_once_more_is_the_same(self):
        self.assertEqual(json.loads(self.make(self.workspace.folder / DEB)), self.document)


if __name__ == "__main__":
    unittest.main()
