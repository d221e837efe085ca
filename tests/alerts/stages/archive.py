# SPDX-License-Identifier: Apache-2.0
"""Faults that alerts/rules/archive.yaml is for."""

import signal
from contextlib import contextmanager

from tests.alerts.stage import Stage, until
from tests.lab.process import run, send

# The disk of the machine that plays this may be full as well.
FULL = ["PostgresArchiveBacklog", "PostgresArchiveFailing", "PostgresArchiveFullSoon"]


def _see_the_archive(scene, config):
    scene.configured("p")["archive_directory"] = str(scene.archive)


archive = Stage("archive", (), configure=_see_the_archive)


@archive.act("archive_command fails", ["PostgresArchiveFailing"], beside=FULL, patience=900)
def command_fails(scene):
    _archive_some(scene, 1)
    scene.p.set(archive_command="/bin/false")
    scene.p.execute("SELECT pg_switch_wal()")
    yield
    scene.p.set(archive_command=None)


@archive.act("a segment deleted from the archive", ["PostgresArchiveGap"], beside=FULL,
             patience=1200)
def segment_deleted(scene):
    _archive_some(scene, 4)
    gone = sorted(scene.archive.glob("0*"))[-2]
    kept = gone.with_name("kept")
    gone.rename(kept)
    yield
    kept.rename(gone)


def _archive_some(scene, count):
    for _ in range(count):
        before = scene.p.value("SELECT archived_count FROM pg_stat_archiver")
        scene.p.execute("CREATE TABLE IF NOT EXISTS archived ()")
        scene.p.execute("SELECT pg_logical_emit_message(true, 'lab', 'x')")
        scene.p.execute("SELECT pg_switch_wal()")
        until(lambda: scene.p.value("SELECT archived_count FROM pg_stat_archiver") != before,
              "a segment is archived")


backlog = Stage("backlog", ())


@backlog.act("archive_command hangs", ["PostgresArchiveBacklog"], patience=1500)
def command_hangs(scene):
    scene.p.set(archive_command="exec sleep 1d")
    scene.p.execute("SELECT pg_switch_wal()")
    yield
    scene.p.set(archive_command=None)
    # The hanging command is a child of the archiver.
    for archiver in scene.p.pids("archiver"):
        children = run(["pgrep", "-P", archiver], accept=(0, 1)).split()
        send(map(int, children), signal.SIGTERM)


def _see_a_small_disk(scene, config):
    folder = scene.workspace.directory("small_disk")
    scene.mounts.enter_context(_mounted(folder))
    # Whatever path lies on it stands for pg_wal.
    scene.configured("p").update(archive_directory=str(folder), wal_directory=str(folder))


disk = Stage("small_disk", (), configure=_see_a_small_disk)


@disk.act("a file system of 64 MB fills up", ["PostgresArchiveFullSoon", "PostgresWalDiskFullSoon"],
          patience=1500, by_runbook=False)
def disk_full(scene):
    backups = scene.workspace.folder / "small_disk/backups"
    backups.write_bytes(bytes(61 << 20))
    yield
    backups.unlink()


@contextmanager
def _mounted(folder):
    """A file system of 64 MB; only root may do that."""
    run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder])
    try:
        yield
    finally:
        run(["umount", "--lazy", folder])


STAGES = [archive, backlog, disk]
