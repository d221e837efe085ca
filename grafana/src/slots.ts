// SPDX-License-Identifier: Apache-2.0
// Replication slots: what each holds back, and how near it is to its loss.
import { Key, table } from "./table";
import { timeseries } from "./panels";
import { bySlot, query, renamed, state } from "./queries";
import { SLOT_COPY, SLOT_STATUS, YES } from "./states";
import { above, below, threshold } from "./thresholds";

const NONE = "There is no replication slot.";
const SLOT = "pg_cluster, server, slot_name";

/** At the rate at which the reserve shrank in the last quarter of an hour. */
function secondsToLoss(where: string): string {
  return `min by (${SLOT}) (pgrepl_slot_safe_bytes{${where}})
    / (max by (${SLOT}) (-1 * deriv(pgrepl_slot_safe_bytes{${where}}[15m])) > 0)`;
}

export function slotTable(where: string, server: Key) {
  return table({
    title: "Replication slots",
    width: 24,
    height: 8,
    noValue: NONE,
    description:
      "Retained is WAL that the slot holds back, safe what may still be written before it " +
      "may be lost, empty without max_slot_wal_keep_size. Time to loss: at the present rate, " +
      "empty while the reserve doesn't shrink. Copies are synchronized to a standby.",
    alerts: [
      "PostgresSlotNearLoss",
      "PostgresSlotLost",
      "PostgresSlotInactive",
      "PostgresSlotRetainingWal",
      "PostgresFailoverSlotUnsynced",
    ],
    keys: [
      { label: "pg_cluster", name: "Cluster" },
      server,
      { label: "slot_name", name: "Slot" },
      { label: "slot_type", name: "Type" },
    ],
    columns: [
      {
        name: "In use",
        expr: `max by (${SLOT}, slot_type) (pgrepl_slot_active{${where}})`,
        mappings: YES,
      },
      {
        name: "Status",
        label: "status",
        mappings: SLOT_STATUS,
        expr: state(`pgrepl_slot_wal_status{${where}}`, "status", "server", "slot_name"),
      },
      {
        name: "Unused for",
        expr: bySlot(`pgrepl_slot_inactive_seconds{${where}}`),
        unit: "s",
        thresholds: above(threshold("slot_inactive_seconds")),
      },
      {
        name: "Retained",
        expr: bySlot(`pgrepl_slot_retained_bytes{${where}}`),
        unit: "bytes",
        thresholds: above(threshold("slot_retained_bytes")),
      },
      {
        name: "Safe",
        expr: `min by (${SLOT}) (pgrepl_slot_safe_bytes{${where}})`,
        unit: "bytes",
        thresholds: below(0),
      },
      {
        name: "Time to loss",
        expr: secondsToLoss(where),
        unit: "s",
        thresholds: below(threshold("slot_loss_seconds")),
      },
      {
        name: "xmin age",
        expr: bySlot(`pgrepl_slot_xmin_age{${where}}`),
        unit: "short",
        thresholds: above(threshold("xmin_age")),
      },
      {
        name: "catalog_xmin age",
        expr: bySlot(`pgrepl_slot_catalog_xmin_age{${where}}`),
        unit: "short",
        thresholds: above(threshold("xmin_age")),
      },
      { name: "Copy", expr: bySlot(`pgrepl_slot_synced{${where}}`), mappings: SLOT_COPY },
      {
        name: "Synchronized",
        expr: bySlot(`pgrepl_slot_sync_age_seconds{${where}}`),
        unit: "s",
        thresholds: above(threshold("slot_sync_age_seconds")),
      },
      {
        name: "Why invalid",
        label: "invalidation",
        expr: renamed(
          state(
            `pgrepl_slot_invalidation_reason{${where},reason!="none"}`,
            "reason",
            "server",
            "slot_name",
          ),
          "reason",
          "invalidation",
        ),
      },
    ],
  });
}

export function slotGraphs(where: string) {
  return [
    timeseries({
      title: "Retained WAL by slot",
      width: 8,
      unit: "bytes",
      noValue: NONE,
      description:
        "What each slot holds back. Dashed: where the alert fires, the least of all " + "servers.",
      queries: [
        query(bySlot(`pgrepl_slot_retained_bytes{${where}}`), "{{server}} {{slot_name}}"),
        query(
          `min by (pg_cluster) (pg_cluster_server:pgrepl_slot_retention_limit_bytes:max{${where}})`,
          "limit",
        ),
      ],
      bounds: ["limit"],
      alerts: ["PostgresSlotRetainingWal", "PostgresSlotRetainingOnStandby"],
    }),
    timeseries({
      title: "Safe WAL by slot",
      width: 8,
      unit: "bytes",
      noValue: "No slot has a limit (max_slot_wal_keep_size).",
      description:
        "What may still be written before each slot may be lost. Below 0 the next " +
        "checkpoint may take it.",
      queries: [
        query(`min by (${SLOT}) (pgrepl_slot_safe_bytes{${where}})`, "{{server}} {{slot_name}}"),
      ],
      thresholds: below(0),
      alerts: ["PostgresSlotNearLoss"],
    }),
    timeseries({
      title: "Slots and senders in use",
      width: 8,
      unit: "percentunit",
      noValue: "No server tells how many it may have.",
      description:
        "Of max_replication_slots and of max_wal_senders. When none is left, standbys and " +
        "base backups are turned away.",
      queries: [
        query(
          `sum by (pg_cluster, server) (max by (pg_cluster, server, slot_type, temporary) (
            pgrepl_slots{${where}})) / max by (pg_cluster, server) (
            pgrepl_setting{${where},setting="max_replication_slots"})`,
          "{{server}} slots",
        ),
        query(
          `sum by (pg_cluster, server) (max by (pg_cluster, server, kind, state) (
            pgrepl_senders{${where}})) / max by (pg_cluster, server) (
            pgrepl_setting{${where},setting="max_wal_senders"})`,
          "{{server}} senders",
        ),
      ],
      thresholds: above(threshold("slot_headroom_ratio")),
      alerts: ["PostgresSlotHeadroomLow", "PostgresSenderHeadroomLow"],
    }),
  ];
}
