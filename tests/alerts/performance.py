# SPDX-License-Identifier: Apache-2.0
"""Plays the acts of a scene, and takes down what became of each alert."""

import time
import traceback
from dataclasses import dataclass, field

from tests.lab.waiting import TookTooLong, wait_until

from .runbook import Runbook, Shell

_SETTLE = 30  # seconds
_GROUP_INTERVAL = 65  # seconds, of the shipped configuration, and some


@dataclass
class Outcome:
    """One alert in one act; seconds since the harm was done, or since it was mended."""
    alert: str
    stage: str
    fault: str
    severity: str = "-"
    servers: tuple = ()  # that it fired for
    pending: float | None = None
    firing: float | None = None
    notified: float | None = None
    mended_by: str = "-"
    resolved: float | None = None
    blocks: int = 0
    pages: list = field(default_factory=list)  # status of each that came for its cluster
    beside: list = field(default_factory=list)
    wrong: list = field(default_factory=list)


class Performance:
    def __init__(self, scene, watcher, tell):
        self._scene = scene
        self._watcher = watcher
        self._tell = tell
        self._cluster = scene.stage.name
        self._followed = []  # (runbook, shell) of all alerts so far

    def play(self, only=()):
        """The outcomes of all acts, or of those that raise one of these alerts."""
        outcomes = []
        # A stage may begin with its first harm done.
        began = time.monotonic()
        # What goes before the harm: two scrapes, and all standbys caught up once.
        time.sleep(_SETTLE)
        for act in self._scene.stage.acts:
            if not only or set(only) & set(act.raises):
                outcomes += self._perform(act, began)
                began = None
        self._run_the_rest(outcomes)
        return outcomes

    def _perform(self, act, began):
        outcomes = [Outcome(alert, self._cluster, act.fault) for alert in act.raises]
        try:
            if began is None:
                self._wait_inactive(act.raises, 900)
                began = time.monotonic()
            self._tell(f"{self._cluster}: {act.fault}")
            play = act.play(self._scene)
            next(play)
            harmed = time.monotonic()
            try:
                self._wait_firing(act, harmed, outcomes)
                by_runbook = self._follow(act, outcomes)
                mended = time.monotonic()
                self._wait_inactive(by_runbook, act.lasting)
            finally:
                undone = time.monotonic()
                next(play, None)
            self._wait_inactive(act.raises, act.lasting)
            self._take_down(act, outcomes, began, harmed)
            for outcome in outcomes:
                self._take_down_end(outcome, began, *(
                    ("runbook", mended) if outcome.alert in by_runbook else
                    ("end of the fault", undone)))
        except Exception as error:  # An act that fails must not take the others with it.
            where = traceback.extract_tb(error.__traceback__)[-1]
            for outcome in outcomes:
                outcome.wrong.append(f"{type(error).__name__}: {error} ({where.name})")
        self._tell(f"{self._cluster}: done, {act.fault}: "
                   f"{[one.wrong for one in outcomes if one.wrong] or 'as it should'}")
        return outcomes

    def _wait_inactive(self, alerts, seconds):
        wait_until(lambda: not any(self._watcher.is_active(self._cluster, one) for one in alerts),
                   f"{self._cluster}: {', '.join(alerts)} inactive", seconds, every=1)

    def _wait_firing(self, act, harmed, outcomes):
        def all_fired():
            return all(self._has_fired(one, harmed) for one in act.raises)
        try:
            wait_until(all_fired, "", act.patience, every=1)
        except TookTooLong:
            for outcome in outcomes:
                if not self._has_fired(outcome.alert, harmed):
                    outcome.wrong.append(f"did not fire within {act.patience:.0f} s")
        # Until its first notification has had its time.
        time.sleep(20)

    def _has_fired(self, alert, since):
        episode = self._watcher.episode(self._cluster, alert, since)
        return episode is not None and episode.firing is not None

    def _follow(self, act, outcomes):
        """Runs what the runbooks say. The alerts whose runbook has mended it."""
        mending = []
        for outcome in outcomes:
            episode = self._watcher.episode(self._cluster, outcome.alert, 0)
            if episode is None:
                continue
            runbook = Runbook(outcome.alert)
            shell = Shell(self._scene, episode.labels | {"pg_cluster": self._cluster}, act.where)
            self._followed.append((outcome, runbook, shell))
            for block in runbook.diagnosis:
                self._run(block, shell, outcome)
            if act.by_runbook:
                mending += [(block, shell, outcome) for block in runbook.marked("mends")]
        for block, shell, outcome in mending:
            self._run(block, shell, outcome)
        return {outcome.alert for _, _, outcome in mending}

    def _run(self, block, shell, outcome):
        outcome.blocks += 1
        if failure := shell.run(block):
            outcome.wrong.append(f"its runbook, {block.section}: {failure}")

    def _run_the_rest(self, outcomes):
        """For other causes than the one that was played: at the end, for it may change anything."""
        for outcome, runbook, shell in self._followed:
            for block in runbook.marked("otherwise"):
                # What an act leaves behind may be down for good.
                if shell.reaches(block):
                    self._run(block, shell, outcome)

    def _take_down_end(self, outcome, began, mended_by, mended):
        outcome.mended_by = mended_by
        if episode := self._watcher.episode(self._cluster, outcome.alert, began):
            outcome.resolved = _seconds(episode.ended, mended)

    def _take_down(self, act, outcomes, began, harmed):
        fired = self._watcher.fired(self._cluster, began)
        pages = self._watcher.pages(self._cluster, began)
        if pages:
            # The last one comes when Alertmanager looks at its group again.
            time.sleep(_GROUP_INTERVAL)
            pages = self._watcher.pages(self._cluster, began)
        unexpected = fired - set(act.raises) - set(act.beside)
        for outcome in outcomes:
            outcome.pages = pages
            outcome.beside = sorted(fired - {outcome.alert})
            if unexpected:
                outcome.wrong.append(f"fired as well: {', '.join(sorted(unexpected))}")
            episode = self._watcher.episode(self._cluster, outcome.alert, began)
            if episode is None:
                continue  # It never was pending.
            if (episode.firing or harmed) < harmed:
                outcome.wrong.append("fired before the harm")
                continue
            outcome.severity = episode.labels["severity"]
            outcome.servers = tuple(sorted(episode.servers))
            outcome.pending = _seconds(episode.pending, harmed)
            outcome.firing = _seconds(episode.firing, harmed)
            outcome.notified = _seconds(episode.notified, harmed)
            if episode.instances > 1:
                outcome.wrong.append(f"{episode.instances} at once, one for each exporter?")
            outcome.wrong += [f"{name}: {text}" for name, text in episode.annotations.items()
                              if "<error" in text or "%!" in text]


def _seconds(moment, since):
    return None if moment is None else moment - since
