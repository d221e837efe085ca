# SPDX-License-Identifier: Apache-2.0
"""Queries that have no answer in a state, and why that is right: {(panel, ref): (states, reason)}."""

HEALTHY, CUT, FAILED_OVER = "healthy", "a standby cut off", "after a failover"
STATES = (HEALTHY, CUT, FAILED_OVER)
ALWAYS = STATES

# ref is None where it holds for each query of the panel; columns of a table have their names.
EXPECTED = {}


def reason(query, state):
    """Why the answer may be empty; None where it must not."""
    for key in ((query.panel, query.ref), (query.panel, None)):
        states, why = EXPECTED.get(key, ((), None))
        if state in states:
            return why
    return None
