# SPDX-License-Identifier: Apache-2.0
"""What every dashboard and every panel must have, and that what they name exists."""

import re
import unittest

from alerts.tests.rules import METRICS, RUNBOOKS, rules_text
from grafana.tests import dashboards
from grafana.tests.dashboards import DASHBOARDS, FOLDER, UIDS, panels

RECORDED = set(re.findall(r"^ *- record: (\S+)$", rules_text(), re.MULTILINE))
# Also with what Prometheus appends to a histogram's name.
METRIC = re.compile(r"(?<![\w:])(pgrepl_\w+|process_\w+)(?![\w:])")
RECORD = re.compile(r"(?<![\w:])([a-z_]+:\w+:\w+)")
RUNBOOK = re.compile(r"^\$\{runbooks\}/(\w+)\.md$")
OF_A_ROW = "${__data.fields.Alert}"
DASHBOARD = re.compile(r"^/d/([\w-]+)\?")
# Panels that show states have mappings, on all of the panel or on a column.
UNITLESS = {"none"}


def each_panel():
    for dashboard in DASHBOARDS:
        for panel in panels(dashboard):
            yield f"{dashboard['uid']}: {panel['title']}", panel


class DashboardsTest(unittest.TestCase):
    def test_there_are_four_with_fixed_uids(self):
        self.assertEqual(sorted(file.stem for file in FOLDER.glob("*.json")), sorted(UIDS))
        self.assertEqual([one["uid"] for one in DASHBOARDS], list(UIDS))
        self.assertEqual(len({one["title"] for one in DASHBOARDS}), len(UIDS))

    def test_they_can_be_loaded_by_any_grafana(self):
        for one in DASHBOARDS:
            self.assertNotIn("id", one)
            self.assertNotIn("__inputs", one)
            self.assertIn(one["schemaVersion"], range(39, 42))
            self.assertLessEqual(len(one["uid"]), 40)

    def test_they_look_and_behave_alike(self):
        for one in DASHBOARDS:
            self.assertIs(one["editable"], False)
            self.assertEqual(one["graphTooltip"], 1)
            self.assertEqual(one["timezone"], "browser")
            self.assertIn(one["refresh"], ("15s", "30s"))
            self.assertIn("pg_replication_exporter", one["tags"])
            self.assertNotIn("liveNow", one)
            self.assertTrue(one["description"])

    def test_ids_of_panels_are_unique(self):
        for one in DASHBOARDS:
            ids = [panel["id"] for panel in dashboards.rows_and_panels(one)]
            self.assertEqual(len(ids), len(set(ids)), one["uid"])

    def test_titles_of_panels_are_unique(self):
        for one in DASHBOARDS:
            titles = [panel["title"] for panel in panels(one)]
            self.assertEqual(sorted(titles), sorted(set(titles)), one["uid"])

    def test_panels_lie_beside_each_other(self):
        for one in DASHBOARDS:
            taken = set()
            for panel in dashboards.rows_and_panels(one):
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
                cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                         for y in range(place["y"], place["y"] + place["h"])}
                if panel not in one["panels"]:
                    continue  # In a collapsed row: it has no place until that is opened.
                self.assertFalse(cells & taken, panel["title"])
                taken |= cells


class PanelsTest(unittest.TestCase):
    def test_each_says_what_it_shows(self):
        for name, panel in each_panel():
            self.assertTrue(panel["title"].strip(), name)
            self.assertRegex(panel["description"], r"\.$", name)

    def test_each_says_why_it_may_be_empty(self):
        for name, panel in each_panel():
            self.assertGreater(len(panel["fieldConfig"]["defaults"]["noValue"]), 10, name)

    def test_each_has_a_unit_or_names_states(self):
        for name, panel in each_panel():
            config = panel["fieldConfig"]
            self.assertTrue(config["defaults"]["unit"], name)
            if panel["type"] == "state-timeline":
                self.assertTrue(config["defaults"]["mappings"], name)

    def test_only_what_has_no_unit_says_none(self):
        for name, panel in each_panel():
            defaults = panel["fieldConfig"]["defaults"]
            if panel["type"] == "stat" and defaults["unit"] in UNITLESS:
                is_name = panel["options"]["textMode"] == "name"
                self.assertTrue(defaults["mappings"] or is_name, name)

    def test_columns_with_links_or_overrides_exist(self):
        for name, panel in each_panel():
            if panel["type"] == "table":
                organize = panel["transformations"][-1]["options"]
                columns = set(organize["renameByName"].values())
                named = {one["matcher"]["options"] for one in panel["fieldConfig"]["overrides"]}
                self.assertLessEqual(named, columns, name)

    def test_links_name_columns_and_variables_that_exist(self):
        for dashboard in DASHBOARDS:
            known = set(dashboards.variables(dashboard))
            for where, address in dashboards.links(dashboard).items():
                for variable in re.findall(r"\$\{(\w+)(?::\w+)?\}", address):
                    if not variable.startswith("__"):
                        self.assertIn(variable, known, f"{dashboard['uid']}: {where}")


class NamesTest(unittest.TestCase):
    def test_metrics_exist(self):
        for dashboard in DASHBOARDS:
            for query in dashboards.queries(dashboard):
                for metric in METRIC.findall(RECORD.sub("", query.expr)):
                    base = re.sub(r"_bucket$", "", metric)
                    self.assertIn(base, METRICS, query.name)

    def test_recorded_series_are_recorded(self):
        for dashboard in DASHBOARDS:
            for query in dashboards.queries(dashboard):
                self.assertLessEqual(set(RECORD.findall(query.expr)), RECORDED, query.name)

    def test_each_panel_that_needs_the_rules_says_so(self):
        for name, panel in each_panel():
            expressions = [one["expr"] for one in panel["targets"]]
            if panel["type"] == "stat" and RECORD.search(expressions[0]) and not any(
                    re.search(r"\b(on|or) ", one) for one in expressions):
                self.assertIn("alerts/rules", panel["fieldConfig"]["defaults"]["noValue"], name)

    def test_links_lead_to_dashboards_and_runbooks_that_exist(self):
        for dashboard in DASHBOARDS:
            for where, address in dashboards.links(dashboard).items():
                name = f"{dashboard['uid']}: {where}: {address}"
                to_dashboard, to_runbook = DASHBOARD.match(address), RUNBOOK.match(address)
                if to_dashboard:
                    self.assertIn(to_dashboard[1], UIDS, name)
                elif to_runbook:
                    self.assertTrue((RUNBOOKS / f"{to_runbook[1]}.md").exists(), name)
                else:
                    self.assertIn(OF_A_ROW, address, name)

    def test_each_dashboard_leads_to_all_others(self):
        for dashboard in DASHBOARDS:
            targets = {DASHBOARD.match(link["url"])[1] for link in dashboard["links"]}
            self.assertEqual(targets, set(UIDS) - {dashboard["uid"]})
            self.assertTrue(all(link["keepTime"] for link in dashboard["links"]))

    def test_variables_in_addresses_are_known_there(self):
        known = {one["uid"]: set(dashboards.variables(one)) for one in DASHBOARDS}
        for dashboard in DASHBOARDS:
            for where, address in dashboards.links(dashboard).items():
                target = DASHBOARD.match(address)
                given = set(re.findall(r"\bvar-(\w+)=", address)) | set(
                    re.findall(r"\$\{(\w+):queryparam\}", address))
                self.assertLessEqual(given, known[target[1]] if target else set(), where)

    def test_notifications_lead_to_the_cluster(self):
        template = (RUNBOOKS.parent / "alertmanager/pgrepl.tmpl").read_text()
        uid, variable = re.search(r"/d/([\w-]+)\?var-(\w+)=", template).groups()
        self.assertEqual((uid, variable), ("pgrepl-cluster", "cluster"))
        self.assertIn(variable, dashboards.variables(dashboards.read(uid)))


if __name__ == "__main__":
    unittest.main()
