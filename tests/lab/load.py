# SPDX-License-Identifier: Apache-2.0
"""Writes on the primary, for as long as a `with` block lasts."""

import subprocess
import threading
from contextlib import contextmanager

from .session import Disconnected, QueryFailed
from .waiting import TookTooLong


class Load:
    """One small transaction after another, in one connection; of so many bytes of WAL or more."""

    def __init__(self, primary, every=0.1, size=0):
        self._every = every
        self._size = size
        self._session = primary.open_session()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._write, name="load", daemon=True)
        primary.execute("CREATE TABLE IF NOT EXISTS tick (at timestamptz, filling text)")

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
                self._session.rows("INSERT INTO tick SELECT clock_timestamp(), "
                                   f"repeat('x', 1000) FROM generate_series(0, {self._size // 1000})")
            except (Disconnected, QueryFailed, TookTooLong):
                # The primary is stopped, frozen or replaced: that is the test's doing. Go on when
                # it is back.
                continue


@contextmanager
def bulk(primary, seconds):
    """One transaction that writes for so long, in the background, and commits at the end."""
    session = primary.open_session()
    thread = threading.Thread(target=_write_bulk, args=(session, seconds), daemon=True)
    primary.execute("CREATE TABLE IF NOT EXISTS bulk (filling text)")
    thread.start()
    try:
        yield
        thread.join()
    finally:
        session.close()
        thread.join()


def _write_bulk(session, seconds):
    # A megabyte, then a pause: it writes all the time, and leaves the machine to others.
    session.rows(f"""
        DO $$ BEGIN
          FOR i IN 1..{int(seconds * 10)} LOOP
            INSERT INTO bulk SELECT repeat('x', 1000) FROM generate_series(1, 500);
            PERFORM pg_sleep(0.1);
          END LOOP;
        END $$""", seconds=10 * seconds)


def base_backup(server):
    """Takes one, and throws it away as it comes."""
    command = server.shell("pg_basebackup", "-h", server.folder, "-p", server.port, "-D", "-",
                           "-F", "tar", "-X", "fetch", "--checkpoint=fast")
    subprocess.run(f"{command} >/dev/null", shell=True, check=True, timeout=120, cwd=server.folder,
                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
