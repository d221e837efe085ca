# SPDX-License-Identifier: Apache-2.0
"""What the template makes of what is rare; notifications_test.py has what is common."""

import json
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from alerts.tests.alertmanager import BEGAN, TEMPLATE, alert, with_bases
from tests.lab.process import run

ENDED = {"status": "resolved", "endsAt": "2026-01-02T04:00:00Z"}


def rendered(name, *alerts, template=None):
    """A definition of the template, for a notification about these alerts."""
    alerts = [{"status": "firing"} | BEGAN | one for one in alerts]
    firing = any(one["status"] == "firing" for one in alerts)
    data = {"receiver": "tickets", "status": "firing" if firing else "resolved", "alerts": alerts,
            "externalURL": "http://alertmanager:9093", "groupLabels": {},
            "commonLabels": alerts[0]["labels"], "commonAnnotations": {}}
    with TemporaryDirectory() as folder:
        Path(folder, "data.json").write_text(json.dumps(data))
        Path(folder, "site.tmpl").write_text(template or TEMPLATE.read_text())
        return run(["amtool", "template", "render", f"--template.glob={folder}/site.tmpl",
                    f"--template.data={folder}/data.json",
                    f'--template.text={{{{ template "{name}" . }}}}'])


class TemplateTest(unittest.TestCase):
    def test_the_title_counts_what_fires_and_names_the_most_severe(self):
        self.assertEqual(rendered("pgrepl.title", alert("A", pg_cluster="main"),
                                  alert("B", "critical", pg_cluster="main"),
                                  alert("C", "critical", pg_cluster="main") | ENDED),
                         "[FIRING:2] main critical: B")

    def test_the_title_says_when_all_is_over(self):
        self.assertEqual(rendered("pgrepl.title", alert("A", pg_cluster="main") | ENDED),
                         "[RESOLVED] main warning: A")

    def test_an_alert_without_our_labels_and_annotations(self):
        foreign = {"labels": {"alertname": "NodeDown"}, "annotations": {}}
        self.assertEqual(rendered("pgrepl.title", foreign), "[FIRING:1]: NodeDown")
        site = with_bases("https://git.example/x", "https://grafana.example")
        self.assertEqual(rendered("pgrepl.text", foreign, template=site).split("\n"), [
            "NodeDown: ", "Since: 2026-01-02 03:04:05 UTC",
            "Silence: http://alertmanager:9093/#/silences/new?"
            "filter=%7Balertname%3D%22NodeDown%22%7D",
            "", ""])
        for link in ("runbook_link", "dashboard_link"):
            self.assertEqual(rendered(f"pgrepl.top.{link}", foreign, template=site), "")
        self.assertEqual(rendered("pgrepl.pagerduty.severity", foreign), "error")

    def test_a_runbook_elsewhere_stays_where_it_is(self):
        for template in (None, with_bases("https://git.example/x", "")):
            one = alert("A")
            one["annotations"]["runbook_url"] = "https://wiki.example/A"
            self.assertIn("\nRunbook: https://wiki.example/A\n",
                          rendered("pgrepl.text", one, template=template))

    def test_what_is_over_says_from_when_to_when(self):
        self.assertEqual(
            rendered("pgrepl.text", alert("A", pg_cluster="main") | ENDED).split("\n"),
            ["Resolved: A: summary of A",
             "Since: 2026-01-02 03:04:05 UTC until 2026-01-02 04:00:00 UTC", "", ""])

    def test_a_silence_takes_any_label(self):
        self.assertIn(
            "filter=%7Balertname%3D%22A%22%2Cslot_name%3D%22a%20%2B%20%5C%22b%5C%22%22%7D\n",
            rendered("pgrepl.text", alert("A", slot_name='a + "b"')))

    def test_slack_sees_severity_in_colour(self):
        page = alert("A", "critical")
        for one, color in ((page, "danger"), (alert("A"), "warning"), (page | ENDED, "good")):
            self.assertEqual(rendered("pgrepl.slack.color", one), color)


if __name__ == "__main__":
    unittest.main()
