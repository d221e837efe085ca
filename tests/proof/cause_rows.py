# SPDX-License-Identifier: Apache-2.0
"""The rows about why: each cause by the fault that makes it.

s1 (slot) receives through a relay, s2 without a slot, d1 applies 5 s late.
"""

import time

from tests.lab import faults
from tests.lab.cluster import Standby
from tests.lab.waiting import wait_until

from .row import Hold, Rows

# All but s2 can serve more connections than the primary asks for.
MORE = {"max_connections": 200}
# Feedback of one standby would hold back the vacuum that another shall conflict with.
SETTINGS = {"hot_standby_feedback": "off"}
PLAN = (Standby("s1", slot=True, relayed=True, settings=MORE), Standby("s2"),
        Standby("d1", apply_delay=5, settings=MORE))
DELAYED = {"d1": "apply_delay"}
rows = Rows("cause")


@rows.row("S16", "recovery_min_apply_delay = 5 s", "d1")
def apply_delay(stage):
    with stage.load():
        time.sleep(5)
        yield Hold(causes=DELAYED)
        stage.check_value(5, "pgrepl_apply_delay_seconds", server="d1")


def _held(name, fault, looks_at, cause, inject, appears_within=5, **load):
    """A row that is nothing but one fault, held."""
    @rows.row(name, fault, looks_at)
    def play(stage):
        with stage.load(**load):
            with inject(stage.cluster):
                yield Hold(causes={looks_at: cause} | DELAYED, appears_within=appears_within)


@rows.row("C1", "snapshot conflict", "s2")
def snapshot_conflict(stage):
    yield from _conflict(stage, faults.snapshot_conflict)


@rows.row("C2", "lock conflict: DDL against a reader", "s2")
def lock_conflict(stage):
    yield from _conflict(stage, faults.lock_conflict)


def _conflict(stage, inject):
    with stage.load(), inject(stage.cluster.p, stage.cluster.s2):
        began = time.monotonic()
        yield Hold(causes={"s2": "recovery_conflict"} | DELAYED)
        # The blocker's age; it isn't read with every pulse.
        stage.check_soon(lambda page: (page.value(
            "pgrepl_oldest_standby_query_seconds", server="s2") or 0) > time.monotonic() - began - 11,
            "the age of the session that blocks", seconds=12)


_held("C3", "max_connections below the primary's", "s2", "settings_too_low",
      lambda cluster: faults.settings_too_low(cluster.p, cluster.s2))
_held("C4", "a pause that replay can't take up", "s2", "pause_requested",
      lambda cluster: faults.pause_requested(cluster.s2))
_held("C5", "replay frozen, the receiver alive", "s2", "replay_slow",
      lambda cluster: cluster.s2.frozen("startup"), size=20_000)
_held("C6", "replay frozen with WAL at hand, no receiver", "s2", "replay_backlog",
      lambda cluster: faults.backlog(cluster.s2))
_held("C7", "link stalled, connections open", "s1", "connection_stalled",
      lambda cluster: cluster.relays["s1"].stalled())
_held("C8", "link slower than the load", "s1", "network",
      lambda cluster: cluster.relays["s1"].throttled(100_000), size=50_000)


@rows.row("C9", "back after a cut, over a slow link", "s1")
def catching_up(stage):
    relay = stage.cluster.relays["s1"]
    with stage.load(size=50_000):
        with relay.cut():
            time.sleep(6)
        with relay.throttled(200_000):
            yield Hold(causes={"s1": "catching_up"} | DELAYED)


@rows.row("C14", "a disk that the sender is slow to read", "s2")
def sender_slow(stage):
    yield from _slow_disk(stage, stage.cluster.p, "sender_slow",
                          "pg_stat_replication WHERE application_name = 's2'")


@rows.row("C15", "a disk that the receiver is slow to write", "s2")
def standby_disk(stage):
    yield from _slow_disk(stage, stage.cluster.s2, "standby_disk", "pg_stat_wal_receiver")


def _slow_disk(stage, server, cause, victim):
    with faults.slow_disk(server) as pid:
        wait_until(lambda: all(one.is_streaming() for one in stage.standbys), "all stream again")
        stage.wait_healthy()
        # At the end of a segment all of it is flushed, and replayed, at once.
        stage.cluster.p.execute("SELECT pg_switch_wal()")
        # Or the lag of d1 jumps when it has replayed what was written before.
        stage.wait_idle()
        with stage.load(size=200_000):
            pid.write_text(server.value(f"SELECT pid FROM {victim}"))
            yield Hold(causes={"s2": cause} | DELAYED)
            pid.unlink()


# The last two need a re-seed to be healed, which nobody does here.
_held("C10", "WAL removed that a slotless standby needs", "s2", "wal_removed",
      lambda cluster: faults.wal_removed(cluster.p, cluster.s2),
      appears_within=12)  # the listing of pg_wal, once in slow_interval


@rows.row("C11", "slot lost", "s1", settle=False)
def slot_lost(stage):
    cluster = stage.cluster
    with stage.load(), faults.wal_removed(cluster.p, cluster.s1):
        yield Hold(causes={"s1": "slot_lost"} | DELAYED, apart=("s2",))
        status = cluster.p.value("SELECT wal_status FROM pg_replication_slots")
        stage.check(status == "lost", f"the slot is {status}")
