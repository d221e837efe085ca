# SPDX-License-Identifier: Apache-2.0
"""The rows in which it changes who is primary. They play in this order: the last one leaves ruins."""

import threading
import time
from contextlib import contextmanager

from tests.lab.cluster import USUAL
from tests.lab.failover import demote, follow, passfile, promote, switchover

from .row import ANY, Hold, Rows

PLAN = USUAL
rows = Rows("failover")
ANYTHING = dict.fromkeys(("p", "s1", "s2", "s3"), ANY)


@rows.row("S17", "switchover p to s1, and back", "s2")
def switched_over(stage):
    p, s1, s2, s3 = (stage.cluster.servers[name] for name in ("p", "s1", "s2", "s3"))
    before = _labels(stage.exporter.scrape())
    for old, new in ((p, s1), (s1, p)):
        with stage.load(), _meanwhile(switchover, old, new, [s2]):
            # Nothing is written where nobody is primary: there is no lag to tell.
            yield Hold(12, truth=lambda *_: (0.0, 1.0), causes=ANYTHING, apart=(new.name,))
        stage.watch_truth(new, [old, s2, s3])
        stage.wait_healthy()
        with stage.load():
            yield Hold(6)
        stage.check_value(0, "pgrepl_in_recovery", server=new.name)
        stage.check_value(1, "pgrepl_in_recovery", server=old.name)
        stage.check_value(1, "pgrepl_primaries")
    vanished = before - _labels(stage.exporter.scrape())
    stage.check(not vanished, f"vanished: {sorted(map(str, vanished))[:3]}")


def _labels(page):
    """What names a server in the families that every server, or every standby, has."""
    return {(family, pairs) for family, pairs in page.identities() if family in (
        "pgrepl_up", "pgrepl_in_recovery", "pgrepl_lag_seconds", "pgrepl_lag_known")}


@contextmanager
def _meanwhile(action, *subjects):
    thread = threading.Thread(target=action, args=subjects)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@rows.row("S14", "primary killed, one standby paused", "s1")
def primary_killed(stage):
    p, s1 = stage.cluster.p, stage.cluster.s1
    with stage.load(), s1.replay_paused():
        time.sleep(4)
        rpo = stage.exporter.scrape().series("pgrepl_rpo_bytes")
        with p.stopped("immediate"):
            stage.check_soon(lambda page: page.value("pgrepl_primaries") == 0, "no primaries", 5)
            yield Hold(causes=ANYTHING)
            for standby in stage.standbys:
                stage.check_value(0, "pgrepl_lag_known", server=standby.name)
            stage.check_value(0, "pgrepl_primaries")
            after = stage.exporter.scrape().series("pgrepl_rpo_bytes")
            stage.check(rpo and rpo.keys() == after.keys(), "the RPO isn't kept")
            for scope in ("standby", "any"):
                stage.check_value(0, "pgrepl_rpo_known", scope=scope)
    stage.wait_healthy()


@rows.row("S15", "s1 promoted while p lives", "s2")
def two_primaries(stage):
    p, s1 = stage.cluster.p, stage.cluster.s1
    with stage.load():
        passfile(p, s1)
        promote(s1)
        stage.forked = time.monotonic()
        stage.check_soon(lambda page: page.value("pgrepl_primaries") == 2, "two primaries")
        yield Hold(causes=ANYTHING, apart=("s1",))
        stage.check_value(2, "pgrepl_primaries")
        # p wrote on past the fork: on the newer timeline's word it is p that diverged.
        stage.check_value(1, "pgrepl_diverged", server="p")
        stage.check_value(0, "pgrepl_diverged", server="s1")


@rows.row("S19", "old primary restarted without rewind, s2 repointed to the new one", "p",
          settle=False)
def diverged(stage):
    cluster = stage.cluster
    cluster.p.stop()
    demote(cluster.p, cluster.s1)
    follow(cluster.s2, cluster.s1)
    stage.watch_truth(cluster.s1, [cluster.p, cluster.s2, cluster.s3], comparable=False)
    with stage.load():
        stage.check_soon(lambda page: page.value("pgrepl_in_recovery", server="p") == 1,
                         "p is a standby", 10)
        lag = dict.fromkeys(("p", "s2", "s3"), "timeline_diverged")
        yield Hold(15, truth=lambda _, at: at - stage.forked, causes=lag)
        stage.check_value(1, "pgrepl_primaries")
        for name in ("p", "s2", "s3"):
            stage.check_value(1, "pgrepl_diverged", server=name)
            stage.check(stage.exporter.scrape().value(
                "pgrepl_failover_candidate", server=name, reason="best") != 1,
                f"{name} has diverged and is a candidate")
