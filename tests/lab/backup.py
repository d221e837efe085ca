# SPDX-License-Identifier: Apache-2.0
"""A base backup that goes on for as long as a `with` block lasts."""

import subprocess
from contextlib import contextmanager

from .postgres import installed
from .waiting import wait_until

_RUNNING = "SELECT count(*) FROM pg_stat_replication WHERE state = 'backup'"


@contextmanager
def base_backup(workspace, server):
    """At 32 kB a second it takes minutes. psql asks for it: pg_basebackup wants its own major."""
    words = "LABEL 'lab' PROGRESS FAST MAX_RATE 32" if server.major < 15 else (
        "(LABEL 'lab', PROGRESS, CHECKPOINT 'fast', MAX_RATE 32)")
    psql = workspace.spawn(
        [installed() / "psql", "--no-psqlrc", f"--command=BASE_BACKUP {words}",
         f"host=127.0.0.1 port={server.port} user=replicator replication=true "
         "application_name=lab_backup"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: server.value(_RUNNING) == "1", f"the base backup of {server} begins")
        yield
    finally:
        psql.kill()
        psql.wait()
        wait_until(lambda: server.value(_RUNNING) == "0", f"the base backup of {server} ends")
