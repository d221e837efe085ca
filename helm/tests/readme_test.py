# SPDX-License-Identifier: Apache-2.0
"""The chart's README is what its values say, and says of each what it is for."""

import unittest

import yaml

from helm.tests import document
from helm.tests.chart import CHART, LEAST, notes

# Maps that are Kubernetes' own, documented as a whole.
WHOLE = {"podSecurityContext", "securityContext", "livenessProbe", "readinessProbe", "config"}


def leaves(values, at=()):
    for key, value in values.items():
        path = (*at, key)
        if isinstance(value, dict) and value and path[0] not in WHOLE and key not in (
                "labels", "instanceSelector"):
            yield from leaves(value, path)
        else:
            yield ".".join(path)


class ReadmeTest(unittest.TestCase):
    def test_current(self):
        self.assertEqual(document.FILE.read_text(), document.text(), "run make chart")

    def test_each_value_is_documented(self):
        known = {key for key, _, _ in document.values()}
        self.assertEqual([one for one in leaves(yaml.safe_load((CHART / "values.yaml").read_text()))
                          if one not in known], [])

    def test_notes_say_what_to_check(self):
        for words in ("helm test rel", "No alert will fire", "Nothing makes Prometheus scrape it"):
            self.assertIn(words, notes(LEAST))
        watched = notes(LEAST | {"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}})
        self.assertIn("release: kube-prometheus-stack", watched)
        self.assertIn("prometheusRule.runbookUrl", watched)
        self.assertNotIn("No alert will fire", watched)
        container = notes(LEAST | {"mode": "sidecar"}).partition("containers:\n")[2]
        (exporter,) = yaml.safe_load(container.partition("volumes:")[0])
        self.assertEqual(exporter["name"], "exporter")


if __name__ == "__main__":
    unittest.main()
