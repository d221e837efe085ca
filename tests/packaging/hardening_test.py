# SPDX-License-Identifier: Apache-2.0
"""What the linker and the compiler were to put into the binary that ships is there."""

import os
import re
import subprocess
import unittest

BINARY = os.environ.get("PGREPL_EXPORTER")


def readelf(*flags):
    return subprocess.run(["readelf", "--wide", *flags, BINARY], check=True, text=True,
                          capture_output=True).stdout


class HardeningTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not BINARY:
            raise unittest.SkipTest("PGREPL_EXPORTER names no exporter to test")
        cls.segments = readelf("--segments")
        cls.dynamic = readelf("--dynamic")
        cls.symbols = readelf("--dyn-syms")

    def test_it_is_position_independent(self):
        self.assertRegex(readelf("--file-header"), r"Type:\s+DYN")
        self.assertRegex(self.dynamic, r"FLAGS_1.*\bPIE\b")

    def test_relocations_are_read_only(self):
        self.assertIn("GNU_RELRO", self.segments)
        self.assertRegex(self.dynamic, r"FLAGS.*\b(BIND_)?NOW\b")

    def test_no_stack_is_executable(self):
        self.assertRegex(self.segments, r"GNU_STACK.* RW ")

    def test_no_segment_is_writable_and_executable(self):
        self.assertNotRegex(self.segments, r"LOAD.* RWE ")

    def test_stacks_are_protected(self):
        self.assertIn("__stack_chk_fail", self.symbols)

    def test_copies_are_checked(self):
        # Which of them there are is the compiler's choice.
        self.assertTrue(re.findall(r"__\w+_chk@", self.symbols.replace("__stack_chk_fail", "")))

    def test_it_searches_no_folder_of_the_build(self):
        self.assertNotRegex(self.dynamic, r"R(UN)?PATH")


if __name__ == "__main__":
    unittest.main()
