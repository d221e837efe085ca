# SPDX-License-Identifier: Apache-2.0
"""Writes on the primary, for as long as a `with` block lasts."""

import threading

from .session import Disconnected
from .waiting import TookTooLong


class Load:
    """One small transaction after another, in one connection."""

    def __init__(self, primary, every=0.1):
        self._every = every
        self._session = primary.open_session()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._write, name="load", daemon=True)
        primary.execute("CREATE TABLE IF NOT EXISTS tick (at timestamptz)")

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._session.close()
        self._thread.join()

    def _write(self):
        while not self._end.wait(self._every):
            try:
                self._session.rows("INSERT INTO tick VALUES (clock_timestamp())")
            except (Disconnected, TookTooLong):
                # The primary is stopped or frozen: that is the test's doing. Go on when it is back.
                continue
