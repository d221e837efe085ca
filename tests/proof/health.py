# SPDX-License-Identifier: Apache-2.0
"""A long mix of everything healthy, in which nothing may look like a fault.

Standbys may lag for a moment: what is said is held against what is true. Nothing said may be more
than a second above it, no cause may show, and there is one primary all the time.
"""

import itertools
import threading
import time
from contextlib import contextmanager

from tests.lab.cluster import USUAL
from tests.lab.load import Load, base_backup, bulk

from .row import CAUSE_FAMILY, Outcome

PLAN = USUAL
SETTINGS = {"autovacuum": "on"}
SECONDS = 600
FALSE_LAG = 1.0


def mix(stage, seconds=SECONDS):
    """Plays it; the outcome's figures are of all standbys together."""
    outcome = Outcome("mix", f"none: {seconds / 60:.0f} min of {', '.join(ACTS)}", "all")
    begin = time.monotonic()
    with _watcher(stage, outcome):
        for name, act in itertools.cycle(ACTS.items()):
            if time.monotonic() - begin > seconds:
                break
            try:
                act(stage.cluster)
            except Exception as error:  # A mix that can't be played proves nothing.
                outcome.wrong.append(f"{name}: {type(error).__name__}: {error}")
                break
    outcome.seconds = time.monotonic() - begin
    return outcome


def _idle(_):
    time.sleep(20)


def _writes(cluster):
    with Load(cluster.p, every=0.02):
        time.sleep(20)


def _bulk_load(cluster):
    with Load(cluster.p), bulk(cluster.p, 15):
        pass


def _vacuum(cluster):
    with Load(cluster.p):
        cluster.p.execute("DELETE FROM tick WHERE random() < 0.5")
        cluster.p.execute("VACUUM tick", seconds=60)
        time.sleep(5)


def _checkpoint(cluster):
    with Load(cluster.p):
        cluster.p.execute("CHECKPOINT", seconds=60)
        cluster.s2.execute("CHECKPOINT", seconds=60)
        time.sleep(5)


def _standby_restart(cluster):
    with Load(cluster.p):
        time.sleep(2)
        cluster.s1.restart()
        time.sleep(8)


def _base_backup(cluster):
    with Load(cluster.p):
        base_backup(cluster.p)
        base_backup(cluster.s2)
        time.sleep(2)


ACTS = {"idle": _idle, "writes": _writes, "bulk load": _bulk_load, "vacuum": _vacuum,
        "checkpoint": _checkpoint, "standby restart": _standby_restart,
        "base backup": _base_backup}


@contextmanager
def _watcher(stage, outcome):
    end = threading.Event()
    thread = threading.Thread(target=_watch_or_tell, args=(stage, outcome, end))
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def _watch_or_tell(stage, outcome, end):
    try:
        _watch(stage, outcome, end)
    except Exception as error:  # Nobody watched from then on.
        outcome.wrong.append(f"the watcher ended: {type(error).__name__}: {error}")


def _watch(stage, outcome, end):
    begin, errors, seen = time.monotonic(), [], {}
    while not end.wait(0.25):
        page = stage.exporter.scrape()
        for offence, size in _offences(stage, page, errors):
            seen.setdefault(offence, []).append((size, page.at - begin))
    outcome.mean_error = sum(errors) / len(errors)
    outcome.worst_error = max(errors)
    outcome.stalled = stage.truth.stalls.total()
    for offence, times in seen.items():
        size, at = max(times)
        outcome.wrong.append(f"{offence} on {len(times)} pages, worst {size:.2f} at {at:.0f} s")
    outcome.cause = "none" if page.families.get(CAUSE_FAMILY) else "cause not on the page"
    if outcome.cause != "none":
        outcome.wrong.append(outcome.cause)


def _offences(stage, page, errors):
    if (primaries := page.value("pgrepl_primaries")) != 1:
        yield "primaries", primaries
    for standby in stage.standbys:
        said = page.value("pgrepl_lag_seconds", server=standby.name)
        true = stage.truth.lag(standby, page.at)
        if said is None:
            yield f"{standby.name} absent", 1
            continue
        stall = stage.truth.stall(standby, page.at)
        errors.append(max(0.0, abs(said - true) - stall))
        if said > true + FALSE_LAG + stall:
            yield f"{standby.name} false lag", said
        cause = page.state(CAUSE_FAMILY, "cause", server=standby.name)
        if cause not in (None, "none"):
            yield f"{standby.name} cause {cause}", said
