# SPDX-License-Identifier: Apache-2.0
"""Whether a process grows while it is watched."""

import re
from pathlib import Path

# What may be more at last than at first. Memory: the LSN history fills, and the allocator keeps what
# its busiest moment took.
ALLOWED = {"memory, MB": 4.0, "descriptors": 12, "threads": 0}


class Growth:
    """Looks at a process now and then; the first fifth of the looks is its time to warm up."""

    def __init__(self, pid):
        self._process = Path(f"/proc/{pid}")
        self.seen = {what: [] for what in ALLOWED}

    def look(self):
        try:
            status = (self._process / "status").read_text()
            descriptors = len(list((self._process / "fd").iterdir()))
        except OSError:
            return
        self.add(int(re.search(r"RssAnon:\s+(\d+)", status).group(1)) / 1024, descriptors,
                 int(re.search(r"Threads:\s+(\d+)", status).group(1)))

    def add(self, *values):
        for what, value in zip(self.seen, values):
            self.seen[what].append(value)

    def first_and_last(self, what):
        """The most of the second fifth and of the last."""
        values = self.seen[what]
        fifth = max(len(values) // 5, 1)
        return max(values[fifth:2 * fifth] or values), max(values[-fifth:])

    def wrong(self):
        for what, allowed in ALLOWED.items():
            first, last = self.first_and_last(what)
            if last > first + allowed:
                yield f"{what}: {first:g} at first, {last:g} at last"

    def rows(self):
        for what, allowed in ALLOWED.items():
            first, last = self.first_and_last(what)
            yield what, f"{first:.1f}".removesuffix(".0"), f"{last:.1f}".removesuffix(".0"), f"{allowed:g}"
