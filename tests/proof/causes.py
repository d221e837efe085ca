# SPDX-License-Identifier: Apache-2.0
"""The cause on the pages of a hold: the right one, alone, soon, and the same until the end."""

from .row import ANY, CAUSE_FAMILY, NO_CAUSE


class Causes:
    def __init__(self, pages, hold):
        self._pages = pages
        self._hold = hold
        first = pages[0].at
        self._settled = [page for page in pages if page.at - first >= hold.appears_within]

    def shown(self, server):
        """The last one."""
        return _cause(self._pages[-1], server) or NO_CAUSE

    def offences(self, server):
        expected = self._hold.causes.get(server, "none")
        if expected == ANY:
            return []
        if not any(page.series(CAUSE_FAMILY, server=server) for page in self._pages):
            # Once is enough: where it is missing, it is missing for all.
            return [f"{server}: {NO_CAUSE}"] if expected != "none" else []
        # A standby that has nothing must never show one; another, only after a while.
        pages = self._pages if expected == "none" else self._settled
        said = [_cause(page, server) for page in pages]
        changes = [said[0]] + [new for old, new in zip(said, said[1:]) if new != old]
        if len(changes) == 1 and changes[0] in _alternatives(expected):
            return []
        return [f"{server}: cause {' then '.join(map(str, changes))} instead of {expected}"]


def _cause(page, server):
    """None unless exactly one is 1."""
    return page.state(CAUSE_FAMILY, "cause", server=server)


def _alternatives(expected):
    return expected if isinstance(expected, tuple) else (expected,)
