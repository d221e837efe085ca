# SPDX-License-Identifier: Apache-2.0
"""Who is primary, and who follows whom, changes."""

import os
import shutil

from .waiting import wait_until


def promote(server):
    server.execute("SELECT pg_promote(wait => false)")
    wait_until(lambda: server.value("SELECT pg_is_in_recovery()") == "f",
               f"{server.name} is promoted")


def follow(standby, upstream):
    """Points a standby to another upstream; waits for nothing, since it may not be able to."""
    standby.set(primary_conninfo=_conninfo(standby, upstream), primary_slot_name="")


def demote(server, upstream):
    """A stopped server starts as a standby, on whatever data it has: no rewind."""
    (server.data / "standby.signal").touch()
    settings = server.data / "postgresql.auto.conf"
    with settings.open("a") as file:
        file.write(f"primary_conninfo = '{_conninfo(server, upstream)}'\n")
        file.write("primary_slot_name = ''\n")
    server.start()


def switchover(old, new, others=()):
    """A clean one: `old` stops with everything sent, `new` takes over, the others follow it."""
    passfile(old, new)
    old.stop()
    promote(new)
    for standby in others:
        follow(standby, new)
    demote(old, new)


def passfile(server, like):
    """A server that was always primary has no password to replicate with: it takes another's."""
    mine, theirs = (one.folder / "data.pgpass" for one in (server, like))
    if not mine.exists():
        shutil.copy2(theirs, mine)
        os.chown(mine, theirs.stat().st_uid, theirs.stat().st_gid)


def _conninfo(standby, upstream):
    return (f"host=127.0.0.1 port={upstream.port} user=replicator "
            f"passfile={standby.data}.pgpass application_name={standby.name}")
