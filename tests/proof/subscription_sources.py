# SPDX-License-Identifier: Apache-2.0
"""What the families of subscriptions must say, given a server's catalog."""

from .sources import Between, source


@source("subscriptions", "pgrepl_subscription_enabled", "pgrepl_subscription_workers",
        "pgrepl_subscription_unconfirmed_bytes", "pgrepl_subscription_last_message_age_seconds",
        "pgrepl_subscription_tables", "pgrepl_subscription_errors_total",
        "pgrepl_subscription_conflicts_total")
def subscriptions(catalog):
    if catalog.in_recovery:
        return
    workers = catalog["pg_stat_subscription"]
    tables = catalog["pg_subscription_rel"]
    for row in catalog["pg_subscription"]:
        labels = {"database": "postgres", "subscription": row["subname"]}
        yield "pgrepl_subscription_enabled", int(row["subenabled"]), labels
        own = [one for one in workers if one["subname"] == row["subname"]]
        kinds = [_worker_type(one) for one in own if one["pid"]]
        for kind in ("apply", "parallel_apply", "table_sync"):
            yield "pgrepl_subscription_workers", kinds.count(kind), labels | {"type": kind}
        if any(one["latest_end_lsn"] for one in own):
            yield "pgrepl_subscription_unconfirmed_bytes", Between(0, 1 << 20), labels
            yield "pgrepl_subscription_last_message_age_seconds", Between(0, 60), labels
        states = [one["srsubstate"] for one in tables if one["srsubid"] == own[0]["subid"]]
        for letter, state in {"i": "init", "d": "data_copy", "f": "finished_copy",
                              "s": "synchronized", "r": "ready"}.items():
            yield ("pgrepl_subscription_tables", states.count(letter), labels | {"state": state})
        for stats in (catalog["pg_stat_subscription_stats"] if catalog.major >= 15 else ()):
            for column, value in stats.items():
                kind, _, rest = column.partition("_")
                if rest == "error_count":
                    yield "pgrepl_subscription_errors_total", value, labels | {"type": kind}
                elif kind == "confl":
                    yield "pgrepl_subscription_conflicts_total", value, labels | {"type": rest}


def _worker_type(row):
    if row["relid"]:
        return "table_sync"
    return "parallel_apply" if row.get("leader_pid") else "apply"
