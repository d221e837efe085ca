# SPDX-License-Identifier: Apache-2.0
"""The rows about a standby that is fed by the archive alone, and about one of a stranger's."""

import time

from tests.lab import faults
from tests.lab.cluster import Cluster, Standby
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

from .row import CAUSE_FAMILY, NO_CAUSE, Hold, Rows

PLAN = (Standby("a1", archive_fed=True), Standby("s1"))
rows = Rows("archive")


def _archive(stage):
    """What was written by now, all of it or some, is in the archive."""
    p = stage.cluster.p
    segment = p.value("SELECT pg_walfile_name(pg_switch_wal())")
    wait_until(lambda: p.value("SELECT last_archived_wal FROM pg_stat_archiver") >= segment,
               f"{segment} is archived")


@rows.row("S9", "archive-only standby, primary idle", "a1")
def idle(stage):
    with stage.load():
        time.sleep(2)
    _archive(stage)
    # And a tail that is not in the archive.
    stage.cluster.p.execute("INSERT INTO tick VALUES (now())")
    wait_until(lambda: not any(map(stage.truth.lag, stage.standbys)), "idle")
    time.sleep(3)
    compared = yield Hold(15)
    stage.check(not any(compared.verdict(stage.cluster.a1).said), "it said more than 0")
    stage.check(compared.pages[-1].state("pgrepl_lag_source", "source", server="a1") == "archive",
                "its source isn't archive")


@rows.row("C12", "archived segments can't be restored", "a1", settle=False)
def waiting_for_archive(stage):
    with stage.load():
        # What a1 waits for was written while the truth was watched.
        _archive(stage)
        wait_until(lambda: stage.truth.lag(stage.cluster.a1) == 0, "a1 has what is archived")
        with faults.restore_fails(stage.cluster.a1):
            _archive(stage)
            # The truth jumps with the archive's end, which is read once in `interval`.
            time.sleep(2)
            yield Hold(causes={"a1": "waiting_for_archive"})


@rows.row("C13", "a standby of another system is configured", "s1", settle=False)
def different_system(stage):
    with Workspace() as workspace:
        stranger = Cluster(workspace, [Standby("s1")])
        config = stage.cluster.exporter_config()
        (server,) = stranger.exporter_config("s1")["clusters"][0]["servers"]
        config["clusters"][0]["servers"].append(server | {"name": "stranger"})
        with stage.another_exporter(config):
            stage.exporter.wait_for(lambda page: page.value("pgrepl_up", server="stranger") == 1,
                                    "the stranger is up")
            yield Hold(8, apart=("a1",))
            page = stage.exporter.scrape()
    cause = page.state(CAUSE_FAMILY, "cause", server="stranger") or NO_CAUSE
    stage.check(cause == "different_system", f"stranger: cause {cause}")
    stage.check(page.value("pgrepl_primaries") == 1, "the stranger's primary counts")
