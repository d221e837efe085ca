# SPDX-License-Identifier: Apache-2.0
"""Queries that have no answer in a state, and why that is right."""

HEALTHY, CUT, FAILED_OVER = "healthy", "a standby cut off", "after a failover"
STATES = (HEALTHY, CUT, FAILED_OVER)
ALWAYS = STATES

# {(panel, ref): (states, reason)}; ref is None where it holds for each query of the panel.
EXPECTED = {}


def reason(query, state):
    """Why the answer may be empty; None where it must not."""
    for key in ((query.panel, query.ref), (query.panel, None)):
        states, why = EXPECTED.get(key, ((), None))
        if state in states:
            return why
    return None
