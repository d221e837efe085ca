# SPDX-License-Identifier: Apache-2.0
"""Whose lines of a server's log are counted."""

import unittest

from bench import sessions

LOG = """\
2026-11-27 11:05:01.001 UTC [77] [unknown] LOG:  connection received: host=127.0.0.1 port=4711
2026-11-27 11:05:01.002 UTC [77] [unknown] LOG:  connection authenticated: identity="pgrepl_monitor"
2026-11-27 11:05:01.003 UTC [77] [unknown] LOG:  connection authorized: user=x database=y application_name=peer-0.17.1
2026-11-27 11:05:01.004 UTC [77] peer-0.17.1 LOG:  statement: SELECT version();
2026-11-27 11:05:01.005 UTC [77] peer-0.17.1 LOG:  execute <unnamed>: SELECT 1
2026-11-27 11:05:01.006 UTC [77] peer-0.17.1 ERROR:  recovery is in progress
2026-11-27 11:05:01.007 UTC [77] peer-0.17.1 STATEMENT:  SELECT pg_current_wal_lsn()
2026-11-27 11:05:01.008 UTC [88] ours-1s LOG:  execute s1: SELECT pg_is_in_recovery()
2026-11-27 11:05:01.009 UTC [99] lab LOG:  statement: SELECT ' peer-0.17.1 LOG:  statement: '
"""


class LogTest(unittest.TestCase):
    def test_statements_of_one_program(self):
        self.assertEqual(sessions.statements(LOG, "peer-0.17.1"), 2)
        self.assertEqual(sessions.statements(LOG, "ours-1s"), 1)
        self.assertEqual(sessions.statements(LOG, "ours"), 0)

    def test_connections_of_one_program(self):
        self.assertEqual(sessions.connections(LOG, "peer-0.17.1"), 1)
        self.assertEqual(sessions.connections(LOG, "ours-1s"), 0)


if __name__ == "__main__":
    unittest.main()
