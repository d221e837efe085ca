# SPDX-License-Identifier: Apache-2.0
"""Faults that take more than one server, or a state of the data; each a context manager."""

import signal
from contextlib import contextmanager
from pathlib import Path

from .process import run, send
from .waiting import wait_until

_KEEP_LITTLE = {"wal_keep_size": "0", "max_slot_wal_keep_size": "16MB", "min_wal_size": "32MB",
                "max_wal_size": "32MB"}


def kill_sender(upstream, standby):
    """The walsender of this standby ends; its receiver may connect again."""
    upstream.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_replication "
                     f"WHERE application_name = '{standby.name}'")


@contextmanager
def pause_requested(standby):
    """A pause is asked for, and startup can't take it up."""
    with standby.frozen("startup"):
        standby.execute("SELECT pg_wal_replay_pause()")
        try:
            yield
        finally:
            standby.execute("SELECT pg_wal_replay_resume()")


@contextmanager
def snapshot_conflict(primary, standby):
    """Replay waits for an old snapshot on the standby, which needs rows that were vacuumed away."""
    primary.execute("CREATE TABLE IF NOT EXISTS read_long AS SELECT generate_series(1, 1000) AS row")
    with _reader(primary, standby, "read_long"):
        primary.execute("DELETE FROM read_long")
        # Other standbys' feedback may hold it back for a while.
        wait_until(lambda: primary.execute("VACUUM read_long") or _waits_for(
            standby, "RecoveryConflictSnapshot"), f"{standby.name} conflicts", every=0.5)
        yield


@contextmanager
def lock_conflict(primary, standby):
    """Replay waits for a reader on the standby, whose table was changed on the primary."""
    primary.execute("CREATE TABLE IF NOT EXISTS read_locked (row int)")
    with _reader(primary, standby, "read_locked"):
        primary.execute("ALTER TABLE read_locked ALTER row TYPE bigint")
        primary.execute("ALTER TABLE read_locked ALTER row TYPE int")
        wait_until(lambda: _waits_for(standby, "relation"), f"{standby.name} conflicts")
        yield


@contextmanager
def _reader(primary, standby, table):
    """A transaction on the standby that read this table and stays open, and is never cancelled."""
    standby.set(max_standby_streaming_delay=-1, max_standby_archive_delay=-1,
                hot_standby_feedback="off")
    wait_until(lambda: standby.value(f"SELECT to_regclass('{table}')"), f"{table} is replayed")
    # Feedback that was given still holds back the vacuum, until the upstream hears otherwise.
    wait_until(lambda: not _xmin(primary, standby), f"{standby.name} gives no feedback")
    session = standby.open_session()
    session.rows("BEGIN ISOLATION LEVEL REPEATABLE READ")
    session.rows(f"SELECT count(*) FROM {table}")
    try:
        yield
    finally:
        session.close()
        standby.set(max_standby_streaming_delay=None, max_standby_archive_delay=None,
                    hot_standby_feedback=None)


def _xmin(primary, standby):
    return primary.rows(
        "SELECT 1 FROM pg_stat_replication LEFT JOIN pg_replication_slots ON active_pid = pid "
        f"WHERE application_name = '{standby.name}' AND coalesce(xmin, backend_xmin) IS NOT NULL")


def _waits_for(standby, event):
    return standby.rows("SELECT 1 FROM pg_stat_activity WHERE backend_type = 'startup' "
                        f"AND wait_event = '{event}'")


@contextmanager
def settings_too_low(primary, standby):
    """The primary allows more connections than the standby can: replay pauses by itself."""
    before = int(standby.value("SHOW max_connections"))
    primary.set(max_connections=before + 10)
    primary.restart()
    wait_until(standby.replay_is_paused, f"{standby.name} pauses by itself", seconds=30)
    try:
        yield
    finally:
        standby.set(max_connections=before + 10)
        standby.restart()


@contextmanager
def backlog(standby):
    """Replay stands still with WAL at hand, and nobody receives: startup starts no receiver.

    It is startup that asks for one, and only when there is nothing left to replay.
    """
    with standby.frozen("startup"):
        wait_until(lambda: standby.value(
            "SELECT pg_last_wal_receive_lsn() > pg_last_wal_replay_lsn()") == "t", "WAL is at hand")
        send(standby.pids("walreceiver"), signal.SIGTERM)
        wait_until(lambda: not standby.pids("walreceiver"), "the receiver ends")
        yield


@contextmanager
def slow_disk(server):
    """Restarts it, with a disk that is slow for the process whose pid is written to the given file."""
    library, victim = server.folder / "slow_disk.so", server.folder / "slow_disk"
    run(["cc", "-shared", "-fPIC", "-o", library, Path(__file__).with_name("slow_disk.c"), "-ldl"])
    server.environment = {"LD_PRELOAD": str(library), "SLOW_DISK": str(victim)}
    server.restart()
    try:
        yield victim
    finally:
        victim.unlink(missing_ok=True)


@contextmanager
def restore_fails(standby):
    """What is in the archive can't be fetched from it."""
    command = standby.value("SHOW restore_command")
    standby.set(restore_command="false")
    try:
        yield
    finally:
        standby.set(restore_command=command)


@contextmanager
def wal_removed(primary, standby):
    """The primary removes WAL that this standby needs, slot or not. Only a re-seed heals it."""
    kept = {name: primary.value(f"SHOW {name}") for name in _KEEP_LITTLE}
    with standby.receiver_cut():
        primary.set(**_KEEP_LITTLE)
        needed = primary.value(f"""SELECT pg_walfile_name('{
            standby.value("SELECT pg_last_wal_replay_lsn()")}')""")
        wait_until(lambda: _remove_wal(primary, needed), f"{primary.name} removes {needed}", 30)
        primary.set(**kept)
    yield


def _remove_wal(primary, segment):
    primary.execute("SELECT pg_logical_emit_message(true, 'lab', 'x')")
    primary.execute("SELECT pg_switch_wal()")
    primary.execute("CHECKPOINT")
    return not primary.rows(f"SELECT 1 FROM pg_ls_waldir() WHERE name = '{segment}'")
