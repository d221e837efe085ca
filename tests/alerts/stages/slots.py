# SPDX-License-Identifier: Apache-2.0
"""Faults that alerts/rules/slots.yaml and wal.yaml are for."""

import time

from tests.alerts.stage import Stage, again_and_again
from tests.lab.cluster import Standby
from tests.lab.majors import MajorCluster
from tests.lab.process import run

LITTLE_WAL = {"min_wal_size": "32MB", "max_wal_size": "64MB", "wal_keep_size": "0"}
CUT_OFF = ["PostgresReceiverDown", "PostgresStandbyMissing", "PostgresNoStandby",
           "PostgresReplicationLagHigh", "PostgresReplicationLagCritical", "PostgresSlotInactive",
           "PostgresSlotRetainingWal", "PostgresWalDiskFullSoon"]


def _small_disks(scene, config):
    for name in ("p", "s1"):
        scene.configured(name)["wal_filesystem_size"] = "256MB"


forgotten = Stage("forgotten", (Standby("s1", slot=True),), settings=LITTLE_WAL, size=80_000,
                  configure=_small_disks)


@forgotten.act("a slot that nobody uses",
               ["PostgresSlotInactive", "PostgresSlotRetainingWal", "PostgresWalDiskFullSoon"],
               patience=1500)
def nobody_uses_it(scene):
    scene.p.execute("SELECT pg_create_physical_replication_slot('forgotten', true)")
    yield
    _drop(scene.p, "forgotten")
    scene.p.execute("CHECKPOINT", seconds=60)


near = Stage("near", (Standby("s1", slot=True),), size=80_000,
             settings=LITTLE_WAL | {"max_slot_wal_keep_size": "200MB"})


@near.act("its standby away, max_slot_wal_keep_size small", ["PostgresSlotNearLoss"], beside=CUT_OFF,
          patience=600)
def near_loss(scene):
    with scene.s1.receiver_cut():
        yield
    scene.p.set(max_slot_wal_keep_size="10GB")


on_standby = Stage("behind", (Standby("s1", slot=True),), settings=LITTLE_WAL, size=80_000,
                   configure=_small_disks)


@on_standby.act("a slot left behind on a standby", ["PostgresSlotRetainingOnStandby"],
                beside=["PostgresWalDiskFullSoon"], patience=1200)
def left_behind(scene):
    scene.s1.execute("SELECT pg_create_physical_replication_slot('left_behind', true)")
    yield
    _drop(scene.s1, "left_behind")


xmin = Stage("xmin", (), settings={"wal_level": "logical"})


@xmin.act("60 million transactions since its slot was read", ["PostgresXminHeld"],
          beside=["PostgresSlotInactive", "PostgresSlotRetainingWal"], patience=900)
def xmin_held(scene):
    server = scene.p
    server.execute("SELECT pg_create_logical_replication_slot('unread', 'pgoutput')")
    server.stop()
    # What takes a day of writes, in a second; transactions need their page of pg_xact.
    run([server.programs / "pg_resetwal", "-x", "60000000", server.data], user=server.user,
        cwd=server.folder)
    page = server.data / "pg_xact/0039"
    run(["dd", "if=/dev/zero", f"of={page}", "bs=262144", "count=1", "status=none"],
        user=server.user, cwd=server.folder)
    server.start()
    yield
    _drop(server, "unread")


def _build_17(workspace, stage):
    return MajorCluster(workspace, 17, stage.plan)


failover = Stage("failover_slot", (Standby("s1", slot=True),), build=_build_17)


@failover.act("its synchronization is off", ["PostgresFailoverSlotUnsynced"],
              beside=["PostgresSlotInactive"], patience=600)
def unsynced(scene):
    scene.s1.set(hot_standby_feedback="on", primary_conninfo=scene.s1.value(
        "SHOW primary_conninfo") + " dbname=postgres")
    scene.p.execute("SELECT pg_create_logical_replication_slot('orders', 'pgoutput', "
                    "false, false, true)")
    session = scene.p.open_session()
    # Somebody confirms what the slot sends: a copy that isn't moved stays temporary.
    with again_and_again(lambda: session.rows("SELECT pg_replication_slot_advance('orders', "
                                              "pg_current_wal_flush_lsn())"), every=5):
        yield
        scene.s1.set(sync_replication_slots="on")
        time.sleep(60)
    session.close()


def _drop(server, slot):
    """If the runbook has not."""
    server.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
                   f"WHERE slot_name = '{slot}' AND NOT active")


STAGES = [forgotten, on_standby, xmin, near, failover]
