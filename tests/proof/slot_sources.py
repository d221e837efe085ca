# SPDX-License-Identifier: Apache-2.0
"""What the families of slots and of logical decoding must say, given a server's catalog."""

from .catalog import lsn
from .sources import Between, source

# Column of pg_stat_replication_slots: what its family counts.
DECODING = {
    "total_txns": "transactions", "total_bytes": "bytes",
    "spill_txns": "spilled_transactions", "spill_count": "spills", "spill_bytes": "spilled_bytes",
    "stream_txns": "streamed_transactions", "stream_count": "streams",
    "stream_bytes": "streamed_bytes"}


@source("slots", "pgrepl_slots", *(f"pgrepl_slot_{name}" for name in (
    "info", "active", "inactive_seconds", "retained_bytes", "safe_bytes", "wal_status",
    "invalidation_reason", "xmin_age", "catalog_xmin_age", "confirmed_lag_bytes", "two_phase",
    "conflicting", "failover", "synced", "sync_age_seconds")))
def slots(catalog):
    for row in catalog["pg_replication_slots"]:
        labels = {"slot_type": row["slot_type"]}
        yield "pgrepl_slots", 1, labels | {"temporary": str(row["temporary"]).lower()}
        if row["temporary"]:
            continue
        labels["slot_name"] = row["slot_name"]
        for name, value, more in _slot(catalog, row):
            yield f"pgrepl_slot_{name}", value, labels | more


def _slot(catalog, row):
    yield "info", 1, {"plugin": row["plugin"] or "", "database": row["database"] or ""}
    yield "active", int(row["active"]), {}
    # A primary has no copies, though some may be left from when it was a standby.
    synced = catalog.in_recovery and row.get("synced")
    unused = Between(0, 300) if not row["active"] else 0
    yield "sync_age_seconds" if synced else "inactive_seconds", unused, {}
    if row["confirmed_flush_lsn"] is not None:
        yield "confirmed_lag_bytes", max(0, catalog.end - lsn(row["confirmed_flush_lsn"])), {}
    if row.get("wal_status") is not None:
        yield "wal_status", 1, {"status": row["wal_status"]}
        if row["safe_wal_size"] is not None:
            yield "safe_bytes", row["safe_wal_size"], {}
    if row.get("wal_status") != "lost":
        yield from _held_back(catalog, row)
    if catalog.major >= 17:
        yield "invalidation_reason", 1, {"reason": row["invalidation_reason"] or "none"}
    for column in ("two_phase", "conflicting", "failover", "synced"):
        if column in row and row["slot_type"] == "logical":
            yield column, int(synced if column == "synced" else row[column]), {}


def _held_back(catalog, row):
    if row["restart_lsn"] is not None:
        yield "retained_bytes", max(0, catalog.end - lsn(row["restart_lsn"])), {}
    for column in ("xmin", "catalog_xmin"):
        if row[column] is not None:
            following = catalog.one("txid_snapshot_xmax(txid_current_snapshot()) AS xid")["xid"]
            yield f"{column}_age", (following - int(row[column])) % 2 ** 32, {}


@source("decoding", *(f"pgrepl_decoding_{name}_total" for name in DECODING.values()))
def decoding(catalog):
    if catalog.major < 14:
        return
    temporary = {row["slot_name"] for row in catalog["pg_replication_slots"] if row["temporary"]}
    for row in catalog["pg_stat_replication_slots"]:
        for column, name in DECODING.items():
            if row["slot_name"] not in temporary:
                yield f"pgrepl_decoding_{name}_total", row[column], {"slot_name": row["slot_name"]}
