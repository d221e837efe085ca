# SPDX-License-Identifier: Apache-2.0
"""The rules of grafana/dashboard-linter, in Python: it can't be had from the Go module proxy.

Four of its 17 rules don't fit, each with what stands in for it:

- template-job-rule, template-instance-rule, target-job-rule, target-instance-rule: our series are
  of servers of clusters (pg_cluster, server), whoever watches them. Each query aggregates job and
  instance away, which test_nothing_of_the_exporter_is_left demands instead; a matcher of them would
  show what one of two exporters says, or each server twice. So the variables are `cluster` and
  `server`, and for the exporter's own health `instance`, under the linter's conditions; Cluster and
  Standby are about one cluster, which is chosen alone.

Its two rules for LogQL have nothing to apply to. target-rate-interval-rule has exclusions:
OTHER_RANGES.
"""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

from grafana.tests import dashboards
from grafana.tests.dashboards import DASHBOARDS, RANGE, panel_queries, panels

# A range that is an alert's or has a meaning of its own, and of which function.
OTHER_RANGES = {
    "10m": {"increase"},  # PostgresRecoveryConflicts, PostgresSubscriptionErrors
    # PostgresReceiverFlapping, PostgresSlotNearLoss
    "15m": {"increase", "predict_linear", "deriv"},
    "1h": {"predict_linear"},  # PostgresWalDiskFullSoon
    "6h": {"predict_linear"},  # PostgresArchiveFullSoon
    "1d": {"last_over_time"},  # PostgresReplicationExporterDown
}
UNITS = {"none", "short", "s", "bytes", "Bps", "ops", "percentunit", "dateTimeFromNow"}
SELECTOR = re.compile(r"\b(?:pgrepl_\w+|process_\w+|ALERTS|[a-z_]+:\w+:\w+)(\{[^}]*\})?")
COUNTER = re.compile(r"(\w+)\((\w+_total)\b")


def each_query():
    for dashboard in DASHBOARDS:
        yield from panel_queries(dashboard)


class TemplateTest(unittest.TestCase):
    def test_template_datasource_rule(self):
        for dashboard in DASHBOARDS:
            sources = [one for one in dashboards.variables(dashboard).values()
                       if one["type"] == "datasource"]
            self.assertEqual([(one["name"], one["label"], one["query"]) for one in sources],
                             [("datasource", "Data source", "prometheus")])

    def test_template_variables_as_the_linter_wants_job_and_instance(self):
        for dashboard in DASHBOARDS:
            for name, one in dashboards.variables(dashboard).items():
                if one["type"] == "query":
                    self.assertEqual(one["datasource"]["uid"], "${datasource}")
                    self.assertTrue(one["label"])
                    if name != "cluster" or dashboard["uid"] in ("pgrepl-fleet", "pgrepl-exporter"):
                        self.assertTrue(one["multi"] and one["includeAll"], name)
                        self.assertEqual(one["allValue"], ".+")

    def test_template_on_time_change_reload_rule(self):
        for dashboard in DASHBOARDS:
            for one in dashboards.variables(dashboard).values():
                self.assertTrue(one["type"] != "query" or one["refresh"] == 2, one["name"])

    def test_template_label_promql_rule(self):
        for dashboard in DASHBOARDS:
            for query in dashboards.variable_queries(dashboard):
                self.assertRegex(query.expr, r"^label_values\(pgrepl_\w+(\{[^}]+\})?, \w+\)$")

    def test_uneditable_dashboard_rule(self):
        self.assertTrue(all(one["editable"] is False for one in DASHBOARDS))


class PanelTest(unittest.TestCase):
    def test_panel_datasource_rule(self):
        for dashboard in DASHBOARDS:
            for panel in panels(dashboard):
                for one in (panel, *panel["targets"]):
                    self.assertEqual(one["datasource"]["type"], "prometheus")
                    self.assertEqual(one["datasource"]["uid"], "${datasource}")
            for one in dashboard["annotations"]["list"]:
                self.assertEqual(one["datasource"]["uid"], "${datasource}")

    def test_panel_title_description_rule(self):
        for dashboard in DASHBOARDS:
            self.assertTrue(all(one["title"] and one["description"] for one in panels(dashboard)))

    def test_panel_units_rule(self):
        for dashboard in DASHBOARDS:
            for panel in panels(dashboard):
                config = panel["fieldConfig"]
                columns = [property["value"] for override in config["overrides"]
                           for property in override["properties"] if property["id"] == "unit"]
                self.assertLessEqual({config["defaults"]["unit"], *columns}, UNITS, panel["title"])

    def test_panel_no_targets_rule(self):
        for dashboard in DASHBOARDS:
            self.assertTrue(all(one["targets"] for one in panels(dashboard)))


class TargetTest(unittest.TestCase):
    def test_target_promql_rule(self):
        """Prometheus itself parses every query, and those of the annotations."""
        rules = [{"record": "parsed", "labels": {"query": query.name}, "expr": query.filled()}
                 for dashboard in DASHBOARDS
                 for query in panel_queries(dashboard) + dashboards.annotation_queries(dashboard)]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "queries.yaml"
            file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
            done = subprocess.run(["promtool", "check", "rules", file], text=True, timeout=60,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_every_selector_is_of_what_was_chosen(self):
        for query in each_query():
            plain = re.sub(r"\b(by|on|group_left) \([^)]*\)", "", query.expr)
            for found in SELECTOR.finditer(plain):
                self.assertRegex(found[1] or "", r"\$(cluster|instance)\b",
                                 f"{query.name}: {found[0]}")

    def test_target_rate_interval_rule(self):
        for query in each_query():
            for found in RANGE.finditer(query.expr):
                function = re.findall(r"(\w+)\([^()]*$", query.expr[:found.start()])[-1]
                self.assertTrue(found[1] == "$__rate_interval"
                                or function in OTHER_RANGES.get(found[1], ()),
                                f"{query.name}: {function} {found[0]}")

    def test_target_counter_agg_rule(self):
        for query in each_query():
            functions = dict((name, function) for function, name in COUNTER.findall(query.expr))
            for name in re.findall(r"\bpgrepl_\w+_total\b|\bprocess_\w+_total\b", query.expr):
                self.assertIn(functions.get(name), ("rate", "irate", "increase"), query.name)

    def test_nothing_of_the_exporter_is_left(self):
        """instance, job and pod are aggregated away: but for the exporter's own health."""
        for query in each_query():
            # What a rule records is aggregated there.
            plain = re.sub(r"\{[^}]*\}|\b[a-z_]+:\w+:\w+", "", query.expr)
            # An aggregation encloses each selector: max by (...) (f(x[5m])).
            for found in re.finditer(r"\b(pgrepl_\w+|process_\w+|ALERTS)\b", plain):
                self.assertTrue(_is_aggregated(plain[:found.start()]), f"{query.name}: {found[0]}")
            labels = {label for those in re.findall(r"\bby \(([^)]*)\)", plain)
                      for label in re.split(r",\s*", those)}
            allowed = {"instance"} if query.dashboard == "pgrepl-exporter" else set()
            self.assertFalse(labels & {"instance", "job", "pod"} - allowed, query.name)
            self.assertNotRegex(plain, r"\bwithout\b")


def _is_aggregated(before):
    """Whether an open bracket before it is an aggregation's."""
    opened = []
    for found in re.finditer(r"((?:max|min|sum|count|group|topk) by \([^)]*\) )?\(|\)", before):
        if found[0] == ")":
            if opened:
                opened.pop()
        else:
            opened.append(bool(found[1]))
    return any(opened)


if __name__ == "__main__":
    unittest.main()
