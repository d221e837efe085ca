# SPDX-License-Identifier: Apache-2.0
"""Each alert has a unit test that fires it, one that is silent, and one whose series vanish.

By name and by content, so that none is there in name only.
"""

import unittest

from alerts.tests.rules import ALERTS
from alerts.tests.unit_tests import KINDS, all_tests, subject

# Its expression is a constant: nothing silences it, and no series of it can end.
ALWAYS_FIRES = {"PostgresReplicationWatchdog"}


def _expected(alert, test):
    """What it expects of the alert, each time that it looks, by hand or from a case."""
    looks = [look.get("exp_alerts") or [] for look in test.get("alert_rule_test", [])
             if look["alertname"] == alert]
    return looks or [look["exp_samples"] for look in test.get("promql_expr_test", [])
                     if f'alertname="{alert}"' in look["expr"]]


def _fires(alert, test):
    return any(one.get("exp_labels") and one.get("exp_annotations") or one.get("labels")
               for expected in _expected(alert, test) for one in expected)


def _silent(alert, test):
    expected = _expected(alert, test)
    return bool(expected and test["input_series"]) and not any(expected)


def _vanishes(alert, test):
    ends = any(word == "stale" or word.startswith("_")
               for series in test["input_series"] for word in str(series["values"]).split()[1:])
    return ends and bool(_expected(alert, test))


CONTENT = {"fires": (_fires, "expects its labels and annotations"),
           "silent": (_silent, "looks at it and expects nothing, each time"),
           "vanishes": (_vanishes, "looks at it when a series has ended (stale or _)")}


def lacking(alert, tests):
    """What is missing for the alert among the tests."""
    for kind in KINDS if alert not in ALWAYS_FIRES else ["fires"]:
        of_kind = [test for test in tests if subject(test) == (alert, kind)]
        right, what = CONTENT[kind]
        if not of_kind:
            yield f"{alert} has no test named `{alert}: {kind} ...`"
        elif kind == "silent":
            yield from (f"not silent only: {test['name']}" for test in of_kind
                        if not right(alert, test))
        elif not any(right(alert, test) for test in of_kind):
            yield f"no test `{alert}: {kind} ...` {what}"


class CoverageTest(unittest.TestCase):
    def test_each_alert_fires_is_silent_and_vanishes(self):
        tests = all_tests()
        lacks = [one for alert in ALERTS for one in lacking(alert.name, tests)]
        if lacks:
            self.fail("\n".join(["", *lacks]))

    def test_each_unit_test_is_about_an_alert(self):
        names = {alert.name for alert in ALERTS}
        for test in all_tests():
            alert, kind = subject(test)
            self.assertIn(alert, names, test.get("name"))
            self.assertIn(kind, KINDS, test["name"])

    def test_each_unit_test_says_its_interval(self):
        """Without one promtool takes a minute, whatever the evaluation interval is."""
        for test in all_tests():
            self.assertEqual(test.get("interval"), "15s", test["name"])


class LackingTest(unittest.TestCase):
    """That the gate closes."""

    LOOK = {"eval_time": "1m", "alertname": "A"}
    FIRING = LOOK | {"exp_alerts": [{"exp_labels": {"x": "y"}, "exp_annotations": {"summary": "s"}}]}
    SILENT = LOOK | {"exp_alerts": []}
    HELD = [{"series": "s", "values": "1x4"}]
    ENDS = [{"series": "s", "values": "1x4 stale"}]
    TESTS = [{"name": "A: fires", "input_series": HELD, "alert_rule_test": [SILENT, FIRING]},
             {"name": "A: silent", "input_series": HELD, "alert_rule_test": [SILENT]},
             {"name": "A: vanishes", "input_series": ENDS, "alert_rule_test": [FIRING, SILENT]}]

    def _lacking_with(self, index, **change):
        tests = list(self.TESTS)
        tests[index] = tests[index] | change
        return list(lacking("A", tests))

    def test_nothing(self):
        self.assertEqual(list(lacking("A", self.TESTS)), [])

    def test_a_test_of_each_kind(self):
        for index in range(3):
            self.assertEqual(len(self._lacking_with(index, name="B: fires")), 1)

    def test_one_that_never_fires_or_without_annotations(self):
        self.assertEqual(len(self._lacking_with(0, alert_rule_test=[self.SILENT])), 1)
        bare = self.LOOK | {"exp_alerts": [{"exp_labels": {"x": "y"}}]}
        self.assertEqual(len(self._lacking_with(0, alert_rule_test=[bare])), 1)

    def test_a_silent_one_that_fires_or_looks_at_nothing(self):
        self.assertEqual(len(self._lacking_with(1, alert_rule_test=[self.SILENT, self.FIRING])), 1)
        self.assertEqual(len(self._lacking_with(1, alert_rule_test=[])), 1)
        self.assertEqual(len(self._lacking_with(1, input_series=[])), 1)

    def test_a_series_that_does_not_end(self):
        self.assertEqual(len(self._lacking_with(2, input_series=self.HELD)), 1)


if __name__ == "__main__":
    unittest.main()
