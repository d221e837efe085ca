# SPDX-License-Identifier: Apache-2.0
"""A server's own views, with their columns by name: what the exporter's page is held against.

It shares no statement with the exporter: each view is read as it is, in whatever order its major
has its columns, and what is made of them is made here.
"""

import json
import re
from datetime import datetime, timedelta

_FUNCTIONS = {
    "in recovery": """
        SELECT pg_is_in_recovery() AS in_recovery, pg_postmaster_start_time() AS start_time,
               pg_last_wal_receive_lsn() AS receive_lsn, pg_last_wal_replay_lsn() AS replay_lsn""",
    "primary": """
        SELECT pg_is_in_recovery() AS in_recovery, pg_postmaster_start_time() AS start_time,
               pg_current_wal_flush_lsn() AS flush_lsn,
               pg_walfile_name(pg_current_wal_flush_lsn()) AS walfile"""}
SEGMENT_BYTES = 16 << 20


class Catalog:
    """What a server says of itself, each view read when it is first asked for."""

    def __init__(self, server):
        self.server = server
        self.major = server.major
        self._views = {}
        in_recovery = server.value("SELECT pg_is_in_recovery()") == "t"
        (self.functions,) = self._read(_FUNCTIONS["in recovery" if in_recovery else "primary"])
        self.in_recovery = self.functions["in_recovery"]

    def __getitem__(self, view):
        """Its rows, as dictionaries."""
        if view not in self._views:
            self._views[view] = self._read(f"SELECT * FROM {view}")
        return self._views[view]

    def one(self, view):
        """Its only row."""
        if len(self[view]) != 1:
            raise LookupError(f"{view} has {len(self[view])} rows")
        return self[view][0]

    def setting(self, name):
        return {row["name"]: row["setting"] for row in self["pg_settings"]}[name]

    def seconds(self, name):
        """A setting of time."""
        units = {row["name"]: row["unit"] for row in self["pg_settings"]}
        return float(self.setting(name)) * {"ms": 0.001, "s": 1, "min": 60}[units[name]]

    @property
    def end(self):
        """Where this server's WAL ends."""
        if not self.in_recovery:
            return lsn(self.functions["flush_lsn"])
        return max(lsn(self.functions[name] or "0/0") for name in ("receive_lsn", "replay_lsn"))

    @property
    def segments(self):
        return [row for row in self["pg_ls_waldir()"]
                if re.fullmatch("[0-9A-F]{24}", row["name"])]

    @property
    def pause_state(self):
        if self.major >= 14:
            return self.one("pg_get_wal_replay_pause_state() AS state")["state"].replace(" ", "_")
        paused = self.one("pg_is_wal_replay_paused() AS paused")["paused"]
        return "paused" if paused else "not_paused"

    def _read(self, sql):
        return [json.loads(row[0]) for row in self.server.rows(
            f"SELECT row_to_json(v) FROM ({' '.join(sql.split())}) AS v")]


def lsn(text):
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)


def timestamp(text):
    return datetime.fromisoformat(text).timestamp()


def interval(text):
    hours, minutes, seconds = text.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes),
                     seconds=float(seconds)).total_seconds()


def segment_start(name):
    return int(name[8:16], 16) << 32 | int(name[16:], 16) << 24
