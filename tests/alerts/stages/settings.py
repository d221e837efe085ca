# SPDX-License-Identifier: Apache-2.0
"""Faults that alerts/rules/settings.yaml is for."""

from pathlib import Path

from tests.alerts.stage import Stage
from tests.lab import faults
from tests.lab.cluster import Standby

CUT_OFF = ["PostgresReceiverDown", "PostgresStandbyMissing", "PostgresNoStandby",
           "PostgresReplicationLagHigh", "PostgresServerDown", "PostgresReplayPaused",
           "PostgresReplicationLagCritical", "PostgresNoFailoverCandidate",
           "PostgresReplicationLagUnknown"]
# Debian's package libfaketime.
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
A_MINUTE_AHEAD = {"LD_PRELOAD": str(FAKETIME), "FAKETIME": "+60s", "DONT_FAKE_MONOTONIC": "1"}

headroom = Stage("headroom", (Standby("s1", slot=True),),
                 settings={"max_wal_senders": 10, "max_replication_slots": 10})


@headroom.act("nine of ten slots, nine of ten senders",
              ["PostgresSlotHeadroomLow", "PostgresSenderHeadroomLow"], patience=1200)
def used_up(scene):
    for i in range(8):
        scene.p.execute(f"SELECT pg_create_physical_replication_slot('spare_{i}')")
    receivers = [_receivewal(scene, i) for i in range(8)]
    yield
    for receiver in receivers:
        receiver.terminate()
    scene.p.execute("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
                    "WHERE slot_name LIKE 'spare%' AND NOT active")


def _receivewal(scene, number):
    folder = scene.workspace.directory(f"receivewal-{number}")
    return scene.workspace.spawn([
        scene.p.programs / "pg_receivewal", f"--directory={folder}", "--no-sync",
        f"--dbname=host=127.0.0.1 port={scene.p.port} user=replicator "
        f"passfile={scene.s1.data}.pgpass application_name=receivewal_{number}"])


limits = Stage("limits", (Standby("s1"),))


@limits.act("max_connections raised on the primary alone", ["PostgresStandbySettingsTooLow"],
            beside=CUT_OFF)
def too_low(scene):
    with faults.settings_too_low(scene.p, scene.s1):
        yield


@limits.act("restarted with wal_level = minimal", ["PostgresWalLevelTooLow"],
            beside=CUT_OFF + ["PostgresReseedNeeded"])
def minimal(scene):
    scene.p.set(wal_level="minimal", max_wal_senders="0", archive_mode="off")
    scene.p.restart()
    yield
    scene.p.set(wal_level=None, max_wal_senders=None, archive_mode=None)
    scene.p.restart()


clock = Stage("clock", (Standby("s1"),))


@clock.act("its clock a minute ahead", ["PostgresClockSkew"],
           beside=["PostgresExporterClockSkew"], patience=600)
def ahead(scene):
    scene.s1.environment = A_MINUTE_AHEAD
    scene.s1.restart()
    yield
    scene.s1.environment = {}
    scene.s1.restart()


exporter_clock = Stage("exporter_clock", (Standby("s1"),))


@exporter_clock.act("the exporter's clock a minute ahead", ["PostgresExporterClockSkew"],
                    patience=600)
def exporter_ahead(scene):
    shifted = scene.workspace.folder / "shifted_exporter"
    words = " ".join(f"{name}={value}" for name, value in A_MINUTE_AHEAD.items())
    shifted.write_text(f'#!/bin/sh\nexec env {words} {scene.binary} "$@"\n')
    shifted.chmod(0o755)
    scene.start_exporters(binary=shifted)
    yield
    scene.start_exporters()


STAGES = [headroom, limits, clock, exporter_clock]
