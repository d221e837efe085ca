# SPDX-License-Identifier: Apache-2.0
"""The lints themselves: what they must refuse, and what not."""

import unittest

from tests.lint import files, layers


class LayersTest(unittest.TestCase):
    def test_downwards_is_fine(self):
        self.assertIsNone(layers.offence("collectors", '"', "exporter/postgres/rows.h"))
        self.assertIsNone(layers.offence("exporter/http", '"', "exporter/http/server.h"))
        self.assertIsNone(layers.offence("exporter/base", "<", "vector"))

    def test_upwards_and_sideways_are_not(self):
        self.assertIn("must not", layers.offence("collectors", '"', "exporter/collect/backoff.h"))
        self.assertIn("must not", layers.offence("exporter/config", '"', "exporter/metrics/page.h"))

    def test_third_parties_stay_in_their_folder(self):
        self.assertIsNone(layers.offence("exporter/postgres", "<", "libpq-fe.h"))
        self.assertIn("alone", layers.offence("collectors", "<", "libpq-fe.h"))

    def test_unknown_folder(self):
        self.assertIn("no known layer", layers.offence("exporter/base", '"', "result.h"))


class FilesTest(unittest.TestCase):
    MARKED = "// SPDX-License-Identifier: Apache-2.0\n"

    def test_good(self):
        self.assertEqual(list(files.offences("exporter/base/log.cc", self.MARKED)), [])

    def test_name_length_mark_and_path(self):
        self.assertTrue(list(files.offences("exporter/base/utils.h", self.MARKED)))
        self.assertTrue(list(files.offences("exporter/base/a.h", self.MARKED + "\n" * 401)))
        self.assertTrue(list(files.offences("exporter/base/a.h", "int x;\n")))
        self.assertTrue(list(files.offences("a.py", self.MARKED + "'/wor" + "k/main'")))


if __name__ == "__main__":
    unittest.main()
