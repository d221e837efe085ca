# SPDX-License-Identifier: Apache-2.0
"""Faults that alerts/rules/connection.yaml is for."""

import time

from tests.alerts.stage import Stage, again_and_again
from tests.lab import faults
from tests.lab.cluster import Standby
from tests.lab.failover import follow

CASCADE = (Standby("s1", slot=True, relayed=True), Standby("s2"), Standby("s3", upstream="s2"))
CUT_OFF = ["PostgresStandbyMissing", "PostgresReplicationLagHigh", "PostgresReceiverDown",
           "PostgresSlotInactive", "PostgresNoStandby", "PostgresReplicationLagCritical"]

receiver = Stage("receiver", CASCADE)


@receiver.act("primary_conninfo points to a closed port", ["PostgresReceiverDown"], beside=CUT_OFF)
def receiver_down(scene):
    with scene.s1.receiver_cut():
        yield


@receiver.act("the receiver of a standby with standbys is cut", ["PostgresCascadeUpstreamLost"],
              beside=CUT_OFF)
def cascade_cut(scene):
    with scene.s2.receiver_cut():
        yield


@receiver.act("a link that swallows all packets", ["PostgresConnectionStalled"], beside=CUT_OFF)
def stalled(scene):
    with scene.relays["s1"].stalled():
        yield


flapping = Stage("flapping", (Standby("s1", slot=True), Standby("s2")))


@flapping.act("its sender ends again and again", ["PostgresReceiverFlapping"], patience=300,
              lasting=1800)
def sender_killed(scene):
    with again_and_again(lambda: faults.kill_sender(scene.p, scene.s1), every=10):
        yield


catchup = Stage("catchup", (Standby("s1", slot=True, relayed=True),), size=60_000)


@catchup.act("back after a cut, over a link slower than the writes", ["PostgresCatchupStuck"],
             beside=CUT_OFF, patience=1500)
def catchup_stuck(scene):
    relay = scene.relays["s1"]
    with relay.cut():
        time.sleep(60)
    with relay.throttled(100_000):
        yield


upstream = Stage("upstream", (Standby("s1"), Standby("unlisted"), Standby("s2")),
                 listed=("p", "s1", "s2"))


@upstream.act("it follows a standby that isn't listed", ["PostgresUnexpectedUpstream"],
              beside=["PostgresReplicationLagUnknown"], patience=600)
def unlisted_upstream(scene):
    follow(scene.s2, scene.unlisted)
    yield
    scene.s2.set(primary_conninfo=None, primary_slot_name=None)


archive = Stage("fallback", (Standby("s1"), Standby("s2")))


@archive.act("cut off, and the archive feeds it", ["PostgresFallenBackToArchive"], beside=CUT_OFF,
             patience=1200)
def fallen_back(scene):
    scene.s1.set(restore_command=f'cp "{scene.archive}/%f" "%p"')
    with again_and_again(lambda: scene.p.execute("SELECT pg_switch_wal()"), every=8):
        with scene.s1.receiver_cut():
            yield
    scene.s1.set(restore_command=None)


ambiguous = Stage("ambiguous", (Standby("s1"), Standby("s2")))


@ambiguous.act("two standbys of one application_name, without slots", ["PostgresAmbiguousStandbys"],
               beside=CUT_OFF, patience=600)
def twins(scene):
    for server in (scene.s1, scene.s2):
        conninfo = server.value("SHOW primary_conninfo")
        server.set(primary_conninfo=conninfo.replace(f"application_name={server.name}",
                                                     "application_name=twin"))
    yield
    for server in (scene.s1, scene.s2):
        server.set(primary_conninfo=None)


STAGES = [flapping, catchup, archive, receiver, upstream, ambiguous]
