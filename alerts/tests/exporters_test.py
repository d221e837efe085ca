# SPDX-License-Identifier: Apache-2.0
"""Two exporters on one cluster double nothing: each unit test says the same with a twin of each series."""

import unittest

from alerts.tests.rules import RULES
from alerts.tests.rules_test import OF_A_TARGET
from alerts.tests.unit_tests import FOLDER, doubled, promtool, read, subject


class TwoExportersTest(unittest.TestCase):
    maxDiff = None

    def test_each_unit_test_says_the_same(self):
        for file in sorted(FOLDER.glob("*.test.yaml")):
            group = file.name.removesuffix(".test.yaml")
            tests = [doubled(test) for test in read(file) if subject(test)[0] not in OF_A_TARGET]
            with self.subTest(group):
                self.assertEqual(promtool((RULES / f"{group}.yaml").read_text(), tests), "")

    def test_the_twin_is_another_one(self):
        series = [one["series"] for name in ('x{a="1",instance="p"}', 'x{instance="p",a="1"}', "x")
                  for one in doubled({"input_series": [{"series": name}]})["input_series"]]
        self.assertEqual(series, ['x{a="1",instance="p"}', 'x{a="1",instance="p-twin"}',
                                  'x{instance="p",a="1"}', 'x{a="1",instance="p-twin"}',
                                  "x", 'x{instance="-twin"}'])


if __name__ == "__main__":
    unittest.main()
