# SPDX-License-Identifier: Apache-2.0
"""Faults that alerts/rules/cluster.yaml is for."""

import time

from tests.alerts.stage import Stage
from tests.lab import faults
from tests.lab.cluster import Standby
from tests.lab.failover import demote, follow, passfile, promote
from tests.lab.process import run

PAIR = (Standby("s1", slot=True),)
THREE = (Standby("s1"), Standby("s2"))
CUT_OFF = ["PostgresServerDown", "PostgresStandbyMissing", "PostgresNoStandby",
           "PostgresReplicationLagHigh", "PostgresReceiverDown", "PostgresReplicationLagUnknown",
           "PostgresReplicationLagCritical", "PostgresSlotInactive",
           "PostgresNoFailoverCandidate"]

pair = Stage("pair", PAIR)


@pair.act("all servers stopped", ["PostgresClusterBlind"], beside=CUT_OFF, where=("p", "s1"))
def all_stopped(scene):
    for server in (scene.s1, scene.p):
        server.stop()
    yield
    for server in (scene.p, scene.s1):
        scene.start(server)


@pair.act("the primary stopped", ["PostgresNoPrimary"], beside=CUT_OFF)
def primary_stopped(scene):
    scene.p.stop("immediate")
    yield
    scene.start(scene.p)


@pair.act("the only standby stopped", ["PostgresServerDown", "PostgresNoStandby"], beside=CUT_OFF)
def only_standby_stopped(scene):
    scene.s1.stop()
    yield
    scene.start(scene.s1)


split = Stage("split", THREE)


@split.act("one of two standbys stopped", ["PostgresStandbyMissing"], beside=CUT_OFF)
def one_stopped(scene):
    scene.s2.stop()
    yield
    scene.start(scene.s2)


@split.act("a standby promoted while the primary lives", ["PostgresSplitBrain"],
           beside=CUT_OFF + ["PostgresDiverged"], where=("s1",))
def two_primaries(scene):
    promote(scene.s1)
    scene.s1.execute("CREATE TABLE written_alone ()")
    yield
    if scene.s1.is_up():
        scene.s1.stop()


diverged = Stage("diverged", (Standby("s1"),))


@diverged.act("the old primary returns after a failover, without pg_rewind", ["PostgresDiverged"],
              beside=CUT_OFF + ["PostgresSplitBrain", "PostgresNoPrimary"])
def no_rewind(scene):
    old, new = scene.p, scene.s1
    passfile(old, new)
    with new.receiver_cut():
        old.execute("CREATE TABLE written_alone ()")
        old.stop()
        promote(new)
    scene.primary = new
    # The exporter sees where the new timeline begins.
    time.sleep(30)
    new.execute("CHECKPOINT")
    demote(old, new)
    yield
    scene.rebuild(Standby("p", upstream="s1"))


candidate = Stage("candidate", THREE)


@candidate.act("replay paused on all standbys", ["PostgresNoFailoverCandidate"],
               beside=["PostgresReplicationLagHigh", "PostgresReplicationLagCritical",
                       "PostgresReplayPaused"], patience=900)
def all_paused(scene):
    for server in (scene.s1, scene.s2):
        server.execute("SELECT pg_wal_replay_pause()")
    yield
    for server in (scene.s1, scene.s2):
        server.execute("SELECT pg_wal_replay_resume()")


reseed = Stage("reseed", (Standby("s1", slot=True), Standby("s2")))


@reseed.act("the primary removed WAL that it needs", ["PostgresReseedNeeded"], beside=CUT_OFF,
            patience=600)
def wal_removed(scene):
    with faults.wal_removed(scene.p, scene.s2):
        yield
    scene.rebuild(Standby("s2"))


@reseed.act("WAL past max_slot_wal_keep_size, its standby away", ["PostgresSlotLost"],
            beside=CUT_OFF + ["PostgresSlotNearLoss", "PostgresReseedNeeded"])
def slot_lost(scene):
    with faults.wal_removed(scene.p, scene.s1):
        yield


unplanned = Stage("failover", THREE)


@unplanned.act("the primary killed; then a standby takes over", ["PostgresNoPrimary"], beside=CUT_OFF,
               by_runbook=False)
def failed_over(scene):
    scene.p.stop("immediate")
    yield
    promote(scene.s1)
    scene.primary = scene.s1
    follow(scene.s2, scene.s1)


foreign = Stage("foreign", PAIR, relayed=("s1",))


@foreign.act("another cluster at the address of a standby", ["PostgresDifferentSystem"],
             beside=CUT_OFF + ["PostgresSplitBrain", "PostgresDiverged"])
def another_cluster(scene):
    scene.ways["s1"].lead_to(scene.another_cluster().port)
    yield
    scene.ways["s1"].lead_to(scene.s1.port)


inconsistent = Stage("inconsistent", PAIR)


@inconsistent.act("a base backup whose WAL can't be had", ["PostgresServerNotConsistent"],
                  beside=CUT_OFF, patience=2400)
def never_consistent(scene):
    server, primary = scene.s1, scene.p
    server.stop()
    run(["rm", "-rf", server.data])
    run([server.programs / "pg_basebackup", "-h", primary.folder, "-p", primary.port,
         "-D", server.data, "-X", "none", "--checkpoint=fast", "--no-sync"],
        user=server.user, cwd=server.folder, env=scene.workspace.environment)
    (server.data / "standby.signal").touch()
    with (server.data / "postgresql.auto.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in {
            "port": server.port, "unix_socket_directories": server.folder,
            "cluster_name": server.name, "archive_mode": "off",
            "primary_conninfo": "host=127.0.0.1 port=1"}.items())
    # It would wait for ever until it answers.
    run([server.programs / "pg_ctl", "start", "--no-wait", f"--pgdata={server.data}",
         f"--log={server.log_file}"], user=server.user, cwd=server.folder,
        env=scene.workspace.environment)
    yield
    scene.rebuild(PAIR[0])


STAGES = [inconsistent, candidate, split, diverged, reseed, pair, unplanned, foreign]
