# SPDX-License-Identifier: Apache-2.0
"""The true lag of each standby, taken from the servers many times a second.

It knows nothing of the exporter: other connections, another clock, another way to compute. The
true lag at a time is 0 if no transaction came or went on the primary past the standby's replay
position by then, else the time since the first one that did. WAL without a transaction
(checkpoints, segment switches) makes no reader stale.
"""

import bisect
import re
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass, field

from .session import Disconnected, QueryFailed
from .stall import Stalls
from .waiting import TookTooLong, wait_until

_PRIMARY = ("SELECT pg_current_wal_flush_lsn() - '0/0', txid_current_snapshot(), "
            "(SELECT last_archived_wal FROM pg_stat_archiver)")
_STANDBY = "SELECT pg_last_wal_replay_lsn() - '0/0'"
_SEGMENT = re.compile("[0-9A-F]{8}([0-9A-F]{8})([0-9A-F]{8})")
# A probe of a server that isn't meant to stand still is answered within this.
_USUAL = 0.05


@dataclass
class _Track:
    """What one server said: parallel lists, the times rising."""
    times: list = field(default_factory=list)
    positions: list = field(default_factory=list)
    snapshots: list = field(default_factory=list)
    archived: list = field(default_factory=list)  # up to where

    def add(self, at, row):
        self.positions.append(int(row[0]))
        if len(row) > 1:
            self.snapshots.append(row[1])
            self.archived.append(_end_of(row[2]) or (self.archived or [0])[-1])
        # Last: the readers look at the times first.
        self.times.append(at)

    def last_before(self, at):
        """Index of the last sample taken by then, or -1."""
        return bisect.bisect_right(self.times, at) - 1


class Truth:
    """Samples the servers while its `with` block lasts; asked at any time for any time of it."""

    def __init__(self, primary, standbys, every=0.05):
        """An archive-fed standby is measured against what is in the archive."""
        self._every = every
        self._end = threading.Event()
        self._tracks = {}
        self._sessions = []
        self._threads = []
        self.stalls = Stalls()
        self._primary = self._sampler(primary, _PRIMARY)
        for standby in standbys:
            self._sampler(standby, _STANDBY)

    def __enter__(self):
        self.stalls.__enter__()
        for thread in self._threads:
            thread.start()
        # What happens before the first sample of the primary is never known.
        wait_until(lambda: all(track.times for track in self._tracks.values()),
                   "the first samples of the truth", seconds=60)
        return self

    def __exit__(self, *_):
        self.stalls.__exit__()
        self._end.set()
        for session in self._sessions:
            session.close()
        for thread in self._threads:
            thread.join()

    def lag(self, standby, at=None):
        """Seconds; None where the samples begin too late to tell. `at` is of time.monotonic()."""
        at = time.monotonic() if at is None else at
        track = self._tracks[standby.name]
        # A standby that doesn't answer hasn't replayed since, or nobody could read it if it had.
        index = track.last_before(at)
        if index < 0:
            return None
        if standby.archive_fed and not self._archived_past(track.positions[index], at):
            return 0.0
        if self._primary.last_before(at) < 0 or track.positions[index] < self._primary.positions[0]:
            return None
        begin = self._first_transaction_past(track.positions[index], at)
        return 0.0 if begin is None else at - begin

    def stall(self, standby, at):
        """How far the machine's own stalls may have put this truth, or what is said beside it, off.

        Besides now, the figure rests on when the standby answered last: at the begin of a fault,
        a stall there shifts everything until its end.
        """
        track = self._tracks[standby.name]
        index = track.last_before(at)
        moments = {at} if index < 0 or at - track.times[index] < 1 else {at, track.times[index]}
        return sum(self.stalls.around(moment) for moment in moments)

    def _archived_past(self, position, at):
        index = self._primary.last_before(at)
        return index >= 0 and self._primary.archived[index] > position

    def _first_transaction_past(self, position, at):
        """When the first transaction past this position came or went; None if none had by then."""
        primary = self._primary
        seen = primary.last_before(at) + 1
        past = bisect.bisect_right(primary.positions, position, hi=seen)
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
            target=self._sample, args=(server, session, sql, track), name=f"truth {server.name}",
            daemon=True))
        return track

    def _sample(self, server, session, sql, track):
        # Faults make the standbys slow; the primary answers, unless it is gone.
        witness = self.stalls.timed if sql is _PRIMARY else _untimed
        while not self._end.wait(self._every):
            try:
                with witness(server.name, _USUAL):
                    (row,) = session.rows(sql)
            except (Disconnected, QueryFailed, TookTooLong):
                continue
            if row[0]:  # NULL on a primary that was started as one
                track.add(time.monotonic(), row)


def _untimed(*_):
    return nullcontext()


def _end_of(segment):
    """The LSN where a segment of 16 MB ends; None for a .history, .backup or .partial file."""
    match = _SEGMENT.fullmatch(segment)
    return None if match is None else int(match[1], 16) << 32 | (int(match[2], 16) + 1) << 24
