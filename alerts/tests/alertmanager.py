# SPDX-License-Identifier: Apache-2.0
"""The shipped Alertmanager files: as data, and changed for a test."""

import re

import yaml

from alerts.tests.rules import ALERTS_FOLDER

FOLDER = ALERTS_FOLDER / "alertmanager"
SHIPPED = FOLDER / "alertmanager.yml"
RECEIVERS = FOLDER / "receivers.yml"
TEMPLATE = FOLDER / "pgrepl.tmpl"
# Of an alert that has fired for long: Alertmanager does not let it wait for its group.
BEGAN = {"startsAt": "2026-01-02T03:04:05Z"}


def configuration():
    return yaml.safe_load(SHIPPED.read_text())


def names_in(matchers):
    """The alerts that matchers select by name."""
    return [name for matcher in matchers for name in re.findall(r"\bPostgres[A-Z]\w+", matcher)]


def with_real_receivers():
    """The shipped file as a site has it that followed README.md."""
    routing = SHIPPED.read_text().partition("\nreceivers:")[0]
    return routing + "\nreceivers:" + RECEIVERS.read_text().partition("\nreceivers:")[2]


def with_bases(runbooks, grafana):
    """The template with a site's addresses in its two lines."""
    parts = TEMPLATE.read_text().split('$base := ""')
    assert len(parts) == 3, "pgrepl.tmpl has two bases"
    return f'{parts[0]}$base := "{runbooks}"{parts[1]}$base := "{grafana}"{parts[2]}'


def edited(text, **changes):
    """The text of a configuration with other values, as group_wait="1s", wherever a key stands."""
    for key, value in changes.items():
        text, count = re.subn(rf"\b{key}: \S+$", f"{key}: {value}", text, flags=re.MULTILINE)
        assert count, f"no {key}"
    return text


def written(folder, text, template=None):
    """A configuration file in this folder, with its template."""
    file = folder / "alertmanager.yml"
    file.write_text(text)
    (folder / TEMPLATE.name).write_text(template or TEMPLATE.read_text())
    return file


def alert(name, severity="warning", **labels):
    """As Prometheus sends it."""
    return {"labels": {"alertname": name, "severity": severity} | labels,
            "annotations": {"summary": f"summary of {name}",
                            "description": f"description of {name}",
                            "runbook_url": f"alerts/runbooks/{name}.md"}}
