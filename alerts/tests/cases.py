# SPDX-License-Identifier: Apache-2.0
"""A case for each alert. Values lie so close to the thresholds that a change of one by a tenth shows."""

from alerts.tests.case import ON_TARGET, Case, cluster, of, on, target

S1 = {"pg_cluster": "main", "server": "s1"}
P = {"pg_cluster": "main", "server": "p"}
MAIN = {"pg_cluster": "main"}
TARGET = {"instance": "a:9717", "job": "pg"}
UP = of("up", 1)
X = {"database": "d", "subscription": "x"}
LAG = of("lag_threshold_seconds", 60) | of("caught_up_once", 1) | of("apply_delay_seconds", 0)
TOTAL = "lag_bytes"
RISING, FALLING = "1000+1000x{n}", "900000-10000x{n}"

CASES = [
    # lag
    Case("PostgresReplicationLagCritical", S1, wait=60,
         health=of("lag_seconds", 299) | LAG,
         fault=of("lag_seconds", 301) | of(TOTAL, RISING, stage="total"),
         unless={"while it is built": of("caught_up_once", "0x{n}"),
                 "within an intended delay": of("apply_delay_seconds", 100),
                 "below a threshold of its own": of("lag_threshold_seconds", 61),
                 "while it comes nearer, after a long outage": of(TOTAL, FALLING, stage="total")}),
    Case("PostgresReplicationLagUnknown", S1, wait=300,
         health=of("lag_known", 1), fault=of("lag_known", 0)),
    Case("PostgresInitialSyncSlow", S1, wait=1800,
         health=of("lag_seconds", 59) | of("lag_threshold_seconds", 60) | of("caught_up_once", 0),
         fault=of("lag_seconds", 61),
         unless={"once it was caught up": of("caught_up_once", 1)}),
    Case("PostgresReplayPaused", S1, wait=300,
         health=of("replay_paused", 0, state="paused"), fault=of("replay_paused", 1, state="paused"),
         unless={"while a pause is only asked for": of("replay_paused", 0, state="paused")
                 | of("replay_paused", 1, state="pause_requested")}),
    Case("PostgresRecoveryConflicts", S1, wait=375,
         health=of("recovery_conflicts_total", 0, type="snapshot"),
         fault=of("recovery_conflicts_total", "0x39 0+0.2x400", type="snapshot"),
         unless={"with a few": of("recovery_conflicts_total", "0x39 0+0.12x400", type="snapshot")},
         ends=False),
    # connection
    Case("PostgresReceiverDown", S1, wait=60,
         health=of("receiver_up", 1) | of("receiver_expected", 1) | UP, fault=of("receiver_up", 0),
         unless={"where none is expected": of("receiver_expected", 0),
                 "when the standby itself isn't seen": of("up", 0)}),
    Case("PostgresReceiverFlapping", S1, wait=195,
         health=of("receiver_restarts_total", 0),
         fault=of("receiver_restarts_total", "0x39 0+0.4x400"),
         unless={"after some restarts": of("receiver_restarts_total", "0x39 0x20 5x380")}, ends=False),
    Case("PostgresConnectionStalled", S1, wait=15,
         health=of("receiver_last_message_age_seconds", 35) | of("receiver_timeout_seconds", 60)
         | of("receiver_up", 1),
         fault=of("receiver_last_message_age_seconds", 37),
         unless={"on an idle link that times out after ten minutes":
                 of("receiver_last_message_age_seconds", 301) | of("receiver_timeout_seconds", 600),
                 "without a timeout": of("receiver_timeout_seconds", 0),
                 "once it is disconnected": of("receiver_up", 0)}),
    Case("PostgresCatchupStuck", S1, wait=600,
         health=of("standby_streaming", 1) | of("standby_connected", 1),
         fault=of("standby_streaming", 0) | of(TOTAL, RISING, stage="total"),
         unless={"while it comes nearer": of(TOTAL, FALLING, stage="total"),
                 "once it is disconnected": of("standby_connected", 0),
                 "while it streams": of("standby_streaming", 1)}),
    Case("PostgresCascadeUpstreamLost", {"pg_cluster": "main", "server": "s2"}, wait=60,
         health=of("receiver_up", 1, "s2") | of("receiver_expected", 1, "s2") | of("up", 1, "s2")
         | of("edge", 1, "s2", standby="s3") | of("in_recovery", 1, "s2"),
         fault=of("receiver_up", 0, "s2"),
         unless={"where it feeds nobody": of("edge", None, "s2", standby="s3"),
                 "where no receiver is expected": of("receiver_expected", 0, "s2")}),
    Case("PostgresUnexpectedUpstream", S1, wait=300,
         health=of("receiver_up", 1) | UP | of("up", 1, "p") | of("privileges_ok", 1)
         | of("privileges_ok", 1, "p") | of("in_recovery", 0, "p") | of("in_recovery", 1)
         | of("edge", 1, "p", standby="s1"),
         fault=of("edge", 0, "p", standby="s1"),
         unless={"when a server isn't seen": of("up", 0, "p"),
                 "when something is hidden": of("privileges_ok", 0, "p"),
                 "where no primary is watched": of("in_recovery", 1, "p"),
                 "once it is disconnected": of("receiver_up", 0)}),
    Case("PostgresFallenBackToArchive", S1, wait=600,
         health=of("receiver_up", 1) | of("receiver_expected", 1) | UP | of("in_recovery", 1)
         | of("wal_position_bytes", "0+100x{n}"),
         fault=of("receiver_up", 0),
         unless={"where it wrote that itself, as a primary": of("in_recovery", 0),
                 "when nothing is replayed": of("wal_position_bytes", 7),
                 "where no receiver is expected": of("receiver_expected", 0),
                 "when the standby isn't seen": of("up", 0)}),
    Case("PostgresAmbiguousStandbys", P, wait=300,
         health=of("ambiguous_senders", 0, "p"), fault=of("ambiguous_senders", 2, "p")),
    # cluster
    Case("PostgresClusterBlind", MAIN, wait=60,
         health=UP | of("up", 1, "p"), fault=of("up", 0) | of("up", 0, "p"),
         unless={"while one answers": of("up", 1, "p")}),
    Case("PostgresNoPrimary", MAIN, wait=60,
         health=cluster("primaries", 1) | cluster("expected_primaries", 1) | UP,
         fault=cluster("primaries", 0),
         unless={"where none is expected": cluster("expected_primaries", 0),
                 "when nobody is seen": of("up", 0)}),
    Case("PostgresSplitBrain", MAIN, wait=30,
         health=cluster("primaries", 1) | cluster("expected_primaries", 1),
         fault=cluster("primaries", 2)),
    Case("PostgresServerDown", S1, wait=60,
         health=UP | of("up_reason", 0, reason="starting"), fault=of("up", 0),
         unless={"while it starts": of("up_reason", 1, reason="starting"),
                 "with hot_standby off": of("up_reason", 1, reason="hot_standby_off")}),
    Case("PostgresServerNotConsistent", S1, wait=1800,
         health=UP | of("up_reason", 0, reason="not_consistent"),
         fault=of("up", 0) | of("up_reason", 1, reason="not_consistent"),
         unless={"for another reason": of("up_reason", 0, reason="not_consistent")
                 | of("up_reason", 1, reason="refused")}),
    Case("PostgresNoStandby", MAIN, wait=60,
         health=of("standby_connected", 1) | cluster("expected_standbys", 1)
         | cluster("primaries", 1),
         fault=of("standby_connected", 0),
         unless={"where none is expected": cluster("expected_standbys", 0),
                 "without a primary": cluster("primaries", 0),
                 "while the archive feeds it, as it should":
                 of("lag_source", 1, source="archive") | UP}),
    Case("PostgresStandbyMissing", MAIN, wait=60,
         health=of("standby_connected", 1) | of("standby_connected", 1, "s2")
         | cluster("expected_standbys", 2) | cluster("primaries", 1),
         fault=of("standby_connected", 0, "s2"),
         unless={"where fewer are expected": cluster("expected_standbys", 1),
                 "without a primary": cluster("primaries", 0)}),
    Case("PostgresDiverged", S1, wait=60,
         health=of("diverged", 0), fault=of("diverged", 1),
         unless={"when only its timeline is behind": of("diverged", 0) | of("timeline", 1)
                 | of("timeline", 2, "p")}),
    Case("PostgresReseedNeeded", S1, wait=300,
         health=of("lag_cause", 0, cause="wal_removed"),
         fault=of("lag_cause", 1, cause="wal_removed"),
         unless={"for another cause": of("lag_cause", 0, cause="wal_removed")
                 | of("lag_cause", 1, cause="receiver_down")}),
    Case("PostgresNoFailoverCandidate", MAIN, wait=600,
         health=of("failover_candidate", 1, reason="best") | of("failover_candidate", 0, reason="paused")
         | cluster("primaries", 1),
         fault=of("failover_candidate", 0, reason="best")
         | of("failover_candidate", 1, reason="paused"),
         unless={"without a primary": cluster("primaries", 0),
                 "where all have another purpose": of("failover_candidate", 0, reason="paused")
                 | of("failover_candidate", 1, reason="purpose"),
                 "while another one is fit": of("failover_candidate", 1, "s2", reason="best")}),
    Case("PostgresDifferentSystem", MAIN, wait=60,
         health=of("server_info", 1, system_identifier="7"),
         fault={("pgrepl_server_info", on("s2", system_identifier="8")): "_x40 1x400"},
         unless={"of one that isn't known":
                 {("pgrepl_server_info", on("s2", system_identifier="8")): None,
                  ("pgrepl_server_info", on("s2", system_identifier="")): 1}}, ends=False),
    # sync
    Case("PostgresSyncStandbyLost", P, wait=15,
         health=of("sync_required", 1, "p") | of("sync_present", 1, "p"),
         fault=of("sync_present", 0, "p"),
         unless={"where none is required": of("sync_required", 0, "p")}),
    Case("PostgresCommitsBlocked", P, wait=15,
         health=of("syncrep_oldest_wait_seconds", 9.9, "p"),
         fault=of("syncrep_oldest_wait_seconds", 10.2, "p")),
    Case("PostgresSyncNoSpare", P, wait=600,
         health=of("sync_required", 1, "p") | of("sync_candidates", 2, "p")
         | cluster("expected_standbys", 2),
         fault=of("sync_candidates", 1, "p"),
         unless={"in a pair": cluster("expected_standbys", 1),
                 "where none is required": of("sync_required", 0, "p")
                 | of("sync_candidates", 0, "p")}),
    Case("PostgresSyncTurnedOff", MAIN, wait=300,
         health=of("sync_required", 1, "p"), fault=of("sync_required", 0, "p"),
         unless={"where it was never on": of("sync_required", "0x{n}", "p")}),
    # slots
    Case("PostgresSlotInactive", P | {"slot_name": "a"},
         health=of("slot_inactive_seconds", 299, "p", slot_name="a")
         | of("slot_retained_bytes", 0, "p", slot_name="a") | of("in_recovery", 0, "p"),
         fault=of("slot_inactive_seconds", 302, "p", slot_name="a"),
         unless={"at the threshold": of("slot_inactive_seconds", 300, "p", slot_name="a"),
                 "on a standby": of("in_recovery", 1, "p"),
                 "when it never reserved WAL": of("slot_retained_bytes", None, "p", slot_name="a"),
                 "for a standby's copy, which has no such age":
                 of("slot_inactive_seconds", None, "p", slot_name="a")}),
    Case("PostgresSlotInactive", P | {"slot_name": "a"}, looks={690: True, 705: False},
         health=of("slot_retained_bytes", 0, "p", slot_name="a") | of("in_recovery", 0, "p"),
         fault=of("slot_inactive_seconds", "0x39 302x2 0x99", "p", slot_name="a"), ends=False),
    Case("PostgresSlotRetainingWal", P | {"slot_name": "a"}, wait=300,
         health=of("slot_retained_bytes", 19.9, "p", slot_name="a") | of("in_recovery", 0, "p")
         | of("wal_filesystem_size_bytes", 100, "p") | of("up", 1, "p"),
         fault=of("slot_retained_bytes", 20.2, "p", slot_name="a"),
         unless={"at the threshold": of("slot_retained_bytes", 20, "p", slot_name="a"),
                 "on a standby": of("in_recovery", 1, "p"),
                 "below 10 GiB where the size isn't known":
                 of("wal_filesystem_size_bytes", None, "p")
                 | of("slot_retained_bytes", 10.7e9, "p", slot_name="a")}),
    Case("PostgresSlotRetainingOnStandby", S1 | {"slot_name": "a"}, wait=300,
         health=of("slot_retained_bytes", 10.7e9, slot_name="a") | of("in_recovery", 1) | UP,
         fault=of("slot_retained_bytes", 10.8e9, slot_name="a"),
         unless={"at the threshold": of("slot_retained_bytes", 10 << 30, slot_name="a"),
                 "on a primary": of("in_recovery", 0),
                 "on a disk with room": of("wal_filesystem_size_bytes", 55e9)}),
    Case("PostgresSlotNearLoss", P | {"slot_name": "a"}, wait=60, lasts=400,
         health=of("slot_wal_status", 0, "p", slot_name="a", status="unreserved")
         | of("slot_retained_bytes", 5, "p", slot_name="a"),
         fault=of("slot_wal_status", 1, "p", slot_name="a", status="unreserved"),
         unless={"under a bulk load that it keeps up with":
                 of("slot_wal_status", 0, "p", slot_name="a", status="unreserved")
                 | of("slot_safe_bytes", 990, "p", slot_name="a")
                 | of("max_slot_wal_keep_size_bytes", 1000, "p"),
                 "while half of its reserve is left":
                 of("slot_wal_status", 0, "p", slot_name="a", status="unreserved")
                 | of("slot_safe_bytes", "_x40 2500-5x400", "p", slot_name="a")
                 | of("max_slot_wal_keep_size_bytes", 1000, "p"),
                 "when it is lost in more than an hour":
                 of("slot_wal_status", 0, "p", slot_name="a", status="unreserved")
                 | of("slot_safe_bytes", "_x40 1300-2x400", "p", slot_name="a")
                 | of("max_slot_wal_keep_size_bytes", 2700, "p"),
                 "while nothing changes":
                 of("slot_wal_status", 0, "p", slot_name="a", status="unreserved")
                 | of("slot_safe_bytes", "0x{n}", "p", slot_name="a")
                 | of("max_slot_wal_keep_size_bytes", 2700, "p")}),
    Case("PostgresSlotNearLoss", P | {"slot_name": "a"}, wait=60, looks={735: True, 750: False},
         health=of("slot_retained_bytes", 5, "p", slot_name="a"),
         fault=of("slot_wal_status", "0x39 1x5 0x99", "p", slot_name="a", status="unreserved"),
         ends=False),
    Case("PostgresSlotNearLoss", P | {"slot_name": "a"}, wait=75,
         health=of("slot_retained_bytes", 5, "p", slot_name="a")
         | of("max_slot_wal_keep_size_bytes", 1000, "p"),
         fault=of("slot_safe_bytes", "_x40 460-2x400", "p", slot_name="a"), ends=False),
    Case("PostgresSlotLost", P | {"slot_name": "a"},
         health=of("slot_wal_status", 0, "p", slot_name="a", status="lost"),
         fault=of("slot_wal_status", 1, "p", slot_name="a", status="lost"),
         unless={"of another status": of("slot_wal_status", 0, "p", slot_name="a", status="lost")
                 | of("slot_wal_status", 1, "p", slot_name="a", status="extended")
                 | of("slot_invalidation_reason", 1, "p", slot_name="a", reason="none")}),
    Case("PostgresSlotLost", P | {"slot_name": "a"},
         health=of("slot_invalidation_reason", 0, "p", slot_name="a", reason="rows_removed"),
         fault=of("slot_invalidation_reason", 1, "p", slot_name="a", reason="rows_removed")),
    Case("PostgresXminHeld", P | {"slot_name": "a"}, wait=600,
         health=of("slot_xmin_age", 50e6, "p", slot_name="a") | of("in_recovery", 0, "p"),
         fault=of("slot_xmin_age", 50.2e6, "p", slot_name="a")),
    Case("PostgresXminHeld", P | {"standby": "s1"}, wait=600,
         health=of("sender_xmin_age", 50e6, "p", standby="s1") | of("in_recovery", 0, "p"),
         fault=of("sender_xmin_age", 50.2e6, "p", standby="s1")),
    Case("PostgresXminHeld", P | {"slot_name": "a"}, wait=600,
         health=of("slot_catalog_xmin_age", 49.9e6, "p", slot_name="a") | of("in_recovery", 0, "p"),
         fault=of("slot_catalog_xmin_age", 50.2e6, "p", slot_name="a"),
         unless={"on a standby": of("in_recovery", 1, "p")}),
    Case("PostgresFailoverSlotUnsynced", P | {"slot_name": "a"}, wait=300,
         health=of("slot_failover", 1, "p", slot_name="a") | of("in_recovery", 0, "p")
         | of("in_recovery", 1) | of("slot_synced", 1, slot_name="a"),
         fault=of("slot_synced", 0, slot_name="a"),
         unless={"without a standby": of("in_recovery", 0),
                 "of a slot on the standby": of("slot_failover", None, "p", slot_name="a")
                 | of("slot_failover", 1, slot_name="a") | of("slot_synced", None, slot_name="a"),
                 "of a slot that isn't to be": of("slot_failover", 0, "p", slot_name="a"),
                 "while a copy is moved on": of("slot_synced", 1, slot_name="a")
                 | of("slot_sync_age_seconds", 299, slot_name="a")}),
    Case("PostgresFailoverSlotUnsynced", S1 | {"slot_name": "a"}, wait=300,
         health=of("slot_sync_age_seconds", 300, slot_name="a"),
         fault=of("slot_sync_age_seconds", 302, slot_name="a")),
    # wal
    Case("PostgresWalDiskFullSoon", P, wait=300,
         health=of("wal_filesystem_size_bytes", 1000, "p")
         | of("wal_filesystem_avail_bytes", 100, "p"),
         fault=of("wal_filesystem_avail_bytes", 99, "p")),
    Case("PostgresWalDiskFullSoon", P, wait=300,
         health=of("wal_filesystem_size_bytes", 100, "p") | of("wal_directory_bytes", 79, "p"),
         fault=of("wal_directory_bytes", 81, "p"),
         unless={"where what is left is measured": of("wal_filesystem_avail_bytes", 50, "p")}),
    Case("PostgresWalDiskFullSoon", P, wait=315, lasts=400,
         health=of("wal_filesystem_size_bytes", 2000, "p"),
         fault=of("wal_filesystem_avail_bytes", "_x40 795-0.85x400", "p"),
         unless={"while it falls slowly":
                 of("wal_filesystem_avail_bytes", "_x40 795-0.575x400", "p"),
                 "while much is left, however fast it falls":
                 of("wal_filesystem_avail_bytes", "_x40 1605-2x400", "p"),
                 "while so much is left": of("wal_filesystem_avail_bytes",
                                             "_x40 2000-10x119 800x100", "p")}, ends=False),
    Case("PostgresStandbyWalGrowing", S1, wait=300,
         health=of("lag_bytes", 20, stage="replay") | of("wal_filesystem_size_bytes", 100) | UP,
         fault=of("lag_bytes", 20.2, stage="replay")),
    Case("PostgresStandbyWalGrowing", S1, wait=300,
         health=of("lag_bytes", 10.7e9, stage="replay") | UP,
         fault=of("lag_bytes", 10.8e9, stage="replay")),
    # archive
    Case("PostgresArchiveFailing", P, wait=120,
         health=of("archive_failing", 0, "p") | of("archive_enabled", 1, "p")
         | of("archived_total", 7, "p"),
         fault=of("archive_failing", 1, "p"),
         unless={"on a fresh cluster, which has tried nothing": of("archive_failing", 0, "p")
                 | of("archived_total", 0, "p"),
                 "where nothing is archived": of("archive_enabled", 0, "p"),
                 "while others succeed": of("archived_total", "0+1x{n}", "p")}),
    Case("PostgresArchiveFailing", P, wait=120, looks={885: True, 900: False},
         health=of("archive_enabled", 1, "p") | of("archived_total", 7, "p"),
         fault=of("archive_failing", "0x39 1x11 0x99", "p"), ends=False),
    Case("PostgresArchiveBacklog", P, wait=300,
         health=of("archive_oldest_ready_age_seconds", 600, "p") | of("archive_enabled", 1, "p")
         | of("archive_ready_files", 100, "p"),
         fault=of("archive_oldest_ready_age_seconds", 605, "p"),
         unless={"where nothing is archived": of("archive_enabled", 0, "p")}),
    Case("PostgresArchiveBacklog", P, wait=300,
         health=of("archive_oldest_ready_age_seconds", 30, "p") | of("archive_enabled", 1, "p")
         | of("archive_ready_files", 100, "p"),
         fault=of("archive_ready_files", 101, "p")),
    Case("PostgresArchiveGap", P, wait=600,
         health=of("archive_gap", 0, "p"), fault=of("archive_gap", 1, "p")),
    Case("PostgresArchiveFullSoon", P, wait=900,
         health=of("archive_filesystem_size_bytes", 1000, "p")
         | of("archive_filesystem_avail_bytes", None, "p"),
         fault=of("archive_filesystem_avail_bytes", 99, "p"),
         unless={"at the threshold": of("archive_filesystem_avail_bytes", 100, "p")}),
    Case("PostgresArchiveFullSoon", P, wait=915, lasts=400,
         health=of("archive_filesystem_size_bytes", 10000, "p"),
         fault=of("archive_filesystem_avail_bytes", "_x40 2980-0.175x400", "p"),
         unless={"while it falls slowly":
                 of("archive_filesystem_avail_bytes", "_x40 2980-0.165x400", "p"),
                 "while much is left":
                 of("archive_filesystem_avail_bytes", "_x40 3200-0.3x400", "p"),
                 "while so much is left": of("archive_filesystem_avail_bytes",
                                             "_x40 5400-20x119 3000x200", "p")}, ends=False),
    # settings
    Case("PostgresSenderHeadroomLow", P, wait=600,
         health=of("senders", 79, "p", kind="standby", state="streaming")
         | of("senders", 1, "p", kind="backup", state="backup")
         | of("setting", 100, "p", setting="max_wal_senders"),
         fault=of("senders", 80, "p", kind="standby", state="streaming")),
    Case("PostgresSlotHeadroomLow", P, wait=600,
         health=of("slots", 79, "p", slot_type="physical", temporary="false")
         | of("slots", 1, "p", slot_type="logical", temporary="false")
         | of("setting", 100, "p", setting="max_replication_slots"),
         fault=of("slots", 80, "p", slot_type="physical", temporary="false")),
    Case("PostgresStandbySettingsTooLow", S1, wait=60,
         health=of("setting_too_low", 0, setting="max_connections"),
         fault=of("setting_too_low", 1, setting="max_connections")),
    Case("PostgresWalLevelTooLow", P, wait=60,
         health=of("wal_level", 0, "p", level="minimal") | of("in_recovery", 0, "p")
         | cluster("expected_standbys", 1),
         fault=of("wal_level", 1, "p", level="minimal"),
         unless={"without standbys": cluster("expected_standbys", 0),
                 "on a standby": of("in_recovery", 1, "p")}),
    Case("PostgresClockSkew", S1, wait=300,
         health=of("clock_skew_seconds", 4.9) | of("clock_skew_seconds", -4.9, "p"),
         fault=of("clock_skew_seconds", -5.1),
         unless={"at the threshold": of("clock_skew_seconds", -5),
                 "when the exporter's own clock is off": of("clock_skew_seconds", -5.1, "p"),
                 "when no other clock confirms the exporter's": of("clock_skew_seconds", 5, "p")}),
    # logical
    Case("PostgresSubscriptionWorkerDown", S1 | X, wait=120,
         health=of("subscription_enabled", 1, **X)
         | of("subscription_workers", 1, **X, type="apply"),
         fault=of("subscription_workers", 0, **X, type="apply"),
         unless={"while it is disabled": of("subscription_enabled", 0, **X)}),
    Case("PostgresSubscriptionDisabled", S1 | X, wait=300,
         health=of("subscription_enabled", 1, **X),
         fault=of("subscription_enabled", 0, **X),
         unless={"where it was never on": of("subscription_enabled", "0x{n}", **X)}),
    Case("PostgresSubscriptionErrors", S1 | X, wait=300,
         health=of("subscription_errors_total", 0, **X, type="apply"),
         fault=of("subscription_errors_total", "0x39 0+0.1x400", **X, type="apply"),
         unless={"after a few": of("subscription_errors_total", "0x39 0+0.046x400", **X, type="apply"),
                 "after two": of("subscription_errors_total", "0x39 2x100", **X, type="apply")}, ends=False),
    Case("PostgresSubscriptionErrors", S1 | X, looks={1485: True, 1500: False}, lasts=60,
         health=of("subscription_errors_total", 0, **X, type="apply"),
         fault=of("subscription_errors_total", 3, **X, type="apply")),
    # exporter
    Case("PostgresReplicationExporterDown", TARGET, wait=120,
         health={("up", ON_TARGET): 1} | target("exporter_build_info", 1),
         fault={("up", ON_TARGET): 0},
         unless={"of another job's target": target("exporter_build_info", None)}),
    Case("PostgresClusterUnwatched", MAIN, wait=120,
         health=cluster("expected_primaries", 1),
         fault=cluster("expected_primaries", "1x39 stale"), ends=False, forgets=6 * 3600),
    Case("PostgresClusterWatchedTwice", MAIN, wait=900,
         health=cluster("exporter_watches", 1, shard="0/3")
         | cluster("exporter_watches", None, shard="1/4"),
         fault=cluster("exporter_watches", 1, shard="1/4"),
         unless={"of two of one share": cluster("exporter_watches", "_x{n}", shard="1/4")}),
    Case("PostgresExporterConfigRejected", TARGET, wait=300,
         health=target("exporter_config_last_reload_successful", 1),
         fault=target("exporter_config_last_reload_successful", 0)),
    Case("PostgresExporterConfigRejected", TARGET, wait=300,
         health=target("exporter_config_last_reload_successful", 1)
         | target("exporter_web_config_last_reload_successful", 1),
         fault=target("exporter_web_config_last_reload_successful", 0)),
    Case("PostgresExporterDiscoveryFailing", MAIN, wait=420,
         health=cluster("exporter_discovery_up", 1), fault=cluster("exporter_discovery_up", 0)),
    Case("PostgresServerUnwatched", S1, wait=300,
         health=UP | cluster("expected_primaries", 1),
         fault=of("up", "1x39 stale") | cluster("expected_primaries", "1x1600"),
         unless={"when nobody watches its cluster": cluster("expected_primaries", "1x39 stale")},
         ends=False, forgets=6 * 3600),
    Case("PostgresCollectorFailing", S1 | {"collector": "slots"}, wait=480,
         health=of("collector_success", 1, collector="slots") | UP,
         fault=of("collector_success", 0, collector="slots"),
         unless={"while the server is down": of("up", 0)}),
    Case("PostgresPrivilegesMissing", S1, wait=300,
         health=of("privileges_ok", 1) | UP, fault=of("privileges_ok", 0),
         unless={"while the server is down": of("up", 0)}),
    Case("PostgresExporterClockSkew", TARGET, wait=300,
         health=target("clock_skew_seconds", 4.9, "s1") | target("clock_skew_seconds", 7, "s2"),
         fault=target("clock_skew_seconds", 5.1, "s1"),
         unless={"at the threshold": target("clock_skew_seconds", 5, "s1")}),
]
