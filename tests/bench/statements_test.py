# SPDX-License-Identifier: Apache-2.0
"""Whose statement is whose."""

import unittest

from bench import statements

PRINTED = """\
-- Each session begins with these options:
--   jit=off
-- Statements are prepared, once on each connection. Before each round:
SELECT pg_is_in_recovery();

-- wal: WAL on disk
-- needs pg_monitor

-- wal: all versions, primary and standbys
-- asked before it, whether the role may:
SELECT may();
SELECT count(*),
       1
  FROM pg_ls_waldir();

-- slots: 17 and later, primary and standbys
SELECT new();

-- slots: 12 to 16, primary and standbys
SELECT old();
"""
OWNERS = {"SELECT pg_is_in_recovery()": "each round", "SELECT may()": "rights, before a listing",
          "SELECT count(*), 1 FROM pg_ls_waldir()": "wal", "SELECT new()": "slots", "SELECT old()": "slots"}


class StatementsTest(unittest.TestCase):
    def test_owners(self):
        self.assertEqual(statements.collectors(PRINTED), OWNERS)

    def test_sums_by_collector(self):
        spent = [(6, 1.5, "SELECT new()"), (2, 0.5, "SELECT old()"), (1, 0.25, "SELECT set_config()"),
                 (1, 9.0, " SELECT count(*), 1  FROM pg_ls_waldir()")]
        self.assertEqual(statements.by_collector(spent, OWNERS),
                         {"slots": (8, 2.0), "wal": (1, 9.0), "other": (1, 0.25)})

    def test_the_dearest_first_and_the_sum_last(self):
        head, first, second, last = statements.rows(
            {"p": {"slots": (6, 3.0), "wal": (1, 5.0)}, "s1": {"wal": (1, 1.0)}}, minutes=2)
        self.assertEqual(len(head), 7)
        self.assertEqual(first, ("wal", "0.5", "5.000", "2.50", "0.5", "1.000", "0.50"))
        self.assertEqual(second, ("slots", "3.0", "0.500", "1.50", "", "", ""))
        self.assertEqual(last, ("all", "3.5", "", "4.00", "0.5", "", "0.50"))


if __name__ == "__main__":
    unittest.main()
