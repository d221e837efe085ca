# SPDX-License-Identifier: Apache-2.0
"""Breaks one thing of one rule at a time: a unit test of its group must notice each.

    /usr/bin/python3 -m unittest alerts.tests.mutation_test [-k test_lag]
"""

import os
import unittest
from concurrent.futures import ThreadPoolExecutor

from alerts.tests.broken_rules import mutations, unchanged
from alerts.tests.rules import RULES
from alerts.tests.unit_tests import GROUPS, promtool, subject, tests_of_group

# Changes that change nothing, and why: (rule, line, change).
_NO_MATTER = "so little lies between that no figure meets it, or only for a moment"
EQUIVALENT = {
    ("PostgresSlotNearLoss", "< on (pg_cluster, server) group_left ()", "with <="): _NO_MATTER,
    ("PostgresWalDiskFullSoon", ") < 0", "with <="): "nothing is left then: the next line fires",
    ("PostgresWalDiskFullSoon", "< 0.2 # wal_directory_left_ratio", "with <="): _NO_MATTER,
    ("PostgresArchiveFullSoon", ") < 0", "with <="): "nothing is left then: the next line fires",
}


def noticed(mutation, tests):
    """What the first test says that notices; the likely ones are asked first."""
    about = [test for test in tests if subject(test)[0] in mutation.alerts]
    likely = [test for test in about if subject(test)[1] == mutation.likely]
    rest = [test for test in about if test not in likely]
    return promtool(mutation.rules, likely) or promtool(mutation.rules, rest)


def verdict(mutation, tests):
    """None if a test notices it, else what is wrong."""
    said = noticed(mutation, tests)
    if (mutation.rule, mutation.text.strip(), mutation.change) in EQUIVALENT:
        return f"{mutation}: is noticed, so it is not equivalent" if said else None
    if not said:
        return f"{mutation}: noticed by no test"
    # A rule that cannot be read fails every test, and shows nothing.
    return None if "got:" in said else f"{mutation}: {said}"


class MutationTest(unittest.TestCase):
    maxDiff = None

    def _each_is_noticed(self, group):
        text = (RULES / f"{group}.yaml").read_text()
        tests = tests_of_group(group)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            self.assertEqual("".join(pool.map(lambda one: noticed(one, tests), unchanged(text))), "")
            verdicts = list(pool.map(lambda one: verdict(one, tests), mutations(text)))
        self.assertTrue(verdicts)
        wrong = [one for one in verdicts if one]
        if wrong:
            self.fail("\n".join([f"{len(wrong)} of {len(verdicts)}", *wrong]))


class ExampleTest(unittest.TestCase):
    RULES = """\
groups:
  - name: pgrepl_x
    rules:
      - record: r
        expr: max(a)

      - alert: A
        expr: |
          r > 5 # limit
          and (
            sum(f(b,
              c)) == 1
            or d
          )
          unless e
        for: 1m
        labels:
          severity: warning
"""

    def test_what_is_broken(self):
        self.assertEqual([(one.line, one.change) for one in mutations(self.RULES)], [
            (9, "with 5.5"), (9, "with 4.5"), (9, "with >="), (10, "removed"), (12, "with == 0"),
            (13, "removed"), (15, "removed"), (16, "doubled"), (16, "halved"), (18, "made critical")])

    def test_a_clause_ends_with_its_operand(self):
        whole, _, last = (one.rules for one in mutations(self.RULES) if one.change == "removed")
        self.assertIn("r > 5 # limit\n          unless e\n        for", whole)
        self.assertIn("          )\n        for", last)

    def test_the_comma_or_bracket_behind_a_clause_stays(self):
        for end in (',\n            "x")', ")"):
            text = self.RULES.replace("r > 5 # limit", f"f(r\n            and max(y) == 1{end}")
            removed = next(one.rules for one in mutations(text) if one.change == "removed")
            self.assertIn(f"f(r\n            {end}\n          and", removed)

    def test_what_no_test_notices_is_named(self):
        self.assertEqual(verdict(next(mutations(self.RULES)), []),
                         "A, line 9: `r > 5 # limit` with 5.5: noticed by no test")


def _test_of(group):
    return lambda self: self._each_is_noticed(group)


for _group in GROUPS:
    setattr(MutationTest, f"test_{_group}", _test_of(_group))


if __name__ == "__main__":
    unittest.main()
