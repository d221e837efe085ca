# SPDX-License-Identifier: Apache-2.0
"""What promtool doesn't ask of the rules: one source of thresholds, a runbook each, no stray label."""

import re
import unittest

from alerts.tests import document
from alerts.tests.rules import ALERTS, METRICS, RUNBOOKS, THRESHOLDS, names_in, rules_text

# Of a threshold in an expression: its value, and its name in a comment.
MARKED = re.compile(r"([0-9.]+) # (\w+)")
# Of the setup kit; no metric.
MONITORING_ROLE = "pgrepl_monitor"
SEVERITIES = {"critical", "warning", "info", "none"}
# The exporter's own alerts are about one target; the watchdog is about nothing.
OF_A_TARGET = {"PostgresReplicationExporterDown", "PostgresExporterClockSkew",
               "PostgresExporterConfigRejected"}


class ThresholdsTest(unittest.TestCase):
    def test_each_stands_in_a_rule_with_the_same_value(self):
        used = {}
        for value, name in MARKED.findall(rules_text()):
            used.setdefault(name, set()).add(float(value))
        self.assertEqual(used, {name: {value} for name, value in THRESHOLDS.items()})

    def test_the_page_takes_the_same_for_long(self):
        source = (RUNBOOKS.parent.parent / "exporter/report/concerns.cc").read_text()
        self.assertEqual(float(re.search(r"kCommitWaitSeconds = (\d+)", source)[1]),
                         THRESHOLDS["commit_wait_seconds"])

    def test_no_comparison_with_a_figure_without_a_name(self):
        for alert in ALERTS:
            for line in alert.expression.splitlines():
                found = re.search(r"(?:[<>]=?|\*) (\d[\d.]*)(?! #)\b", line)
                # 0 and 1 are states, or the least there is.
                self.assertTrue(not found or float(found[1]) in (0, 1) or MARKED.search(line),
                                f"{alert.name}: {line.strip()}")


class AlertsTest(unittest.TestCase):
    def test_names_are_unique_and_end_in_a_runbook(self):
        names = [alert.name for alert in ALERTS]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual({f"{name}.md" for name in names},
                         {file.name for file in RUNBOOKS.glob("Postgres*.md")})
        for alert in ALERTS:
            self.assertEqual(alert.annotations["runbook_url"], f"alerts/runbooks/{alert.name}.md")

    def test_the_list_of_alerts_is_current(self):
        self.assertEqual(document.FILE.read_text(), document.text(), "run make docs")

    def test_annotations_are_the_three_of_all(self):
        for alert in ALERTS:
            self.assertEqual(list(alert.annotations), ["summary", "description", "runbook_url"],
                             alert.name)

    def test_severity_is_the_only_label_and_a_known_one(self):
        for alert in ALERTS:
            self.assertEqual(list(alert.labels), ["severity"], alert.name)
            self.assertIn(alert.labels["severity"], SEVERITIES, alert.name)

    def test_only_alerts_of_a_target_keep_its_labels(self):
        for alert in ALERTS:
            if alert.name not in OF_A_TARGET:
                for labels in re.findall(r"\bby \(([^)]*)\)", alert.expression):
                    self.assertLessEqual({"instance", "job", "pod"} & set(re.split(r"[, ]+", labels)),
                                         {"instance", "job"} if "clock_skew" in alert.expression
                                         else set(), alert.name)

    def test_each_metric_is_one_that_a_collector_has(self):
        for alert in ALERTS:
            for name in names_in(alert.text):
                self.assertIn(name, METRICS, alert.name)

    def test_runbooks_name_no_metric_and_no_alert_that_is_not_there(self):
        known = {alert.name for alert in ALERTS}
        for file in sorted(RUNBOOKS.glob("*.md")):
            text = file.read_text()
            for name in names_in(text) - {MONITORING_ROLE}:
                self.assertIn(name, METRICS, file.name)
            for name in re.findall(r"\bPostgres[A-Z]\w+", text):
                if name != "PostgreSQL":
                    self.assertIn(name, known, file.name)


if __name__ == "__main__":
    unittest.main()
