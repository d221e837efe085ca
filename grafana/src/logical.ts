// SPDX-License-Identifier: Apache-2.0
// Logical replication: subscriptions here, and what decoding costs where slots are.
import { timeseries } from "./panels";
import { query } from "./queries";
import { NO_IS_BAD, YES } from "./states";
import { table } from "./table";
import { above, threshold } from "./thresholds";

const NONE = "There is no logical subscription.";
const SUBSCRIPTION = "pg_cluster, server, database, subscription";

function bySubscription(inner: string): string {
  return `max by (${SUBSCRIPTION}) (${inner})`;
}

export function logical(where: string) {
  return [
    table({
      title: "Subscriptions",
      width: 16,
      noValue: NONE,
      description:
        "Logical subscriptions of these servers. An enabled one without a worker applies " +
        "nothing, and its publisher keeps WAL for it.",
      alerts: ["PostgresSubscriptionWorkerDown", "PostgresSubscriptionDisabled"],
      keys: [
        { label: "pg_cluster", name: "Cluster" },
        { label: "server", name: "Server" },
        { label: "database", name: "Database" },
        { label: "subscription", name: "Subscription" },
      ],
      columns: [
        {
          name: "Enabled",
          mappings: YES,
          expr: bySubscription(`pgrepl_subscription_enabled{${where}}`),
        },
        {
          name: "Worker",
          mappings: NO_IS_BAD,
          expr: bySubscription(`pgrepl_subscription_workers{${where},type="apply"}`),
        },
        {
          name: "Unconfirmed",
          unit: "bytes",
          expr: bySubscription(`pgrepl_subscription_unconfirmed_bytes{${where}}`),
        },
        {
          name: "Last message",
          unit: "s",
          expr: bySubscription(`pgrepl_subscription_last_message_age_seconds{${where}}`),
        },
      ],
    }),
    timeseries({
      title: "Errors of subscriptions",
      width: 8,
      unit: "short",
      noValue: NONE,
      description: "In the last 10 minutes, while changes were applied or tables copied.",
      queries: [
        query(
          `sum by (${SUBSCRIPTION}) (max by (${SUBSCRIPTION}, type) (
        increase(pgrepl_subscription_errors_total{${where}}[10m])))`,
          "{{server}} {{subscription}}",
        ),
      ],
      thresholds: above(threshold("subscription_errors")),
      alerts: ["PostgresSubscriptionErrors"],
    }),
    timeseries({
      title: "Not confirmed by consumers",
      width: 8,
      unit: "bytes",
      noValue: "There is no logical slot.",
      description: "WAL that the consumer of each logical slot has not confirmed.",
      queries: [
        query(
          `max by (pg_cluster, server, slot_name) (
        pgrepl_slot_confirmed_lag_bytes{${where}})`,
          "{{server}} {{slot_name}}",
        ),
      ],
    }),
    timeseries({
      title: "Decoded",
      width: 8,
      unit: "Bps",
      noValue: "There is no logical slot, or PostgreSQL is older than 14.",
      description: "Changes that were decoded for consumers of logical slots.",
      queries: [
        query(
          `max by (pg_cluster, server, slot_name) (
        rate(pgrepl_decoding_bytes_total{${where}}[$__rate_interval]))`,
          "{{server}} {{slot_name}}",
        ),
      ],
    }),
    timeseries({
      title: "Spilled to disk",
      width: 8,
      unit: "Bps",
      noValue: "There is no logical slot, or PostgreSQL is older than 14.",
      description: "Decoded changes that didn't fit into logical_decoding_work_mem.",
      queries: [
        query(
          `max by (pg_cluster, server, slot_name) (
        rate(pgrepl_decoding_spilled_bytes_total{${where}}[$__rate_interval]))`,
          "{{server}} {{slot_name}}",
        ),
      ],
    }),
  ];
}
