# SPDX-License-Identifier: Apache-2.0
"""Asks Prometheus what Grafana would, and says what is wrong with the answers."""

import math
import re
import time
from dataclasses import dataclass, field

SLOWEST = 1  # second
SPAN, STEP = 300, 5  # seconds of a graph, and between its points
FILLING = {"$__rate_interval": "20s", "$cluster": "main"}
OF_EXPORTERS = {"instance", "job", "pod"}
PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
LABEL_VALUES = re.compile(r"label_values\((.*), (\w+)\)$")


@dataclass
class Answer:
    """Series are dictionaries of labels; `wrong` is empty if all is well."""
    query: object
    series: list = field(default_factory=list)
    seconds: float = 0
    wrong: list = field(default_factory=list)


def ask(prometheus, query):
    answer = Answer(query)
    begin = time.monotonic()
    try:
        _ask(prometheus, query, answer)
    except Exception as error:  # HTTP errors carry Prometheus' own words.
        answer.wrong.append(f"{type(error).__name__}: {error}")
    answer.seconds = time.monotonic() - begin
    if answer.seconds > SLOWEST:
        answer.wrong.append(f"took {answer.seconds:.1f} s")
    return answer


def _ask(prometheus, query, answer):
    now = time.time()
    if query.kind == "variable":
        series, label = LABEL_VALUES.match(query.filled(FILLING)).groups()
        values = prometheus.api(f"label/{label}/values", **{
            "match[]": series, "start": now - SPAN, "end": now})
        answer.series = [{label: value} for value in values]
        return
    expression = query.filled(FILLING)
    if query.kind == "instant":
        result = prometheus.api("query", query=expression)["result"]
        samples = [[one["value"]] for one in result]
    else:
        result = prometheus.api("query_range", query=expression, start=now - SPAN, end=now,
                                step=STEP)["result"]
        samples = [one["values"] for one in result]
    answer.series = [one["metric"] for one in result]
    if any(math.isnan(float(value)) for those in samples for _, value in those):
        answer.wrong.append("NaN")
    allowed = {"instance"} if query.dashboard == "pgrepl-exporter" else set()
    left = {label for one in answer.series for label in one} & OF_EXPORTERS - allowed
    if left:
        answer.wrong.append(f"not aggregated: {', '.join(sorted(left))}")


def doubled(panel, answers):
    """What would come twice in this panel."""
    if panel["type"] == "nodeGraph":
        return _doubled_in_graph({one.query.ref: one.series for one in answers})
    if panel["type"] == "table":
        return _doubled_rows([one for one in answers if one.series])
    legends = {target["refId"]: target["legendFormat"] for target in panel["targets"]}
    names = [PLACEHOLDER.sub(lambda found, one=one: one.get(found[1], ""),
                             legends[answer.query.ref])
             for answer in answers for one in answer.series]
    return [f"twice: {name}" for name in sorted({name for name in names if names.count(name) > 1})]


def _doubled_rows(answers):
    """Rows are joined by the labels that all columns have."""
    if not answers:
        return []
    shared = set.intersection(*({label for one in answer.series for label in one}
                                for answer in answers))
    wrong = []
    for answer in answers:
        rows = [tuple(sorted((label, one.get(label)) for label in shared)) for one in answer.series]
        wrong += [f"{answer.query.ref} has two rows for {dict(row)}"
                  for row in set(rows) if rows.count(row) > 1]
    return wrong


def _doubled_in_graph(frames):
    wrong = []
    for ref, series in frames.items():
        ids = [one["id"] for one in series]
        wrong += [f"{ref} twice: {one}" for one in set(ids) if ids.count(one) > 1]
    nodes = {one["id"] for one in frames["nodes"]}
    ends = {one[end] for one in frames["edges"] for end in ("source", "target")}
    return wrong + [f"an edge without its node: {one}" for one in sorted(ends - nodes)]
