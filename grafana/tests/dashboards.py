# SPDX-License-Identifier: Apache-2.0
"""The committed dashboards, as data."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "dashboards"
UIDS = ("pgrepl-fleet", "pgrepl-cluster", "pgrepl-standby", "pgrepl-exporter")
RANGE = re.compile(r"\[([^\]]+)\]")

# What Grafana puts in for its variables, for a syntax check or a real question.
USUAL = {"$__rate_interval": "1m", "$cluster": "main", "$server": ".+", "$instance": ".+"}


@dataclass(frozen=True)
class Query:
    dashboard: str
    panel: str  # or the name of an annotation or a variable
    ref: str
    expr: str
    kind: str  # instant, range, annotation or variable

    @property
    def name(self):
        return f"{self.dashboard}: {self.panel}: {self.ref}"

    def filled(self, values=None):
        """The expression with values for Grafana's variables."""
        return filled(self.expr, values)


def filled(text, values=None):
    for variable, value in {**USUAL, **(values or {})}.items():
        text = text.replace(variable, value)
    return text


def read(uid):
    return json.loads((FOLDER / f"{uid}.json").read_text(encoding="utf-8"))


def rows_and_panels(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", ())


def panels(dashboard):
    return [panel for panel in rows_and_panels(dashboard) if panel["type"] != "row"]


def variables(dashboard):
    return {one["name"]: one for one in dashboard["templating"]["list"]}


def panel_queries(dashboard):
    return [Query(dashboard["uid"], panel["title"], target["refId"], target["expr"],
                  "instant" if target["instant"] else "range")
            for panel in panels(dashboard) for target in panel["targets"]]


def annotation_queries(dashboard):
    return [Query(dashboard["uid"], one["name"], "annotation", one["expr"], "annotation")
            for one in dashboard["annotations"]["list"]]


def variable_queries(dashboard):
    return [Query(dashboard["uid"], f"${name}", "variable", one["query"]["query"], "variable")
            for name, one in variables(dashboard).items() if one["type"] == "query"]


def queries(dashboard):
    return (panel_queries(dashboard) + annotation_queries(dashboard) + variable_queries(dashboard))


def links(dashboard):
    """{where: address} of every link there is."""
    found = {f"head, {one['title']}": one["url"] for one in dashboard["links"]}
    for panel in panels(dashboard):
        title, config = panel["title"], panel["fieldConfig"]
        lists = [panel["links"], config["defaults"].get("links", []),
                 *(property["value"] for override in config["overrides"]
                   for property in override["properties"] if property["id"] == "links")]
        found |= {f"{title}, {link['title']}": link["url"] for those in lists for link in those}
    return found


def threshold_steps(dashboard):
    """(panel, column or None, values) of all thresholds that are more than a colour."""
    for panel in panels(dashboard):
        config = panel["fieldConfig"]
        yield panel["title"], None, _values(config["defaults"]["thresholds"])
        for override in config["overrides"]:
            for one in override["properties"]:
                if one["id"] == "thresholds":
                    yield panel["title"], override["matcher"]["options"], _values(one["value"])


def _values(thresholds):
    return [step["value"] for step in thresholds["steps"] if step["value"] is not None]


DASHBOARDS = [read(uid) for uid in UIDS]
