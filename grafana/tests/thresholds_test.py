# SPDX-License-Identifier: Apache-2.0
"""A panel changes its colour where an alert fires: its figures are alerts/thresholds.yaml's."""

import re
import unittest

import yaml

from alerts.tests.rules import ALERTS_FOLDER, THRESHOLDS
from grafana.tests.dashboards import DASHBOARDS, panel_queries, threshold_steps

MAX_LAG = "max_lag"
CRITICAL_LAG = "max_lag * lag_critical_factor"
LAG = [MAX_LAG, CRITICAL_LAG]

# The names of the figures of each panel, and of each column (panel, column). 0 and 1 stand for
# themselves: what must not be, or be below.
NAMES = {
    "Worst lag": LAG, "Lag": LAG, "Worst lag by cluster": LAG, "Lag by standby": LAG,
    "Lag, its threshold and its delay": LAG, "RPO, time": LAG,
    "Worst lag, of its max_lag": [1, "lag_critical_factor"],
    ("Clusters", "Of max_lag"): [1, "lag_critical_factor"],
    ("Standbys", "Of max_lag"): [1, "lag_critical_factor"],
    "Without a primary": [1], "Standbys missing": [1], "Blind targets": [1], "Firing alerts": [1],
    ("Clusters", "Missing"): [1], ("Clusters", "Blind"): [1], ("Clusters", "Alerts"): [1],
    ("Clusters", "Slots at risk"): [1], "Slots at risk": [1],
    ("Clusters", "Sync margin"): [0], "Sync margin": [0], "WAL margin": [0],
    "Why the worst lags": [1], "Cause": [1],
    ("Clusters", "Waits for archive"): ["archive_ready_age_seconds"],
    "Oldest WAL to archive": ["archive_ready_age_seconds"],
    "Waits to be archived": ["archive_ready_age_seconds"],
    "Segments that wait": ["archive_ready_files"], "Gaps in the archive": [1],
    "Oldest commit that waits": ["commit_wait_seconds"],
    "Feedback holds vacuum back": ["xmin_age"],
    ("Replication slots", "Unused for"): ["slot_inactive_seconds"],
    ("Replication slots", "Retained"): ["slot_retained_bytes"],
    ("Replication slots", "Safe"): [0], "Safe WAL by slot": [0],
    ("Replication slots", "Time to loss"): ["slot_loss_seconds"],
    ("Replication slots", "xmin age"): ["xmin_age"],
    ("Replication slots", "catalog_xmin age"): ["xmin_age"],
    ("Replication slots", "Synchronized"): ["slot_sync_age_seconds"],
    "Slots and senders in use": ["slot_headroom_ratio"],
    "Room on the disk of pg_wal": ["wal_avail_floor_ratio", "wal_avail_ratio"],
    "Forecast of the disk of pg_wal, in 4 hours": [0],
    "Forecast of the archive's disk, in 3 days": [0],
    "Queries that replay cancelled": ["recovery_conflicts"],
    "Clock skew": ["clock_skew_seconds"], ("Servers", "Clock skew"): ["clock_skew_seconds"],
    "Errors of subscriptions": ["subscription_errors"],
    "Receiver restarts": ["receiver_restarts"],
    "Exporters that don't": [1], "Failing collectors": [1], "Servers with missing rights": [1],
}
# Figures in expressions, where the alert has them in its own.
IN_EXPRESSIONS = ("slot_loss_seconds", "slot_reserve_ratio", "silence_factor", "wal_full_seconds",
                  "archive_full_seconds")

# States, the milliseconds of a second, the percentile and the number of slowest ones.
SHAPE = {0, 1, 2, 3, 4, 10, 0.99, 1000}


def _max_lag():
    text = (ALERTS_FOLDER.parent / "packaging/pg_replication_exporter.yml").read_text()
    return float(re.fullmatch(r"(\d+)s", yaml.safe_load(text)["defaults"]["max_lag"])[1])


def figure(name):
    if name == CRITICAL_LAG:
        return _max_lag() * THRESHOLDS["lag_critical_factor"]
    if name == MAX_LAG:
        return _max_lag()
    return THRESHOLDS[name] if isinstance(name, str) else name


class ThresholdsTest(unittest.TestCase):
    def test_steps_are_the_alerts(self):
        for dashboard in DASHBOARDS:
            for panel, column, values in threshold_steps(dashboard):
                where = (panel, column) if column else panel
                expected = [figure(name) for name in NAMES.get(where, [])]
                self.assertEqual(values, expected, f"{dashboard['uid']}: {where}")

    def test_no_panel_is_named_that_isn_t_there(self):
        there = {(panel, column) if column else panel
                 for dashboard in DASHBOARDS for panel, column, _ in threshold_steps(dashboard)}
        self.assertLessEqual(set(NAMES), there)

    def test_the_slots_two_headrooms_are_one(self):
        self.assertEqual(THRESHOLDS["slot_headroom_ratio"], THRESHOLDS["sender_headroom_ratio"])

    def test_figures_in_expressions_are_the_alerts(self):
        known = {figure(name) for name in THRESHOLDS}
        for dashboard in DASHBOARDS:
            for query in panel_queries(dashboard):
                plain = re.sub(r'"[^"]*"|\[[^\]]*\]|\boffset \w+', "", query.expr)
                for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", plain):
                    if float(number) not in SHAPE:
                        self.assertIn(float(number), known, query.name)

    def test_the_expressions_have_them(self):
        everything = " ".join(query.expr for dashboard in DASHBOARDS
                              for query in panel_queries(dashboard))
        for name in IN_EXPRESSIONS:
            self.assertRegex(everything, rf"(?<![\w.]){THRESHOLDS[name]}(?![\w.])", name)


if __name__ == "__main__":
    unittest.main()
