# SPDX-License-Identifier: Apache-2.0
"""Half a minute of `make soak`, and that it would notice."""

import os
import unittest

from tests.lab import sanitizer
from tests.lab.workspace import Workspace
from tests.proof.growth import ALLOWED, Growth
from tests.proof.soak import Soak

BINARY = os.environ.get("PGREPL_EXPORTER")
SECONDS = 30


class GrowthTest(unittest.TestCase):
    def growth(self, step):
        """Of what grows by so much each look, after a start that takes anyone some."""
        growth = Growth(pid=1)
        for look in range(100):
            start = min(look, 15)
            growth.add(*(start + step * look for _ in ALLOWED))
        return list(growth.wrong())

    def test_what_grows_is_noticed(self):
        self.assertEqual(len(self.growth(0.5)), len(ALLOWED))

    def test_what_is_flat_is_not(self):
        self.assertEqual(self.growth(0), [])

    def test_descriptors_alone(self):
        growth = Growth(pid=1)
        for look in range(100):
            growth.add(10, 20 + look, 60)
        self.assertEqual(list(growth.wrong()), ["descriptors: 59 at first, 119 at last"])


@unittest.skipUnless(BINARY, "PGREPL_EXPORTER names no exporter to test")
class SoakTest(unittest.TestCase):
    def test_it_does_not_grow(self):
        with Workspace() as workspace:
            soak = Soak(workspace, BINARY)
            growth = soak.play(SECONDS)
            wrong = [one for one in soak.wrong(growth) if not (sanitizer.IS_ON and one.startswith("memory"))]
            self.assertEqual(wrong, [])
        print(soak.counts, f"the slowest page {soak.slowest:.2f} s", list(growth.rows()))
        self.assertGreater(min(soak.counts.values()), 5)


if __name__ == "__main__":
    unittest.main()
