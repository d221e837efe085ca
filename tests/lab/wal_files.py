# SPDX-License-Identifier: Apache-2.0
"""Many files in a server's WAL directory, as a slot that was forgotten or an archive that is down
leaves them."""

import os
import pwd

SEGMENT_BYTES = 16 << 20
# Beyond what any test writes, so that none of them is replayed, overwritten or recycled.
_FIRST = 0x100000


def add_segments(server, count):
    """Sparse ones: they look like 16 MB each, and take no room."""
    _make(server, [server.data / "pg_wal" / _name(number) for number in range(count)],
          SEGMENT_BYTES)


def add_status_files(server, done, ready):
    folder = server.data / "pg_wal/archive_status"
    _make(server, [folder / f"{_name(number)}.{'done' if number < done else 'ready'}"
                   for number in range(done + ready)], 0)


def _name(number):
    high, low = divmod(_FIRST + number, 0x100)
    return f"00000001{high:08X}{low:08X}"


def _make(server, paths, size):
    owner = pwd.getpwnam(server.user)
    for path in paths:
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.truncate(file, size)
        os.fchown(file, owner.pw_uid, owner.pw_gid)
        os.close(file)
