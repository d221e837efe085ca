# SPDX-License-Identifier: Apache-2.0
"""One topology and one exporter, on which rows play one after another."""

import time
import traceback
from contextlib import contextmanager

from tests.lab.cluster import Cluster
from tests.lab.comparison import Comparison
from tests.lab.exporter import Exporter
from tests.lab.load import Load
from tests.lab.relay import Relay
from tests.lab.truth import Truth
from tests.lab.waiting import TookTooLong, wait_until

from .causes import Causes
from .row import Outcome

# Autovacuum's transactions are lag as good as any, but an idle row wants none. The receivers try
# again soon, or half of the time would be spent waiting for them.
SETTINGS = {"autovacuum": "off", "wal_retrieve_retry_interval": "1s"}
# So are slots, the archive's end (10 s by default) and the oldest WAL kept (60 s): causes are told by
# them, and rows last 18 s. The pulse, from which lag comes, is as shipped.
TIMING = {"interval": "1s", "slow_interval": "10s"}


class Stage:
    def __init__(self, workspace, binary, plan, settings=None):
        self.workspace = workspace
        self.binary = binary
        self.cluster = Cluster(workspace, plan, settings=SETTINGS | (settings or {}))
        self.delays = {standby.name: standby.apply_delay for standby in plan}
        # Its table, so that rows in which it is idle can write to it.
        Load(self.cluster.p)
        self.truth = None
        self.watch_truth(self.cluster.p, self.cluster.standbys)
        self.exporter = self.start_exporter(self.cluster.exporter_config())
        self.wrong = []

    def close(self):
        self.truth.__exit__()

    def watch_truth(self, primary, standbys, comparable=True):
        """From now on this is the primary, and these are the standbys, all on its timeline?"""
        if self.truth is not None:
            self.truth.__exit__()
        self.primary, self.standbys = primary, standbys
        self.truth = Truth(primary, standbys).__enter__()
        for standby in standbys if comparable else ():
            wait_until(lambda: self.truth.lag(standby) is not None, f"the truth of {standby.name}")

    def start_exporter(self, config, name="exporter"):
        return Exporter(self.workspace, self.binary, config | {"timing": TIMING}, name=name)

    def perform(self, row):
        """Plays a row; whatever it does wrong is in its outcome."""
        outcome = Outcome(row.name, row.fault, row.looks_at)
        self.wrong = outcome.wrong
        begin = time.monotonic()
        try:
            if row.settle:
                self.wait_healthy()
            self._play(row.play(self), outcome)
        except Exception as error:  # One row that fails must not take the others with it.
            where = traceback.extract_tb(error.__traceback__)[-1]
            outcome.wrong.append(f"{type(error).__name__}: {error} ({where.name})")
        outcome.seconds = time.monotonic() - begin
        return outcome

    def _play(self, holds, outcome):
        """Each hold is answered with the comparison that was made in it."""
        compared = None
        try:
            while True:
                compared = self._hold(holds.send(compared), outcome)
        except StopIteration:
            pass
        finally:
            # Heals the fault, should a hold have failed.
            holds.close()

    # What rows do and ask.

    @contextmanager
    def load(self, **options):
        """Writes on the primary; a moment passes, so that lag begins with the fault."""
        with Load(self.primary, **options):
            time.sleep(1)
            yield

    @contextmanager
    def another_exporter(self, config):
        mine, self.exporter = self.exporter, self.start_exporter(config, name="another")
        try:
            yield
        finally:
            self.exporter.stop()
            self.exporter = mine

    @contextmanager
    def through_relay(self, name):
        """An exporter that reaches this server through a relay, which is given."""
        server = self.cluster.servers[name]
        with Relay(self.workspace.ports.take(), server.port) as relay:
            config = self.cluster.exporter_config()
            for one in config["clusters"][0]["servers"]:
                one["conninfo"] = one["conninfo"].replace(str(server.port), str(relay.port))
            with self.another_exporter(config):
                yield relay

    def check(self, holds, what):
        if not holds:
            self.wrong.append(what)

    def check_value(self, expected, family, **labels):
        value = self.exporter.scrape().value(family, **labels)
        self.check(value == expected, f"{family}{labels or ''} is {value}, not {expected}")

    def check_soon(self, condition, what, seconds=2.5):
        """Of a page; two pulses, and half of one for the scrape, unless said."""
        try:
            self.exporter.wait_for(condition, what, seconds)
        except TookTooLong as error:
            self.wrong.append(str(error))

    def wait_healthy(self, seconds=40):
        self.exporter.wait_for(self._is_healthy, "every standby is fresh", seconds)
        wait_until(lambda: all(self.truth.lag(one) < 1 + self.delays.get(one.name, 0)
                               for one in self.standbys), "every standby has caught up", seconds)

    def wait_idle(self):
        """No transaction left to replay, and that is what the page says."""
        wait_until(lambda: not any(self.truth.lag(one) for one in self.standbys), "idle", 40)
        self.exporter.wait_for(
            lambda page: not any(page.series("pgrepl_lag_seconds").values()), "no lag at all")

    def _is_healthy(self, page):
        def lag_is_small(standby):
            lag = page.value("pgrepl_lag_seconds", server=standby.name)
            return lag is not None and lag < 1 + self.delays.get(standby.name, 0)
        return (all(page.value("pgrepl_up", server=one.name) == 1
                    for one in (self.primary, *self.standbys))
                and all(lag_is_small(standby) for standby in self.standbys))

    def _hold(self, hold, outcome):
        standbys = [one for one in self.standbys if one.name not in hold.apart]
        comparison = Comparison(self.exporter, self.truth, standbys, truth_of=hold.truth)
        comparison.run(hold.seconds)
        for standby in standbys:
            outcome.take(standby.name, comparison.verdict(standby))
        causes = Causes(comparison.pages, hold)
        for standby in standbys:
            outcome.wrong += causes.offences(standby.name)
        outcome.cause = causes.shown(outcome.looks_at)
        return comparison
