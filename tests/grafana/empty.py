# SPDX-License-Identifier: Apache-2.0
"""Queries that have no answer in a state, and why that is right."""

HEALTHY, CUT, FAILED_OVER = "healthy", "a standby cut off", "after a failover"
STATES = (HEALTHY, CUT, FAILED_OVER)
ALWAYS = STATES

# {(panel, ref): (states, reason)}; ref is None where it holds for each query of the panel.
EXPECTED = {
    ("Alerts that fire", None): ((HEALTHY,), "nothing fires"),
    ("Alerts over time", None): ((HEALTHY,), "nothing fired"),
    ("Alerts", "annotation"): ((HEALTHY,), "nothing fired"),
    ("Servers that aren't reached", None): ((HEALTHY, CUT), "all are reached"),
    ("Collectors that failed", None): ((HEALTHY, CUT), "all succeed"),
    ("Promotions", "annotation"): ((HEALTHY, CUT), "nobody was promoted"),
    ("Demotions", "annotation"): (ALWAYS, "the old primary stays down"),
    ("Restarts", "annotation"): ((HEALTHY, CUT), "no server was started in this time"),
    ("Why the worst lags", None): ((HEALTHY, FAILED_OVER), "no standby lags"),
    ("Why standbys lag", None): ((HEALTHY,), "no standby lagged"),
    ("Cause", None): ((HEALTHY, FAILED_OVER), "no standby lags"),
    ("Why", None): ((HEALTHY,), "no standby lagged"),
    ("What replay waits for", None): ((HEALTHY,), "replay waited for nothing"),
    ("Lag, its threshold and its delay", "C"): (ALWAYS, "no standby is told to delay"),
    ("Replication slots", "copy"): (ALWAYS, "PostgreSQL 17 and later"),
    ("Replication slots", "synchronized"): (ALWAYS, "no slot is a copy"),
    ("Replication slots", "why_invalid"): (ALWAYS, "no slot is invalid"),
    ("Replication slots", "catalog_xmin_age"): (
        (FAILED_OVER,), "the logical slot was lost with the old primary"),
    ("Subscriptions", "unconfirmed"): (
        (FAILED_OVER,), "its worker does not run: its slot was lost with the old primary"),
    ("Subscriptions", "last_message"): (
        (FAILED_OVER,), "its worker does not run: its slot was lost with the old primary"),
}


def reason(query, state):
    """Why the answer may be empty; None where it must not."""
    for key in ((query.panel, query.ref), (query.panel, None)):
        states, why = EXPECTED.get(key, ((), None))
        if state in states:
            return why
    return None
