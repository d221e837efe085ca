# SPDX-License-Identifier: Apache-2.0
"""What each family must say of a server, given its catalog: collector by collector."""

import os
import re
import time
from dataclasses import dataclass

from .catalog import SEGMENT_BYTES, interval, lsn, segment_start, timestamp
from .fleet import FILESYSTEM_SIZE


@dataclass(frozen=True)
class Between:
    """Of an age: who looked later saw more."""
    least: float
    most: float


# Collector: (its families, a generator of (family, value, labels) over a catalog).
SOURCES = {}
# Of these the page has every state there is; compared is which ones aren't 0.
STATES = {"pgrepl_up_reason", "pgrepl_replay_paused", "pgrepl_senders", "pgrepl_sender_sync_state",
          "pgrepl_receiver_status", "pgrepl_recovery_waiting", "pgrepl_slot_wal_status",
          "pgrepl_slot_invalidation_reason", "pgrepl_wal_level", "pgrepl_sync_commit_level",
          "pgrepl_slots", "pgrepl_base_backups"}
# Made from several servers or over time, so no column says them; the phases look at what matters.
COMPUTED = {
    "pgrepl_lag_seconds", "pgrepl_lag_known", "pgrepl_lag_bound", "pgrepl_lag_source",
    "pgrepl_lag_cause", "pgrepl_lag_bytes", "pgrepl_lag_threshold_seconds",
    "pgrepl_caught_up_once", "pgrepl_role_changes_total", "pgrepl_receiver_restarts_total",
    "pgrepl_receiver_expected", "pgrepl_failover_candidate", "pgrepl_diverged",
    "pgrepl_standby_wal_margin_bytes", "pgrepl_edge", "pgrepl_ambiguous_senders",
    "pgrepl_unarchived_seconds", "pgrepl_setting_too_low", "pgrepl_wal_written_bytes_total",
    "pgrepl_collector_success", "pgrepl_collectors_failed", "pgrepl_privileges_ok",
    "pgrepl_collector_duration_seconds",
    "pgrepl_collector_last_success_timestamp_seconds"}
# True whatever is hidden of what the rest of their collector says.
VISIBLE = {
    "pgrepl_receiver_up", "pgrepl_standby_connected", "pgrepl_receiver_timeout_seconds",
    "pgrepl_receiver_status_interval_seconds", "pgrepl_recovery_conflicts_total",
    "pgrepl_sync_required", "pgrepl_sync_present", "pgrepl_sync_candidates",
    "pgrepl_sync_commit_level"}
STANDBY_SETTINGS = ("max_connections", "max_worker_processes", "max_wal_senders",
                    "max_prepared_transactions", "max_locks_per_transaction")


def source(collector, *families):
    def add(generate):
        SOURCES[collector] = families, generate
        return generate
    return add


@source("server", "pgrepl_up", "pgrepl_up_reason", "pgrepl_server_info", "pgrepl_in_recovery",
        "pgrepl_timeline", "pgrepl_server_start_timestamp_seconds", "pgrepl_clock_skew_seconds",
        "pgrepl_superuser")
def server(catalog):
    yield "pgrepl_up", 1, {}
    yield "pgrepl_superuser", 0, {}  # none of the roles that look is one
    yield "pgrepl_up_reason", 1, {"reason": "ok"}
    yield "pgrepl_server_info", 1, {
        "version": catalog.setting("server_version").split()[0],
        "system_identifier": str(catalog.one("pg_control_system()")["system_identifier"]),
        "address": f"127.0.0.1:{catalog.server.port}", "configured": "true"}
    yield "pgrepl_in_recovery", int(catalog.in_recovery), {}
    yield "pgrepl_timeline", _timeline(catalog), {}
    start = timestamp(catalog.functions["start_time"])
    yield "pgrepl_server_start_timestamp_seconds", Between(start - 0.001, start + 0.001), {}
    yield "pgrepl_clock_skew_seconds", Between(-0.5, 0.5), {}


def _timeline(catalog):
    if catalog.in_recovery:
        return catalog.one("pg_stat_wal_receiver")["received_tli"]
    return int(catalog.functions["walfile"][:8], 16)


@source("lag", "pgrepl_apply_delay_seconds", "pgrepl_replay_paused", "pgrepl_wal_position_bytes")
def lag(catalog):
    if not catalog.in_recovery:
        yield "pgrepl_wal_position_bytes", catalog.end, {}
        return
    yield "pgrepl_wal_position_bytes", lsn(catalog.functions["replay_lsn"]), {}
    yield "pgrepl_apply_delay_seconds", catalog.seconds("recovery_min_apply_delay"), {}
    yield "pgrepl_replay_paused", 1, {"state": catalog.pause_state}


@source("senders", "pgrepl_senders", "pgrepl_sender_lag_seconds", "pgrepl_sender_reply_age_seconds",
        "pgrepl_sender_sync_state", "pgrepl_sender_sync_priority", "pgrepl_sender_xmin_age",
        "pgrepl_sender_info")
def senders(catalog):
    slots = {row["active_pid"]: row["slot_name"] for row in catalog["pg_replication_slots"]}
    logical = {row["active_pid"] for row in catalog["pg_replication_slots"]
               if row["slot_type"] == "logical"}
    for row in catalog["pg_stat_replication"]:
        if row["pid"] in logical:
            yield "pgrepl_senders", 1, {"kind": "logical", "state": row["state"]}
            continue
        standby = {"standby": row["application_name"]}
        yield "pgrepl_senders", 1, {"kind": "standby", "state": row["state"]}
        yield "pgrepl_sender_reply_age_seconds", Between(0, 15), standby
        yield "pgrepl_sender_sync_state", 1, standby | {"sync_state": row["sync_state"]}
        yield "pgrepl_sender_sync_priority", row["sync_priority"], standby
        if row["backend_xmin"] is not None and row["reply_time"] is not None:
            yield "pgrepl_sender_xmin_age", Between(0, 1000), standby
        yield "pgrepl_sender_info", 1, standby | {
            "application_name": row["application_name"], "client_addr": row["client_addr"],
            "slot_name": slots.get(row["pid"], "")}
        for stage in ("write", "flush", "replay"):
            if row[f"{stage}_lag"] is not None:
                yield ("pgrepl_sender_lag_seconds", interval(row[f"{stage}_lag"]),
                       standby | {"stage": stage})


@source("receiver", "pgrepl_receiver_up", "pgrepl_standby_connected", "pgrepl_standby_streaming",
        "pgrepl_receiver_status", "pgrepl_receiver_info", "pgrepl_receiver_timeout_seconds",
        "pgrepl_receiver_last_message_age_seconds", "pgrepl_receiver_status_interval_seconds",
        "pgrepl_receiver_position_bytes", "pgrepl_receiver_timeline")
def receiver(catalog):
    if not catalog.in_recovery:
        return
    row = catalog.one("pg_stat_wal_receiver")
    for family in ("receiver_up", "standby_connected", "standby_streaming"):
        yield f"pgrepl_{family}", int(row["status"] == "streaming"), {}
    yield "pgrepl_receiver_status", 1, {"status": row["status"]}
    yield "pgrepl_receiver_info", 1, {
        "sender_host": row["sender_host"], "sender_port": str(row["sender_port"]),
        "slot_name": row["slot_name"] or ""}
    yield "pgrepl_receiver_last_message_age_seconds", Between(0, 40), {}
    columns = {"start": "receive_start_lsn", "latest_end": "latest_end_lsn"} | (
        {"flushed": "received_lsn"} if catalog.major == 12 else
        {"flushed": "flushed_lsn", "written": "written_lsn"})
    for position, column in columns.items():
        if row[column] is not None:
            yield "pgrepl_receiver_position_bytes", lsn(row[column]), {"position": position}
    yield "pgrepl_receiver_timeline", row["received_tli"], {}
    yield "pgrepl_receiver_timeout_seconds", catalog.seconds("wal_receiver_timeout"), {}
    yield ("pgrepl_receiver_status_interval_seconds",
           catalog.seconds("wal_receiver_status_interval"), {})


@source("recovery", "pgrepl_recovery_waiting")
def recovery(catalog):
    if not catalog.in_recovery:
        return
    (startup,) = [row for row in catalog["pg_stat_activity"] if row["backend_type"] == "startup"]
    idle = catalog.end == lsn(catalog.functions["replay_lsn"])
    # Pauses are waits without a name on 12.
    reasons = {"RecoveryPause": "pause", "RecoveryWalStream": "wal", "RecoveryWalAll": "wal"}
    reason = None if idle else reasons.get(startup["wait_event"])
    yield "pgrepl_recovery_waiting", 1, {"reason": reason or "none"}


@source("prefetch", "pgrepl_recovery_prefetch_blocks_total",
        "pgrepl_recovery_prefetch_wal_distance_bytes", "pgrepl_recovery_prefetch_block_distance",
        "pgrepl_recovery_prefetch_io_depth")
def prefetch(catalog):
    if not catalog.in_recovery or catalog.major < 15:
        return
    row = catalog.one("pg_stat_recovery_prefetch")
    for column in ("prefetch", "hit", "skip_init", "skip_new", "skip_fpw", "skip_rep"):
        yield "pgrepl_recovery_prefetch_blocks_total", row[column], {"result": column}
    yield "pgrepl_recovery_prefetch_wal_distance_bytes", row["wal_distance"], {}
    yield "pgrepl_recovery_prefetch_block_distance", row["block_distance"], {}
    yield "pgrepl_recovery_prefetch_io_depth", row["io_depth"], {}


@source("conflicts", "pgrepl_recovery_conflicts_total", "pgrepl_oldest_standby_query_seconds")
def conflicts(catalog):
    if not catalog.in_recovery:
        return
    rows = catalog["pg_stat_database_conflicts"]
    for column in rows[0]:
        if column.startswith("confl_"):
            yield ("pgrepl_recovery_conflicts_total", sum(row[column] for row in rows),
                   {"type": column.removeprefix("confl_")})
    yield "pgrepl_oldest_standby_query_seconds", Between(0, 1), {}


@source("settings", "pgrepl_setting", "pgrepl_slot_idle_timeout_seconds", "pgrepl_wal_level",
        "pgrepl_sender_timeout_seconds", "pgrepl_hot_standby_feedback",
        "pgrepl_max_standby_delay_seconds", "pgrepl_rewind_possible")
def settings(catalog):
    for name in (*STANDBY_SETTINGS, "max_replication_slots"):
        yield "pgrepl_setting", int(catalog.setting(name)), {"setting": name}
    if catalog.major >= 18:
        yield ("pgrepl_slot_idle_timeout_seconds",
               catalog.seconds("idle_replication_slot_timeout"), {})
    yield "pgrepl_wal_level", 1, {"level": catalog.setting("wal_level")}
    yield "pgrepl_sender_timeout_seconds", catalog.seconds("wal_sender_timeout"), {}
    yield "pgrepl_rewind_possible", int("on" in (
        catalog.setting("wal_log_hints"), catalog.setting("data_checksums"))), {}
    if not catalog.in_recovery:
        return
    yield "pgrepl_hot_standby_feedback", int(catalog.setting("hot_standby_feedback") == "on"), {}
    for kind in ("streaming", "archive"):
        if catalog.setting(f"max_standby_{kind}_delay") != "-1":
            yield ("pgrepl_max_standby_delay_seconds",
                   catalog.seconds(f"max_standby_{kind}_delay"), {"source": kind})


@source("sync", "pgrepl_sync_required", "pgrepl_sync_present", "pgrepl_sync_candidates",
        "pgrepl_sync_commit_level", "pgrepl_syncrep_waiters",
        "pgrepl_syncrep_oldest_wait_seconds")
def sync(catalog):
    if catalog.in_recovery:
        return
    wanted = re.match(r"(?:FIRST|ANY) (\d+)", catalog.setting("synchronous_standby_names"))
    states = [row["sync_state"] for row in catalog["pg_stat_replication"]]
    waiters = sum(row["wait_event"] == "SyncRep" for row in catalog["pg_stat_activity"])
    yield "pgrepl_sync_required", int(wanted.group(1)) if wanted else 0, {}
    present = sum(state in ("sync", "quorum") for state in states)
    yield "pgrepl_sync_present", present, {}
    yield "pgrepl_sync_candidates", present + states.count("potential"), {}
    yield "pgrepl_sync_commit_level", 1, {"level": catalog.setting("synchronous_commit")}
    yield "pgrepl_syncrep_waiters", waiters, {}
    yield "pgrepl_syncrep_oldest_wait_seconds", Between(0, 300 if waiters else 0), {}


@source("wal", "pgrepl_wal_files", "pgrepl_wal_directory_bytes", "pgrepl_wal_oldest_kept_bytes")
def wal(catalog):
    yield "pgrepl_wal_files", len(catalog.segments), {}
    yield "pgrepl_wal_directory_bytes", len(catalog.segments) * SEGMENT_BYTES, {}
    yield ("pgrepl_wal_oldest_kept_bytes",
           min(segment_start(row["name"]) for row in catalog.segments), {})


@source("wal_budget", "pgrepl_wal_keep_size_bytes", "pgrepl_max_slot_wal_keep_size_bytes",
        "pgrepl_max_wal_size_bytes", "pgrepl_wal_segment_size_bytes")
def wal_budget(catalog):
    if catalog.major == 12:
        kept = int(catalog.setting("wal_keep_segments")) * SEGMENT_BYTES
    else:
        kept = int(catalog.setting("wal_keep_size")) << 20
        if (limit := int(catalog.setting("max_slot_wal_keep_size"))) >= 0:
            yield "pgrepl_max_slot_wal_keep_size_bytes", limit << 20, {}
    yield "pgrepl_wal_keep_size_bytes", kept, {}
    yield "pgrepl_max_wal_size_bytes", int(catalog.setting("max_wal_size")) << 20, {}
    yield "pgrepl_wal_segment_size_bytes", SEGMENT_BYTES, {}


@source("wal_filesystem", "pgrepl_wal_filesystem_size_bytes", "pgrepl_wal_filesystem_avail_bytes")
def wal_filesystem(catalog):
    if catalog.server.name != "p":
        yield "pgrepl_wal_filesystem_size_bytes", FILESYSTEM_SIZE, {}
        return
    found = os.statvfs(catalog.server.data / "pg_wal")
    yield "pgrepl_wal_filesystem_size_bytes", found.f_frsize * found.f_blocks, {}
    available = found.f_frsize * found.f_bavail
    # It isn't ours alone.
    yield "pgrepl_wal_filesystem_avail_bytes", Between(available * 0.9, available * 1.1), {}


@source("checkpoint", "pgrepl_last_checkpoint_timestamp_seconds",
        "pgrepl_last_checkpoint_age_seconds", "pgrepl_wal_since_redo_bytes",
        "pgrepl_checkpoint_timeline", "pgrepl_checkpoints_due_total",
        "pgrepl_checkpoints_done_total", "pgrepl_restartpoints_done_total",
        "pgrepl_min_recovery_end_bytes", "pgrepl_wal_until_consistent_bytes")
def checkpoint(catalog):
    control = catalog.one("pg_control_checkpoint()")
    began, redo = timestamp(control["checkpoint_time"]), lsn(control["redo_lsn"])
    yield "pgrepl_last_checkpoint_timestamp_seconds", began, {}
    age = time.time() - began
    yield "pgrepl_last_checkpoint_age_seconds", Between(age - 5, age + 1), {}
    yield "pgrepl_wal_since_redo_bytes", max(0, catalog.end - redo), {}
    yield "pgrepl_checkpoint_timeline", control["timeline_id"], {}
    counted = catalog.one("pg_stat_bgwriter" if catalog.major < 17 else "pg_stat_checkpointer")
    if catalog.in_recovery:
        end = lsn(catalog.one("pg_control_recovery()")["min_recovery_end_lsn"])
        yield "pgrepl_min_recovery_end_bytes", end, {}
        yield "pgrepl_wal_until_consistent_bytes", end - redo, {}
        if catalog.major >= 17:
            yield "pgrepl_restartpoints_done_total", counted["restartpoints_done"], {}
        return
    names = ("checkpoints_timed", "checkpoints_req") if catalog.major < 17 else (
        "num_timed", "num_requested")
    for cause, name in zip(("timed", "requested"), names):
        yield "pgrepl_checkpoints_due_total", counted[name], {"cause": cause}
    if catalog.major >= 18:
        yield "pgrepl_checkpoints_done_total", counted["num_done"], {}


@source("backup", "pgrepl_base_backups", "pgrepl_base_backup_streamed_bytes",
        "pgrepl_base_backup_total_bytes")
def backup(catalog):
    if catalog.major == 12:
        rows = [row for row in catalog["pg_stat_replication"] if row["state"] == "backup"]
        yield from (("pgrepl_base_backups", 1, {"phase": "other"}) for _ in rows)
    else:
        rows = catalog["pg_stat_progress_basebackup"]
        for row in rows:
            yield "pgrepl_base_backups", 1, {"phase": row["phase"].replace(" ", "_")}
    for family, column in (("streamed", "backup_streamed"), ("total", "backup_total")):
        values = [row.get(column) for row in rows]
        if None not in values:
            yield f"pgrepl_base_backup_{family}_bytes", sum(values), {}


@source("archive", "pgrepl_archive_enabled", "pgrepl_archived_total", "pgrepl_archive_failed_total",
        "pgrepl_archive_last_success_timestamp_seconds",
        "pgrepl_archive_last_failure_timestamp_seconds", "pgrepl_archive_failing")
def archive(catalog):
    row = catalog.one("pg_stat_archiver")
    mode = catalog.setting("archive_mode")
    archives = mode == "always" or (mode == "on" and not catalog.in_recovery)
    yield "pgrepl_archive_enabled", int(archives), {}
    yield "pgrepl_archived_total", row["archived_count"], {}
    yield "pgrepl_archive_failed_total", row["failed_count"], {}
    succeeded, failed = (timestamp(row[name]) if row[name] else None
                         for name in ("last_archived_time", "last_failed_time"))
    for what, at in (("success", succeeded), ("failure", failed)):
        if at:
            yield (f"pgrepl_archive_last_{what}_timestamp_seconds", Between(at - 0.001, at + 0.001),
                   {})
    failing = archives and failed and failed > (succeeded or 0)
    yield "pgrepl_archive_failing", int(bool(failing)), {}


@source("archive_backlog", "pgrepl_archive_ready_files", "pgrepl_archive_oldest_ready_age_seconds")
def archive_backlog(catalog):
    ready = [row for row in catalog["pg_ls_archive_statusdir()"] if row["name"].endswith(".ready")]
    yield "pgrepl_archive_ready_files", len(ready), {}
    yield "pgrepl_archive_oldest_ready_age_seconds", Between(0, 300 if ready else 0), {}


@source("archive_directory", "pgrepl_archive_files", "pgrepl_archive_size_bytes",
        "pgrepl_archive_gap")
def archive_directory(catalog):
    folder = catalog.server.data / "wal_archive"
    files = list(folder.glob("*"))
    if folder.exists():
        yield "pgrepl_archive_files", len(files), {}
        yield "pgrepl_archive_size_bytes", sum(file.stat().st_size for file in files), {}
    segments = {file.name for file in files if re.fullmatch("[0-9A-F]{24}", file.name)}
    numbers = {segment_start(name) // SEGMENT_BYTES for name in segments
               if name[:8] == max(segments)[:8]}
    if numbers:
        yield ("pgrepl_archive_gap",
               len(set(range(min(numbers), max(numbers))) - numbers), {})
