# SPDX-License-Identifier: Apache-2.0
"""Faults that alerts/rules/sync.yaml is for."""

from tests.alerts.stage import Stage
from tests.lab.cluster import Standby

LOST = ["PostgresServerDown", "PostgresStandbyMissing", "PostgresReplicationLagHigh",
        "PostgresSlotInactive", "PostgresSyncNoSpare", "PostgresSyncTurnedOff"]

sync = Stage("sync", (Standby("s1", slot=True), Standby("s2")))


@sync.act("one of two standbys is named, and no other", ["PostgresSyncNoSpare"], patience=900)
def no_spare(scene):
    scene.p.set(synchronous_standby_names="FIRST 1 (s1)")
    yield
    scene.p.set(synchronous_standby_names="ANY 1 (*)")


@sync.act("the only synchronous standby stopped",
          ["PostgresSyncStandbyLost", "PostgresCommitsBlocked"], beside=LOST)
def sync_lost(scene):
    scene.p.set(synchronous_standby_names="s1")
    scene.s1.stop()
    yield
    scene.start(scene.s1)
    scene.p.set(synchronous_standby_names="ANY 1 (*)")


@sync.act("synchronous_standby_names emptied", ["PostgresSyncTurnedOff"], beside=LOST)
def turned_off(scene):
    scene.p.set(synchronous_standby_names="")
    yield
    scene.p.set(synchronous_standby_names="ANY 1 (*)")


STAGES = [sync]
