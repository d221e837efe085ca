# SPDX-License-Identifier: Apache-2.0
"""The rules, the thresholds and the metrics there are, as data."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

ALERTS_FOLDER = Path(__file__).resolve().parent.parent
RULES = ALERTS_FOLDER / "rules"
RUNBOOKS = ALERTS_FOLDER / "runbooks"
_METRICS_TABLE = ALERTS_FOLDER.parent / "docs/metrics.md"

# Ours, with what Prometheus appends to a histogram's name.
_METRIC = re.compile(r"(?<![\w:])(pgrepl_\w+|process_\w+)(?![\w:*])")
# As grep takes it: pgrepl_up(_reason)?
_ALTERNATIVES = re.compile(r"(pgrepl_\w*)\(([\w|]+)\)(\w*)(\??)")


@dataclass(frozen=True)
class Alert:
    name: str
    group: str
    expression: str
    labels: dict
    annotations: dict
    after: str  # its `for`

    @property
    def text(self):
        """All that may name a metric."""
        return "\n".join([self.expression, *self.annotations.values()])


def _groups():
    for file in sorted(RULES.glob("*.yaml")):
        yield from yaml.safe_load(file.read_text())["groups"]


def rules_text():
    return "\n".join(file.read_text() for file in sorted(RULES.glob("*.yaml")))


def names_in(text):
    """Of the exporter's metrics, and of none that a rule records."""
    return set(_METRIC.findall(_ALTERNATIVES.sub(_spelled_out, text)))


def _spelled_out(found):
    return " ".join(found[1] + one + found[3] for one in (*found[2].split("|"), "")[
        :None if found[4] else -1])


ALERTS = [Alert(rule["alert"], group["name"], rule["expr"], rule["labels"], rule["annotations"],
                rule.get("for", "0s"))
          for group in _groups() for rule in group["rules"] if "alert" in rule]
THRESHOLDS = yaml.safe_load((ALERTS_FOLDER / "thresholds.yaml").read_text())
METRICS = set(re.findall(r"^\| `(\w+)`", _METRICS_TABLE.read_text(), re.MULTILINE))
