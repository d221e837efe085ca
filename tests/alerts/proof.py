# SPDX-License-Identifier: Apache-2.0
"""Raises every alert by its real fault, with the shipped rules and the shipped Alertmanager, in real time.

    python3 -m tests.alerts.proof --exporter build/release/exporter/pg_replication_exporter

Each stage is a cluster of its own with two exporters; all are played side by side under one
Prometheus that scrapes and evaluates every 15 s. What it measures goes to docs/alerts-proof.md. Exit
code 1 if an alert does not fire, does not end, or an alert fires that has no reason to.
"""

import argparse
import re
import signal
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.lab.alertmanager import Alertmanager, Sink
from tests.lab.prometheus import Prometheus
from tests.lab.workspace import REPOSITORY, Workspace

from . import report
from .performance import Outcome, Performance
from .stage import Scene
from .stages import STAGES
from .watcher import Watcher

RULES = sorted((REPOSITORY / "alerts/rules").glob("*.yaml"))
# Of scenes that are built at the same time.
BUILDERS = 3


def main():
    options = _parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    begin = time.monotonic()
    outcomes = prove(options.exporter, options.only, _say)
    minutes = (time.monotonic() - begin) / 60
    report.write(outcomes, {(alert, act.fault) for stage in STAGES for act in stage.acts
                            for alert in act.raises})
    for outcome in outcomes:
        print(report.line(outcome), flush=True)
    broken = sum(bool(outcome.wrong) for outcome in outcomes)
    print(f"{len(outcomes)} alerts by their faults in {minutes:.1f} minutes, {broken} broken", flush=True)
    return 1 if broken or not outcomes else 0


def prove(binary, only=(), tell=lambda line: None, stages=STAGES):
    """The outcomes of all acts that raise one of the alerts in `only`, else of all."""
    stages = [one for one in stages if not only or set(only) & set(one.alerts)]
    with Workspace(prefix="pgrepl-alerts-") as workspace:
        scenes, outcomes = _build(stages, binary, tell)
        try:
            with Watched(workspace, scenes) as watcher:
                _play_all(scenes, watcher, only, tell, outcomes)
                outcomes += [Outcome("-", "all", "rules are evaluated", wrong=[error])
                             for error in watcher.prometheus.rule_errors()]
                if stages == STAGES:
                    outcomes += [Outcome("-", "all", "on no page", wrong=[name])
                                 for name in _on_no_page(watcher.prometheus)]
        finally:
            for scene in scenes:
                scene.close()
    return outcomes


def _on_no_page(prometheus):
    """Metrics that a rule asks for and that none of all these exporters has."""
    text = "".join(file.read_text() for file in RULES)
    asked = set(re.findall(r"(?<![\w:])pgrepl_\w+(?![\w:])", re.sub(r"- name: .*", "", text)))
    return sorted(asked - set(prometheus.api("label/__name__/values")))


class Watched:
    """Prometheus, Alertmanager, a sink, and the Watcher that asks them, for a `with` block."""

    def __init__(self, workspace, scenes):
        clusters = {target: scene.stage.name for scene in scenes for target in scene.targets}
        self._sink = Sink(workspace.ports.take(), lambda one: self._watcher.notified(one))
        alertmanager = Alertmanager(
            workspace, REPOSITORY / "alerts/alertmanager/alertmanager.yml", self._sink)
        prometheus = Prometheus(workspace, list(clusters), RULES, alertmanager.address)
        self._watcher = Watcher(prometheus, clusters)

    def __enter__(self):
        self._sink.__enter__()
        return self._watcher

    def __exit__(self, *_):
        self._watcher.close()
        self._sink.__exit__()


def _build(stages, binary, tell):
    """Scenes, and an outcome for each that could not be built."""
    scenes, outcomes = [], []

    def build(stage):
        tell(f"{stage.name}: building")
        try:
            scenes.append(Scene(stage, binary))
        except Exception:  # The other stages can be played.
            outcomes.extend(Outcome(alert, stage.name, "building", wrong=[traceback.format_exc(limit=-4)])
                            for alert in stage.alerts)
    with ThreadPoolExecutor(BUILDERS) as pool:
        list(pool.map(build, stages))
    return scenes, outcomes


def _play_all(scenes, watcher, only, tell, outcomes):
    def play(scene):
        outcomes.extend(Performance(scene, watcher, tell).play(only))
    threads = [threading.Thread(target=play, args=[scene], name=scene.stage.name) for scene in scenes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


_began = time.monotonic()


def _say(line):
    print(f"[{time.monotonic() - _began:6.1f} s] {line}", flush=True)


def _parse(words):
    parser = argparse.ArgumentParser(prog="proof", description=__doc__.split("\n")[0])
    parser.add_argument("--exporter", type=Path, required=True, metavar="BINARY")
    parser.add_argument("--only", type=lambda text: text.split(","), default=(),
                        metavar="PostgresNoPrimary,...", help="these alerts; the other rows of the table stay")
    options = parser.parse_args(words)
    options.exporter = options.exporter.resolve()
    known = {alert for stage in STAGES for alert in stage.alerts}
    if unknown := set(options.only) - known:
        parser.error(f"no fault for {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    return options


if __name__ == "__main__":
    sys.exit(main())
