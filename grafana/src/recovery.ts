// SPDX-License-Identifier: Apache-2.0
// What keeps replay waiting, whom it cancels, and on which timeline each server is.
import { timeline, timeseries } from "./panels";
import { byServer, query } from "./queries";
import { HELD, YES_IS_BAD } from "./states";
import { above, threshold } from "./thresholds";

const NONE = "No standby is known.";

export function recovery(where: string) {
  return [
    timeseries({
      title: "Queries that replay cancelled",
      width: 8,
      unit: "short",
      noValue: NONE,
      description:
        "In the last 10 minutes, by type of conflict. From the threshold on the alert " +
        "fires, which counts all types of a server together.",
      queries: [
        query(
          `max by (pg_cluster, server, type) (
        increase(pgrepl_recovery_conflicts_total{${where}}[10m])) > 0
        or sum by (pg_cluster, server) (max by (pg_cluster, server, type) (
          increase(pgrepl_recovery_conflicts_total{${where}}[10m])))`,
          "{{server}} {{type}}",
        ),
      ],
      thresholds: above(threshold("recovery_conflicts")),
      alerts: ["PostgresRecoveryConflicts"],
    }),
    timeseries({
      title: "Oldest query on a standby",
      width: 8,
      unit: "s",
      noValue: NONE,
      description:
        "Age of the oldest transaction of a client there: replay may have to wait for it, " +
        "or to cancel it.",
      queries: [query(byServer(`pgrepl_oldest_standby_query_seconds{${where}}`), "{{server}}")],
    }),
    timeline({
      title: "What replay waits for",
      width: 8,
      height: 8,
      unit: "none",
      noValue: "Replay waited for nothing.",
      description: "While the startup process waits, for what.",
      queries: [
        query(
          `max by (pg_cluster, server, reason) (
        pgrepl_recovery_waiting{${where},reason!="none"}) == 1`,
          "{{server}}: {{reason}}",
        ),
      ],
      mappings: HELD,
    }),
    timeline({
      title: "Replay paused",
      width: 8,
      height: 8,
      unit: "none",
      noValue: NONE,
      description: "Whether somebody paused replay, or PostgreSQL did since a setting is too low.",
      queries: [query(byServer(`pgrepl_replay_paused{${where},state="paused"}`), "{{server}}")],
      mappings: YES_IS_BAD,
      alerts: ["PostgresReplayPaused", "PostgresStandbySettingsTooLow"],
    }),
    timeseries({
      title: "Timelines",
      width: 8,
      unit: "none",
      noValue: "No server was seen.",
      description:
        "Each promotion begins a new one. A server that stays on an old one hasn't " +
        "followed yet, or has diverged.",
      queries: [query(byServer(`pgrepl_timeline{${where}}`), "{{server}}")],
      alerts: ["PostgresDiverged"],
    }),
    timeline({
      title: "Diverged",
      width: 8,
      height: 8,
      unit: "none",
      noValue: "Not known of any server.",
      description:
        "Whether a server has WAL that the newest timeline left behind: it needs pg_rewind " +
        "or a new base backup.",
      queries: [query(byServer(`pgrepl_diverged{${where}}`), "{{server}}")],
      mappings: YES_IS_BAD,
      alerts: ["PostgresDiverged", "PostgresReseedNeeded"],
    }),
    timeseries({
      title: "Role changes",
      width: 8,
      unit: "short",
      noValue: "No server was seen.",
      description: "Promotions and demotions that were seen.",
      queries: [
        query(
          byServer(`increase(pgrepl_role_changes_total{${where}}[$__rate_interval])`),
          "{{server}}",
        ),
      ],
    }),
    timeseries({
      title: "WAL since the last checkpoint",
      width: 8,
      unit: "bytes",
      noValue: "No server was seen.",
      description: "What is replayed after a crash before the server answers.",
      queries: [query(byServer(`pgrepl_wal_since_redo_bytes{${where}}`), "{{server}}")],
    }),
    timeseries({
      title: "Clock skew",
      width: 8,
      unit: "s",
      noValue: "No server was seen.",
      description:
        "How far each server's clock is from the exporter's. Lag doesn't depend on it, " +
        "recovery_min_apply_delay does.",
      queries: [query(byServer(`abs(pgrepl_clock_skew_seconds{${where}})`), "{{server}}")],
      thresholds: above(threshold("clock_skew_seconds")),
      alerts: ["PostgresClockSkew"],
    }),
  ];
}
