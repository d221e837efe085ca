# SPDX-License-Identifier: Apache-2.0
"""The true lag of each standby, taken from the servers many times a second.

It knows nothing of the exporter: other connections, another clock, another way to compute. The
true lag at a time is 0 if no transaction came or went on the primary past the standby's replay
position by then, else the time since the first one that did. WAL without a transaction
(checkpoints, segment switches) makes no reader stale.
"""

import bisect
import threading
import time
from dataclasses import dataclass, field

from .session import Disconnected, QueryFailed
from .waiting import TookTooLong

_PRIMARY = "SELECT pg_current_wal_flush_lsn() - '0/0', pg_current_snapshot()"
_STANDBY = "SELECT pg_last_wal_replay_lsn() - '0/0'"


@dataclass
class _Track:
    """What one server said: parallel lists, the times rising."""
    times: list = field(default_factory=list)
    positions: list = field(default_factory=list)
    snapshots: list = field(default_factory=list)

    def add(self, at, row):
        self.positions.append(int(row[0]))
        self.snapshots.append(row[1] if len(row) > 1 else None)
        # Last: the readers look at the times first.
        self.times.append(at)

    def last_before(self, at):
        """Index of the last sample taken by then, or -1."""
        return bisect.bisect_right(self.times, at) - 1


class Truth:
    """Samples the servers while its `with` block lasts; asked at any time for any time of it."""

    def __init__(self, primary, standbys, every=0.05):
        self._every = every
        self._end = threading.Event()
        self._tracks = {}
        self._sessions = []
        self._threads = []
        self._primary = self._sampler(primary, _PRIMARY)
        for standby in standbys:
            self._sampler(standby, _STANDBY)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for session in self._sessions:
            session.close()
        for thread in self._threads:
            thread.join()

    def lag(self, standby, at=None):
        """Seconds, or None before the first samples. `at` is on the time.monotonic() clock."""
        at = time.monotonic() if at is None else at
        track = self._tracks[standby.name]
        # A standby that doesn't answer hasn't replayed since, or nobody could read it if it had.
        index = track.last_before(at)
        if index < 0:
            return None
        begin = self._first_transaction_past(track.positions[index], at)
        return 0.0 if begin is None else at - begin

    def _first_transaction_past(self, position, at):
        """When the first transaction past this position came or went; None if none had by then."""
        primary = self._primary
        seen = primary.last_before(at) + 1
        past = bisect.bisect_right(primary.positions, position, hi=seen)
        if past == 0:
            return None
        known = primary.snapshots[past - 1]
        for index in range(past, seen):
            if primary.snapshots[index] != known:
                return primary.times[index]
        return None

    def _sampler(self, server, sql):
        track = self._tracks[server.name] = _Track()
        session = server.open_session()
        self._sessions.append(session)
        self._threads.append(threading.Thread(
            target=self._sample, args=(session, sql, track), name=f"truth {server.name}",
            daemon=True))
        return track

    def _sample(self, session, sql, track):
        while not self._end.wait(self._every):
            try:
                (row,) = session.rows(sql)
            except (Disconnected, QueryFailed, TookTooLong):
                continue
            track.add(time.monotonic(), row)
