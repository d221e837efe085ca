# SPDX-License-Identifier: Apache-2.0
"""The chart has the project's rules and dashboards, and makes objects of the very same."""

import json
import unittest

import yaml

from helm.tests import copies
from helm.tests.chart import CHART, REPOSITORY, of_kind, only, render, with_least


def groups(pattern):
    return [group for file in sorted(REPOSITORY.glob(pattern))
            for group in yaml.safe_load(file.read_text())["groups"]]


class CopiesTest(unittest.TestCase):
    def test_copies_are_current(self):
        there = {file for file in (CHART / "files").rglob("*") if file.is_file()}
        self.assertEqual(there, set(copies.wanted()) | {CHART / "files/README.md"},
                         "run make chart")
        for copy, source in copies.wanted().items():
            self.assertEqual(copy.read_bytes(), source.read_bytes(), f"{copy.name}: run make chart")

    def test_rules_are_those_of_the_project(self):
        rule = only(render(with_least(prometheusRule={"enabled": True})), "PrometheusRule")
        self.assertEqual(rule["spec"]["groups"], groups("alerts/rules/*.yaml"))

    def test_and_with_compatibility_those_as_well(self):
        rule = only(render(with_least(prometheusRule={"enabled": True, "compatibility": True})),
                    "PrometheusRule")
        self.assertEqual(rule["spec"]["groups"],
                         groups("alerts/rules/*.yaml") + groups("alerts/compatibility/*.yaml"))

    def test_dashboards_are_those_of_the_project(self):
        objects = of_kind(render(with_least(dashboards={"enabled": True})), "ConfigMap")
        rendered = {name: json.loads(text) for one in objects for name, text in one["data"].items()
                    if name.endswith(".json")}
        files = sorted((REPOSITORY / "grafana/dashboards").glob("*.json"))
        self.assertEqual(rendered, {file.name: json.loads(file.read_text()) for file in files})


if __name__ == "__main__":
    unittest.main()
