# SPDX-License-Identifier: Apache-2.0
"""Faults that alerts/rules/lag.yaml is for."""

from tests.alerts.stage import Stage, until
from tests.lab.cluster import Standby
from tests.lab.session import Disconnected, QueryFailed

ONE = (Standby("s1", slot=True),)


def _first_seen_late(scene, config):
    """Replay stands still before any exporter looks."""
    scene.s1.execute("SELECT pg_wal_replay_pause()")
    scene.p.execute("CREATE TABLE unseen ()")


initial = Stage("initial", ONE, configure=_first_seen_late)


@initial.act("seen for the first time while it lags", ["PostgresInitialSyncSlow"],
             beside=["PostgresReplicationLagUnknown", "PostgresReplayPaused",
                     "PostgresNoFailoverCandidate"],
             patience=2400)
def seen_late(scene):
    yield
    scene.s1.execute("SELECT pg_wal_replay_resume()")


def _small_disk(scene, config):
    scene.configured("s1")["wal_filesystem_size"] = "500MB"


paused = Stage("paused", ONE, size=80_000, configure=_small_disk)


@paused.act("replay paused under writes",
            ["PostgresReplicationLagHigh", "PostgresReplayPaused", "PostgresReplicationLagCritical",
             "PostgresStandbyWalGrowing"],
            beside=["PostgresWalDiskFullSoon"], patience=1200, lasting=600)
def replay_paused(scene):
    with scene.s1.replay_paused():
        yield


# d1 is always later than its max_lag, and is meant to be.
sixty = Stage("sixty", (Standby("s1", slot=True), Standby("s2"), Standby("d1", apply_delay=70)))


@sixty.act("replay of one standby paused", ["PostgresReplicationLagHigh"])
def one_paused(scene):
    with scene.s1.replay_paused():
        yield


unknown = Stage("unknown", ONE, relayed=("p",))


@unknown.act("the primary unseen, the receiver cut", ["PostgresReplicationLagUnknown"],
             beside=["PostgresServerDown", "PostgresReceiverDown", "PostgresReplicationLagHigh",
                     "PostgresNoPrimary", "PostgresNoStandby", "PostgresStandbyMissing",
                     "PostgresNoFailoverCandidate", "PostgresSlotInactive",
                     "PostgresReplicationLagCritical"], patience=600)
def unseen(scene):
    with scene.ways["p"].cut(), scene.s1.receiver_cut():
        yield


conflicts = Stage("conflicts", ONE)


@conflicts.act("replay cancels queries", ["PostgresRecoveryConflicts"], patience=300, lasting=1200)
def queries_cancelled(scene):
    scene.s1.set(max_standby_streaming_delay=0, hot_standby_feedback="off")
    scene.p.execute("CREATE TABLE IF NOT EXISTS read_long AS SELECT generate_series(1, 1000) AS row")
    for _ in range(8):
        _cancel(scene)
    yield
    scene.s1.set(max_standby_streaming_delay=None, hot_standby_feedback=None)


def _cancel(scene):
    """One query that has an old snapshot, and rows of it that are vacuumed away."""
    cancelled = "SELECT sum(confl_snapshot) FROM pg_stat_database_conflicts"
    before = int(scene.s1.value(cancelled))
    session = scene.s1.open_session()
    try:
        session.rows("BEGIN ISOLATION LEVEL REPEATABLE READ")
        session.rows("SELECT count(*) FROM read_long")
        scene.p.execute("INSERT INTO read_long SELECT generate_series(1, 1000)")
        scene.p.execute("DELETE FROM read_long")
        until(lambda: scene.p.execute("VACUUM read_long") or
              int(scene.s1.value(cancelled)) > before, "a query is cancelled")
    except (Disconnected, QueryFailed):
        pass
    finally:
        session.close()


STAGES = [initial, conflicts, paused, sixty, unknown]
