# SPDX-License-Identifier: Apache-2.0
"""What the figures that matter most are, given what two exporters say: asked of promtool."""

import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml

from alerts.tests.rules import RULES
from grafana.tests import dashboards

EXPORTERS = ('instance="a:9717",job="pg"', 'instance="b:9717",job="pg"')
NOW = "20m"

# p leads, s1 follows it, s2 is down and was fed by s1; s9 is known by its upstream alone.
TOPOLOGY = {
    'pgrepl_expected_primaries': 1, 'pgrepl_expected_standbys': 3,
    'pgrepl_up{server="p"}': 1, 'pgrepl_up{server="s1"}': 1, 'pgrepl_up{server="s2"}': 0,
    'pgrepl_in_recovery{server="p"}': 0, 'pgrepl_in_recovery{server="s1"}': 1,
    'pgrepl_in_recovery{server="s2"}': 1,
    'pgrepl_lag_seconds{server="s1"}': 0, 'pgrepl_lag_seconds{server="s2"}': 90,
    'pgrepl_lag_seconds{server="s9"}': 3,
    'pgrepl_edge{server="p",standby="s1"}': 1, 'pgrepl_edge{server="s1",standby="s2"}': 0,
    'pgrepl_edge{server="p",standby="s9"}': 1,
    'pgrepl_standby_connected{server="s1"}': 1, 'pgrepl_standby_connected{server="s2"}': 0,
    'pgrepl_standby_connected{server="s9"}': 1,
    'pgrepl_standby_streaming{server="s1"}': 1, 'pgrepl_standby_streaming{server="s2"}': 0,
    'pgrepl_lag_cause{server="s1",cause="none"}': 1,
    'pgrepl_lag_cause{server="s2",cause="none"}': 0,
    'pgrepl_lag_cause{server="s2",cause="standby_down"}': 1,
    'pgrepl_lag_threshold_seconds{server="s2"}': 60,
}


def slot(name, status="reserved", retained="1000", safe=None):
    """Series of a slot of p."""
    where = f'server="p",slot_name="{name}",slot_type="physical"'
    series = {f'pgrepl_slot_wal_status{{{where},status="{one}"}}': int(one == status)
              for one in ("reserved", "unreserved", "lost")}
    if retained is not None:
        series[f"pgrepl_slot_retained_bytes{{{where}}}"] = retained
    if safe is not None:
        series[f"pgrepl_slot_safe_bytes{{{where}}}"] = safe
    return series


SLOTS = {
    'pgrepl_expected_primaries': 1, 'pgrepl_up{server="p"}': 1,
    'pgrepl_max_slot_wal_keep_size_bytes{server="p"}': 1e9,
    **slot("good", safe="1000000000"),
    **slot("lost", "lost", retained=None),
    **slot("unreserved", "unreserved"),
    **slot("much", retained="20000000000"),
    # By 1000 bytes a second, and by 400000.
    **slot("shrinking", safe="500000000-15000x80"),
    **slot("shrinking fast", safe="500000000-6000000x80"),
}


def expression(panel, ref="A", uid="pgrepl-cluster"):
    found = [query for query in dashboards.panel_queries(dashboards.read(uid))
             if (query.panel, query.ref) == (panel, ref)]
    return found[0].filled()


def sync(required, present):
    return {'pgrepl_sync_required{server="p"}': required,
            'pgrepl_sync_present{server="p"}': present}


class ExpressionsTest(unittest.TestCase):
    def check(self, series, expr, expected):
        """{labels: value} is what must come; pg_cluster goes without saying."""
        samples = [{"labels": labels.replace("{", '{pg_cluster="main",'), "value": value}
                   for labels, value in expected.items()]
        test = {
            "interval": "15s",
            "input_series": [_series(name, values, exporter)
                             for name, values in series.items() for exporter in EXPORTERS],
            "promql_expr_test": [{"expr": expr, "eval_time": NOW, "exp_samples": samples}],
        }
        document = {"rule_files": [str(file) for file in sorted(RULES.glob("*.yaml"))],
                    "evaluation_interval": "15s", "tests": [test]}
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "expressions.yaml"
            file.write_text(yaml.safe_dump(document))
            done = subprocess.run(["promtool", "test", "rules", file], text=True, timeout=60,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_primary(self):
        self.check(TOPOLOGY, expression("Primary"), {'{server="p"}': 0})

    def test_standbys_missing(self):
        self.check(TOPOLOGY, expression("Standbys missing"), {"{}": 1})

    def test_worst_lag_and_its_cause(self):
        self.check(TOPOLOGY, expression("Worst lag"), {"{}": 90})
        self.check(TOPOLOGY, expression("Why the worst lags"),
                   {'{server="s2",cause="standby_down"}': 1})
        self.check(TOPOLOGY, expression("Standbys", "of_max_lag"), {'{server="s2"}': 1.5})

    def test_blind_targets(self):
        self.check(TOPOLOGY, expression("Blind targets"), {"{}": 1})
        all_up = TOPOLOGY | {'pgrepl_up{server="s2"}': 1}
        self.check(all_up, expression("Blind targets"), {"{}": 0})

    def test_roles(self):
        self.check(TOPOLOGY, expression("Roles"),
                   {'{server="p"}': 0, '{server="s1"}': 1, '{server="s2"}': 3})

    def test_receivers(self):
        self.check(TOPOLOGY, expression("Receivers"),
                   {'{server="s1"}': 2, '{server="s2"}': 0, '{server="s9"}': 3})

    def test_nodes(self):
        self.check(TOPOLOGY, expression("Topology", "nodes"), {
            '{server="p",id="p",title="p",subtitle="primary",color="#0072B2"}': 0,
            '{server="s1",id="s1",title="s1",subtitle="standby",color="#56B4E9"}': 0,
            '{server="s2",id="s2",title="s2",subtitle="down",color="#D55E00"}': 90,
            '{server="s9",id="s9",title="s9",subtitle="standby",color="#56B4E9"}': 3,
        })

    def test_edges(self):
        def edge(source, target, color):
            return (f'{{server="{source}",standby="{target}",source="{source}",target="{target}",'
                    f'id="{source} to {target}",color="{color}"}}')
        self.check(TOPOLOGY, expression("Topology", "edges"), {
            edge("p", "s1", "#56B4E9"): 0, edge("s1", "s2", "#D55E00"): 90,
            edge("p", "s9", "#56B4E9"): 3})

    def test_sync_margin(self):
        for required, present, expected in ((1, 2, {"{}": 1}), (2, 1, {"{}": -1}), (0, 0, {})):
            self.check(sync(required, present), expression("Sync margin"), expected)

    def test_slots_at_risk(self):
        self.check(SLOTS, expression("Slots at risk"), {"{}": 4})
        self.check({'pgrepl_expected_primaries': 1}, expression("Slots at risk"), {"{}": 0})

    def test_time_to_loss(self):
        self.check(SLOTS, expression("Replication slots", "time_to_loss"), {
            '{server="p",slot_name="shrinking"}': 498800,
            '{server="p",slot_name="shrinking fast"}': 50})

    def test_promotion_is_marked_once_and_passes(self):
        mark = next(query for query in dashboards.annotation_queries(
            dashboards.read("pgrepl-cluster")) if query.panel == "Promotions").filled()
        promoted = {'pgrepl_in_recovery{server="s1"}': "1x78 0x10"}
        self.check(promoted, mark, {'{server="s1"}': 1})
        self.check({'pgrepl_in_recovery{server="s1"}': "1x40 0x60"}, mark, {})


def _series(name, values, exporter):
    labels = f'pg_cluster="main",{exporter}'
    series = name.replace("{", "{" + labels + ",") if "{" in name else f"{name}{{{labels}}}"
    return {"series": series, "values": values if isinstance(values, str) and "x" in values
            else f"{values}x200"}


if __name__ == "__main__":
    unittest.main()
