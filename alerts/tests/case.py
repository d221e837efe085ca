# SPDX-License-Identifier: Apache-2.0
"""A case of an alert: what is on the page in health and in the fault, and what follows.

From each come promtool unit tests: it fires, when its `for` is over and not before, once for two
exporters; it is silent in health, and in each situation that lacks one of its conditions; and it ends
when the series do.
"""

from dataclasses import dataclass, field

STEP = 15  # seconds between samples, and evaluations
HEALTH = 40  # samples before the fault
EXPORTERS = ('instance="a:9717",job="pg"', 'instance="b:9717",job="pg"')


def on(server="s1", **labels):
    """Labels of a series about a server, else (None) about the cluster."""
    named = {"pg_cluster": "main"} | ({"server": server} if server else {}) | labels
    return ",".join(f'{name}="{value}"' for name, value in named.items())


@dataclass(frozen=True)
class Case:
    """Values are numbers, held, or promtool's notation for the whole time, of {n} samples.

    A series is (name, labels). `unless` says, for what is different from the fault, why it is silent.
    """
    alert: str
    labels: dict
    fault: dict
    health: dict = field(default_factory=dict)
    unless: dict = field(default_factory=dict)
    wait: int = 0  # seconds from the fault until it fires
    ends: bool = True  # when the series end
    lasts: int = 140  # samples of the fault


def tests_of(case, severity):
    """promtool's tests, named as what they show."""
    fires = HEALTH * STEP + case.wait
    labels = {"alertname": case.alert, "alertstate": "firing", "severity": severity} | case.labels
    sample = "ALERTS{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"
    query = f'ALERTS{{alertname="{case.alert}",alertstate="firing"}}'
    yield _test(f"{case.alert}: fires", _series(case, case.fault), [
        (query, fires - STEP, []), (query, fires, [{"labels": sample, "value": 1}])])
    never = f'count_over_time(ALERTS{{alertname="{case.alert}",alertstate="firing"}}[2h])'
    end = (HEALTH + case.lasts) * STEP
    yield _test(f"{case.alert}: silent in health", _series(case, {}), [(never, end, [])])
    for reason, change in case.unless.items():
        yield _test(f"{case.alert}: silent {reason}", _series(case, case.fault | change),
                    [(never, end, [])])
    if case.ends:
        last = fires // STEP + 4
        yield _test(f"{case.alert}: vanishes with its series", _series(case, case.fault, last), [
            (query, fires, [{"labels": sample, "value": 1}]), (query, (last + 60) * STEP, [])])


def _test(name, series, expectations):
    return {"name": name, "interval": f"{STEP}s", "input_series": series, "promql_expr_test": [
        {"expr": query, "eval_time": f"{seconds}s", "exp_samples": samples}
        for query, seconds, samples in expectations]}


def _series(case, values, last=None):
    """Of both exporters: health, then the values. None: the series isn't there at all."""
    found = []
    for (name, labels), value in {**case.health, **values}.items():
        if value is None:
            continue
        notation = _notation(case, case.health.get((name, labels), value), value, last)
        # What is about a target has its labels by itself.
        targets = [labels] if "instance=" in labels else [
            ",".join(filter(None, (labels, exporter))) for exporter in EXPORTERS]
        found += [{"series": f"{name}{{{both}}}", "values": notation} for both in targets]
    return found


def _notation(case, before, value, last):
    if isinstance(value, str):
        count = HEALTH + case.lasts if last is None else last
        return value.format(n=count) + ("" if last is None else " stale")
    if isinstance(before, str):
        before = value
    if last is None:
        return f"{before}x{HEALTH - 1} {value}x{case.lasts}"
    return f"{before}x{HEALTH - 1} {value}x{last - HEALTH} stale"
