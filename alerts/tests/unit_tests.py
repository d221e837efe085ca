# SPDX-License-Identifier: Apache-2.0
"""promtool's unit tests, as data: `<alert>: fires|silent|vanishes ...`.

By hand in `<group>.test.yaml`, with annotations, or from cases.py.
"""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import yaml

from alerts.tests.case import tests_of
from alerts.tests.cases import CASES
from alerts.tests.rules import ALERTS, RULES

FOLDER = Path(__file__).resolve().parent
GROUPS = sorted(file.stem for file in RULES.glob("*.yaml"))
KINDS = ("fires", "silent", "vanishes")


class _Loader(yaml.SafeLoader):
    """In which 0x20 is what promtool takes it for, 20 more zeros, and no hexadecimal number."""
    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:int"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?\d+$"), list("-0123456789"))


def read(file):
    return yaml.load(file.read_text(), _Loader)["tests"]


def by_hand(group):
    file = FOLDER / f"{group}.test.yaml"
    return read(file) if file.exists() else []


def from_cases(group):
    alerts = {alert.name: alert for alert in ALERTS if alert.group == f"pgrepl_{group}"}
    return [test for case in CASES if case.alert in alerts
            for test in tests_of(case, alerts[case.alert].labels["severity"])]


def tests_of_group(group):
    """Those by hand, and of alerts that have none those from their cases."""
    written = by_hand(group)
    subjects = {subject(test)[0] for test in written}
    return written + [test for test in from_cases(group) if subject(test)[0] not in subjects]


def all_tests():
    return [test for group in GROUPS for test in tests_of_group(group)]


def subject(test):
    """The alert that it is about, and what it shows of it."""
    alert, _, rest = test.get("name", "").partition(": ")
    return alert, rest.partition(" ")[0]


def doubled(test):
    """With another exporter that says all the same, as a pair of them does for high availability."""
    return test | {"input_series": [
        copy for series in test.get("input_series", []) for copy in (series, _of_another(series))]}


def _of_another(series):
    name, _, labels = series["series"].removesuffix("}").partition("{")
    instance = re.search(r'instance="([^"]*)"', labels)
    labels = ",".join(filter(None, re.split(r',?instance="[^"]*",?', labels)))
    twin = f'instance="{instance[1] if instance else ""}-twin"'
    return series | {"series": f"{name}{{{','.join(filter(None, (labels, twin)))}}}"}


def promtool(rules, tests):
    """What promtool says when the tests are put to the rules; empty: all pass."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.yaml").write_text(rules)
        # JSON is YAML, too, and quickly written.
        (folder / "test.yaml").write_text(json.dumps({
            "rule_files": ["rules.yaml"], "evaluation_interval": "15s", "tests": tests}))
        done = subprocess.run(["promtool", "test", "rules", folder / "test.yaml"], text=True,
                              env=os.environ | {"GOGC": "off"},  # it ends before memory matters
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"promtool ended with {done.returncode}: {done.stdout}")
    return done.stdout if done.returncode else ""
