# SPDX-License-Identifier: Apache-2.0
"""The lints themselves: what they must refuse, and what not."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.lint import files, layers

MARK = "// SPDX-License-Identifier: Apache-2.0\n"
LINT = Path(__file__).parent


class LayersTest(unittest.TestCase):
    def test_downwards_is_fine(self):
        for path, header in (("collectors/slots.cc", "exporter/postgres/rows.h"),
                             ("collectors/slots.cc", "collectors/slots.h"),
                             ("collectors/slots.cc", "collectors/view.h"),
                             ("collectors/view.h", "collectors/slots.h"),
                             ("exporter/http/server.cc", "exporter/http/guard.h"),
                             ("exporter/http/routes.cc", "collectors/registry.h"),
                             ("exporter/cli/glance.cc", "exporter/report/explain.h"),
                             ("exporter/fleet.h", "exporter/cluster/view.h"),
                             ("exporter/main.cc", "exporter/fleet.h")):
            self.assertIsNone(layers.offence(path, '"', header), f"{path} {header}")

    def test_upwards_and_sideways_are_not(self):
        for path, header in (("collectors/lag.cc", "exporter/collect/backoff.h"),
                             ("exporter/config/load.cc", "exporter/metrics/page.h"),
                             ("exporter/cli/glance.cc", "exporter/http/server.h"),
                             ("exporter/base/log.cc", "exporter/config/config.h"),
                             ("exporter/http/server.cc", "exporter/fleet.h")):
            self.assertIn("must not include", layers.offence(path, '"', header))

    def test_collectors_do_not_know_each_other(self):
        self.assertIn("another's", layers.offence("collectors/lag.cc", '"', "collectors/slots.h"))

    def test_third_parties_stay_in_their_folder(self):
        self.assertIsNone(layers.offence("exporter/postgres/rows.cc", "<", "libpq-fe.h"))
        self.assertIn("alone", layers.offence("collectors/lag.cc", "<", "libpq-fe.h"))
        self.assertIn("alone", layers.offence("exporter/cli/check.cc", "<", "nlohmann/json.hpp"))

    def test_what_everyone_may_include(self):
        for header in ("vector", "fmt/format.h", "unistd.h", "sys/socket.h"):
            self.assertIsNone(layers.offence("collectors/lag.cc", "<", header))

    def test_library_without_a_home(self):
        self.assertIn("no home", layers.offence("collectors/lag.cc", "<", "boost/asio.hpp"))
        self.assertIn("no home", layers.offence("collectors/lag.cc", "<", "curl.h"))

    def test_unknown_folder(self):
        self.assertIn("no known layer", layers.offence("exporter/base/log.cc", '"', "log.h"))
        self.assertIn("no known layer", layers.offence("exporter/new/a.cc", "<", "vector"))


class FilesTest(unittest.TestCase):
    def test_good(self):
        self.assertEqual(list(files.offences("exporter/base/log.cc", MARK)), [])
        self.assertEqual(list(files.offences("a/commonly.cc", MARK + "\n" * 399)), [])

    def test_name(self):
        for name in ("utils.h", "common/a.h", "string_util.h", "misc.py", "test-helpers.sh",
                     "lag_manager.cc"):
            self.assertEqual(list(files.offences(name, MARK)), ["its name says nothing"], name)

    def test_length_mark_ascii_and_path(self):
        self.assertTrue(list(files.offences("a.h", MARK + "\n" * 400)))
        self.assertEqual(list(files.offences("a.h", "int x;\n")), ["no SPDX line"])
        self.assertEqual(list(files.offences("a.h", MARK + "// \u2192\n")),
                         ["line 2 is not ASCII: escape it"])
        self.assertTrue(list(files.offences("a.py", MARK + "'/wor" + "k/main'")))


class TreeTest(unittest.TestCase):
    """Both lints as they are called, on a small tree."""

    def setUp(self):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.write("exporter/base/log.h", MARK)
        self.write("exporter/http/server.cc", MARK + '#include "exporter/base/log.h"\n')

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def lint(self, script):
        for command in (["init", "--quiet"], ["add", "--all"]):
            subprocess.run(["git", *command], cwd=self.root, check=True)
        done = subprocess.run([sys.executable, "-B", LINT / script, self.root], text=True,
                              stdout=subprocess.PIPE, check=False)
        return done.returncode, done.stdout

    def test_good_tree(self):
        self.assertEqual(self.lint("layers.py")[0], 0)
        self.assertEqual(self.lint("files.py")[0], 0)

    def test_bad_edge_is_named(self):
        self.write("exporter/base/log.cc", '\n#  include "exporter/http/server.h"\n')
        self.assertEqual(self.lint("layers.py"), (
            1, "exporter/base/log.cc:2: exporter/base must not include exporter/http\n"))

    def test_folder_of_a_folder_is_seen(self):
        self.write("exporter/http/pages/index.cc", "#include <libpq-fe.h>\n")
        self.assertEqual(self.lint("layers.py"), (
            1, "exporter/http/pages/index.cc:1: exporter/http/pages is no known layer\n"))

    def test_bad_file_is_named(self):
        self.write("exporter/base/utils.cc", MARK)
        self.assertEqual(self.lint("files.py"), (
            1, "exporter/base/utils.cc: its name says nothing\n"))


if __name__ == "__main__":
    unittest.main()
