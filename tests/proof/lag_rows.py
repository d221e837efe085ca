# SPDX-License-Identifier: Apache-2.0
"""The rows about the figure itself: p feeds s1 (slot) and s2, s2 feeds s3."""

import time

from tests.lab.cluster import USUAL
from tests.lab.faults import kill_sender
from tests.lab.load import Load, bulk

from .row import ANY, Hold, Rows

PLAN = USUAL
rows = Rows("lag")


@rows.row("S0", "none", "s1")
def healthy(stage):
    with stage.load():
        yield Hold()


@rows.row("S1", "primary idle", "s1")
def idle(stage):
    stage.wait_idle()
    stage.cluster.p.execute("CHECKPOINT")
    compared = yield Hold()
    for standby in stage.standbys:
        stage.check(not any(compared.verdict(standby).said), f"{standby.name} said more than 0")


@rows.row("S2", "receiver disconnected", "s1")
def receiver_disconnected(stage):
    with stage.load(), stage.cluster.s1.receiver_cut():
        yield Hold(causes={"s1": "receiver_down"})
        stage.check_value(0, "pgrepl_receiver_up", server="s1")


@rows.row("S3", "replay paused", "s1")
def replay_paused(stage):
    with stage.load(), stage.cluster.s1.replay_paused():
        yield Hold(causes={"s1": "replay_paused"})


@rows.row("S4", "replay paused, then its sender killed", "s1")
def replay_paused_and_sender_killed(stage):
    with stage.load(), stage.cluster.s1.replay_paused():
        yield Hold(4, causes={"s1": "replay_paused"}, appears_within=3)
        kill_sender(stage.cluster.p, stage.cluster.s1)
        yield Hold(causes={"s1": "replay_paused"}, appears_within=0)


@rows.row("S5", "receiver frozen, its TCP connection alive", "s1")
def receiver_frozen(stage):
    with stage.load(), stage.cluster.s1.frozen("walreceiver"):
        yield Hold(20, causes={"s1": "connection_stalled"})
        stage.check(stage.cluster.s1.is_streaming(), "the standby doesn't say streaming any more")


@rows.row("S6", "cascade: s2 cut from p, look at s3", "s3")
def cascade_cut_above(stage):
    with stage.load(), stage.cluster.s2.receiver_cut():
        yield Hold(causes={"s2": "receiver_down", "s3": "upstream_lagging"})


@rows.row("S7", "one bulk transaction of 15 s", "s1")
def bulk_transaction(stage):
    with bulk(stage.cluster.p, 15):
        yield Hold(15)
    yield Hold(3)


@rows.row("S8", "standby restarted, fast and crashed", "s1")
def standby_restarted(stage):
    with stage.load():
        for mode in ("fast", "immediate"):
            yield from _restarted(stage, mode)


def _restarted(stage, mode):
    began = time.monotonic()
    stage.cluster.s1.restart(mode)

    def at_most_the_time_since(standby, at):
        if standby.name == "s1":
            return 0.0, at - began
        return stage.truth.lag(standby, at)

    yield Hold(8, truth=at_most_the_time_since, causes={"s1": ANY})
    stage.wait_healthy()
    yield Hold(4)


@rows.row("S10", "all of the standby's processes frozen", "s3")
def standby_frozen(stage):
    with stage.load(), stage.cluster.s3.frozen():
        compared = yield Hold(15, causes={"s3": ("connection_stalled", "unknown")})
        stage.check_value(0, "pgrepl_up", server="s3")
        for name in ("p", "s1", "s2"):
            stage.check_value(1, "pgrepl_up", server=name)
        slowest = max(page.seconds for page in compared.pages)
        stage.check(slowest < 0.5, f"a scrape took {slowest:.2f} s")


@rows.row("S11", "receiver cut while idle, then one write", "s1")
def cut_while_idle(stage):
    stage.wait_idle()
    with stage.cluster.s1.receiver_cut():
        yield Hold(6)
        stage.cluster.p.execute("INSERT INTO tick VALUES (now())")
        yield Hold(causes={"s1": "receiver_down"})


@rows.row("S12", "long idle, then writes; pulses land mid-batch", "s1")
def writes_after_idle(stage):
    for _ in range(2):
        stage.wait_idle()
        time.sleep(6)
        with Load(stage.cluster.p, every=0.005):
            yield Hold(5)


@rows.row("S13", "exporter restarted while a standby lags", "s1")
def exporter_restarted(stage):
    with stage.load(), stage.cluster.s1.replay_paused():
        time.sleep(8)
        stage.exporter.stop()
        began = time.monotonic()
        stage.exporter = stage.start_exporter(stage.cluster.exporter_config(), name="again")
        stage.exporter.wait_for(lambda page: page.value("pgrepl_lag_seconds", server="s1"),
                                "it says that s1 lags", seconds=5)

        def at_least_what_it_saw(standby, at):
            lag = stage.truth.lag(standby, at)
            return (at - began, lag) if standby.name == "s1" else lag

        compared = yield Hold(10, truth=at_least_what_it_saw, causes={"s1": "replay_paused"})
        said = compared.verdict(stage.cluster.s1).said
        stage.check(min(said) > 0, "it said 0")
        stage.check(said == sorted(said), "it shrank")
        stage.check_value(0, "pgrepl_lag_known", server="s1")
        stage.check_value(1, "pgrepl_lag_bound", server="s1", bound="at_least")


@rows.row("S18", "only the exporter loses the primary", "s1")
def primary_lost_to_the_exporter(stage):
    with stage.load(), stage.through_relay("p") as relay:
        stage.wait_healthy()
        with relay.stalled():
            # The pulse that is out must have failed first.
            stage.check_soon(lambda page: page.value("pgrepl_up", server="p") == 0, "p is lost", 5)
            yield Hold()
            stage.check_value(0, "pgrepl_up", server="p")
            stage.check_value(1, "pgrepl_primaries")


@rows.row("S20", "standby cut, the primary only reads", "s1")
def cut_from_a_reading_primary(stage):
    stage.wait_idle()
    # Long enough for the exporter to have seen the last transaction before the checkpoint.
    time.sleep(3)
    with stage.cluster.s1.receiver_cut():
        yield from _checkpointed(stage)


@rows.row("S21", "last transaction, cut and checkpoint within one pulse", "s1")
def cut_within_a_pulse(stage):
    """What the standby misses is that checkpoint, but no sample of the primary tells them apart."""
    stage.wait_idle()
    stage.cluster.p.execute("INSERT INTO tick VALUES (now())")
    # The truth needs samples on both sides of it; it takes twenty in a pulse.
    time.sleep(0.2)
    stage.check(not stage.truth.lag(stage.cluster.s1), "s1 doesn't have it")
    with stage.cluster.s1.receiver_cut():
        yield from _checkpointed(stage)


def _checkpointed(stage):
    stage.cluster.p.execute("CHECKPOINT")
    compared = yield Hold()
    stage.check(not any(compared.verdict(stage.cluster.s1).said), "it said more than 0")
    behind = compared.pages[-1].value("pgrepl_lag_bytes", server="s1", stage="total")
    stage.check(behind, f"{behind} bytes behind")
