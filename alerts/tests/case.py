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
ON_TARGET = EXPORTERS[0]


def on(server="s1", **labels):
    """Labels of a series about a server, else (None) about the cluster."""
    named = {"pg_cluster": "main"} | ({"server": server} if server else {}) | labels
    return ",".join(f'{name}="{value}"' for name, value in named.items())


def of(name, value, server="s1", **labels):
    return {(f"pgrepl_{name}", on(server, **labels)): value}


def cluster(name, value, **labels):
    return {(f"pgrepl_{name}", on(None, **labels)): value}


def target(name, value, server=None):
    labels = f"{on(server)},{ON_TARGET}" if server else ON_TARGET
    return {(f"pgrepl_{name}", labels): value}


@dataclass(frozen=True)
class Case:
    """Values are numbers, held, or promtool's notation for the whole time, of {n} samples.

    A series is (name, labels); in `health` None says that it isn't there yet. `unless` says, for what is different from the fault, why it is silent.
    """
    alert: str
    labels: dict
    fault: dict
    health: dict = field(default_factory=dict)
    unless: dict = field(default_factory=dict)
    wait: int = 0  # seconds from the fault until it fires
    ends: bool = True  # when the series end
    lasts: int = 140  # samples of the fault
    forgets: int = 0  # seconds after the last sample, where it fires because the series ended
    looks: dict = field(default_factory=dict)  # {seconds: does it fire?}, besides


def tests_of(case, severity):
    """promtool's tests, named as what they show."""
    fires = HEALTH * STEP + case.wait
    labels = {"alertname": case.alert, "alertstate": "firing", "severity": severity} | case.labels
    sample = "ALERTS{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"
    query = f'ALERTS{{alertname="{case.alert}",alertstate="firing"}}'
    firing = [{"labels": sample, "value": 1}]
    yield _test(f"{case.alert}: fires", _series(case, case.fault), [
        (query, fires - STEP, []), (query, fires, firing),
        *((query, seconds, firing if does else []) for seconds, does in case.looks.items())])
    never = f'count_over_time(ALERTS{{alertname="{case.alert}",alertstate="firing"}}[2h])'
    end = (HEALTH + case.lasts) * STEP
    yield _test(f"{case.alert}: silent in health", _series(case, {}), [(never, end, [])])
    for reason, change in case.unless.items():
        yield _test(f"{case.alert}: silent {reason}", _series(case, case.fault | change),
                    [(never, end, [])])
    if case.ends:
        last = fires // STEP + 4
        yield _test(f"{case.alert}: vanishes with its series", _series(case, case.fault, last), [
            (query, fires, firing), (query, (last + 60) * STEP, [])])
    if case.forgets:
        last = (HEALTH - 1) * STEP + case.forgets
        yield _test(f"{case.alert}: vanishes with its series' memory", _series(case, case.fault), [
            (query, last, firing), (query, last + STEP, [])])


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
    count = last or HEALTH + case.lasts
    if isinstance(value, str):
        text = value.format(n=count)
    elif before is None:
        text = f"_x{HEALTH} {value}x{count - HEALTH - 1}"
    else:
        held = value if isinstance(before, str) else before
        text = f"{held}x{HEALTH - 1} {value}x{count - HEALTH}"
    return f"{text} stale" if last else text
