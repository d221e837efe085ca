# SPDX-License-Identifier: Apache-2.0
"""The proof of the dashboards itself: what it must call wrong, and what not."""

import unittest

from grafana.tests.dashboards import Query
from tests.grafana import answers
from tests.grafana.answers import Answer


class Prometheus:
    """Answers each question alike."""

    def __init__(self, *metrics, value="1"):
        self._result = [{"metric": metric, "value": [0, value], "values": [[0, value]]}
                        for metric in metrics]

    def api(self, path, **_):
        return ["s1", "s2"] if path.startswith("label/") else {"result": self._result}


def asked(*metrics, kind="instant", value="1", expr="pgrepl_up", uid="pgrepl-cluster"):
    return answers.ask(Prometheus(*metrics, value=value), Query(uid, "panel", "A", expr, kind))


def panel(kind, legend=""):
    return {"type": kind, "targets": [{"refId": "A", "legendFormat": legend}]}


def answer(*series, ref="A"):
    return Answer(Query("pgrepl-cluster", "panel", ref, "", "instant"), list(series))


class AskTest(unittest.TestCase):
    def test_good(self):
        for kind in ("instant", "range", "annotation"):
            self.assertEqual(asked({"server": "s1"}, kind=kind).wrong, [])

    def test_values_of_a_variable(self):
        found = asked(kind="variable", expr="label_values(pgrepl_up{pg_cluster='main'}, server)")
        self.assertEqual((found.series, found.wrong), ([{"server": "s1"}, {"server": "s2"}], []))

    def test_not_a_number(self):
        self.assertEqual(asked({}, value="NaN").wrong, ["NaN"])

    def test_labels_of_the_exporter(self):
        self.assertEqual(asked({"instance": "a"}).wrong, ["not aggregated: instance"])
        self.assertEqual(asked({"instance": "a"}, uid="pgrepl-exporter").wrong, [])

    def test_error(self):
        self.assertRegex(answers.ask(None, asked().query).wrong[0], "AttributeError")


class DoubledTest(unittest.TestCase):
    def test_two_lines_of_one_name(self):
        both = [answer({"server": "s1", "stage": "send"}, {"server": "s1", "stage": "write"})]
        self.assertEqual(answers.doubled(panel("timeseries", "{{server}}"), both), ["twice: s1"])
        self.assertEqual(answers.doubled(panel("timeseries", "{{server}} {{stage}}"), both), [])

    def test_two_rows_of_one_server(self):
        causes = [{"server": "s1", "cause": cause} for cause in ("a", "b")]
        columns = [answer({"server": "s1"}, ref="up"), answer(*causes, ref="why")]
        self.assertEqual(len(answers.doubled(panel("table"), columns)), 1)
        columns[1].series.pop()
        self.assertEqual(answers.doubled(panel("table"), columns), [])

    def test_graph(self):
        nodes = answer({"id": "p"}, ref="nodes")
        edges = answer({"id": "p to s1", "source": "p", "target": "s1"}, ref="edges")
        self.assertEqual(answers.doubled(panel("nodeGraph"), [nodes, edges]),
                         ["an edge without its node: s1"])
        nodes.series.append({"id": "s1"})
        self.assertEqual(answers.doubled(panel("nodeGraph"), [nodes, edges]), [])


if __name__ == "__main__":
    unittest.main()
