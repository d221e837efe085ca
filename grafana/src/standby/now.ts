// SPDX-License-Identifier: Apache-2.0
// How the chosen servers are: the figures, the cause, the facts.
import * as exprs from "../exprs";
import { stat, timeline, timeseries } from "../panels";
import { byServer, query, state } from "../queries";
import { HELD, KNOWN, LINK, NO_IS_BAD, PAUSE, ROLE, UP, YES, YES_IS_BAD } from "../states";
import { table } from "../table";
import { LAG, PLAIN, above, below } from "../thresholds";
import { SERVERS } from "../variables";

const NONE = "No standby is chosen, or none is known.";

export const now = [
  stat({
    title: "Lag",
    width: 4,
    height: 4,
    unit: "s",
    shows: "both",
    noValue: NONE,
    description:
      "How stale a read is. The threshold is the usual max_lag; the alert takes the " +
      "server's own.",
    queries: [query(byServer(`pgrepl_lag_seconds{${SERVERS}}`), "{{server}}")],
    thresholds: LAG,
    alerts: ["PostgresReplicationLagHigh", "PostgresReplicationLagCritical"],
  }),
  stat({
    title: "Cause",
    width: 4,
    height: 4,
    unit: "none",
    shows: "name",
    noValue: "It doesn't lag.",
    description:
      "Why it lags. docs/lag.md says what each cause means; the exporter's " +
      "/explain?server= says by what evidence, and what to do.",
    queries: [
      query(
        state(`pgrepl_lag_cause{${SERVERS},cause!="none"}`, "cause", "server"),
        "{{server}}: {{cause}}",
      ),
    ],
    thresholds: above(1),
  }),
  stat({
    title: "Measured against",
    width: 4,
    height: 4,
    unit: "none",
    shows: "name",
    noValue: NONE,
    description: "What the lag was measured against.",
    queries: [
      query(state(`pgrepl_lag_source{${SERVERS}}`, "source", "server"), "{{server}}: {{source}}"),
    ],
  }),
  stat({
    title: "The figure is",
    width: 4,
    height: 4,
    unit: "none",
    shows: "name",
    noValue: NONE,
    description:
      "How the figure relates to the truth: exact, or a bound when something needed to " +
      "measure it can't be seen.",
    queries: [
      query(state(`pgrepl_lag_bound{${SERVERS}}`, "bound", "server"), "{{server}}: {{bound}}"),
    ],
    thresholds: PLAIN,
    alerts: ["PostgresReplicationLagUnknown"],
  }),
  stat({
    title: "Replay",
    width: 4,
    height: 4,
    unit: "none",
    shows: "both",
    noValue: NONE,
    description: "Whether it replays, is paused, or is about to be.",
    queries: [
      query(
        `${byServer(`pgrepl_replay_paused{${SERVERS},state="pause_requested"}`)}
      + 2 * ${byServer(`pgrepl_replay_paused{${SERVERS},state="paused"}`)}`,
        "{{server}}",
      ),
    ],
    mappings: PAUSE,
    alerts: ["PostgresReplayPaused"],
  }),
  stat({
    title: "WAL margin",
    width: 4,
    height: 4,
    unit: "bytes",
    shows: "both",
    noValue: "Not known: no upstream tells how far back its WAL reaches.",
    description:
      "WAL that its upstream still keeps and it already has. Below 0 what it needs next " +
      "is gone.",
    queries: [
      query(
        `min by (pg_cluster, server) (pgrepl_standby_wal_margin_bytes{${SERVERS}})`,
        "{{server}}",
      ),
    ],
    thresholds: below(0),
    alerts: ["PostgresReseedNeeded"],
  }),
  timeseries({
    title: "Lag, its threshold and its delay",
    width: 12,
    unit: "s",
    noValue: NONE,
    description:
      "The lag, the server's own max_lag (dashed), and the delay that it was told to keep, " +
      "which the alert adds.",
    queries: [
      query(byServer(`pgrepl_lag_seconds{${SERVERS}}`), "{{server}}"),
      query(
        `min by (pg_cluster) (${byServer(`pgrepl_lag_threshold_seconds{${SERVERS}}`)})`,
        "max_lag",
      ),
      query(byServer(`pgrepl_apply_delay_seconds{${SERVERS}} > 0`), "{{server}} delay"),
    ],
    bounds: ["max_lag"],
    thresholds: LAG,
    alerts: ["PostgresReplicationLagHigh"],
  }),
  timeline({
    title: "Why",
    width: 12,
    height: 8,
    unit: "none",
    noValue: "It didn't lag.",
    description: "The cause, while a server lagged.",
    queries: [query(exprs.causes(SERVERS), "{{server}}: {{cause}}")],
    mappings: HELD,
  }),
  table({
    title: "Facts",
    width: 24,
    height: 7,
    noValue: "No server is chosen, or none is known.",
    description: "What each server is, where it stands, and what it would need after a failover.",
    alerts: ["PostgresServerDown", "PostgresDiverged", "PostgresStandbySettingsTooLow"],
    keys: [
      { label: "pg_cluster", name: "Cluster" },
      { label: "server", name: "Server" },
    ],
    columns: [
      { name: "State", expr: exprs.roles(SERVERS), mappings: ROLE },
      { name: "Up", expr: byServer(`pgrepl_up{${SERVERS}}`), mappings: UP },
      {
        name: "Why",
        label: "reason",
        expr: state(`pgrepl_up_reason{${SERVERS}}`, "reason", "server"),
      },
      {
        name: "Version",
        label: "version",
        expr: `topk by (pg_cluster, server) (1,
        max by (pg_cluster, server, version) (pgrepl_server_info{${SERVERS}}))`,
      },
      { name: "Timeline", expr: byServer(`pgrepl_timeline{${SERVERS}}`) },
      { name: "Diverged", expr: byServer(`pgrepl_diverged{${SERVERS}}`), mappings: YES_IS_BAD },
      {
        name: "pg_rewind possible",
        expr: byServer(`pgrepl_rewind_possible{${SERVERS}}`),
        mappings: NO_IS_BAD,
      },
      {
        name: "Feedback",
        expr: byServer(`pgrepl_hot_standby_feedback{${SERVERS}}`),
        mappings: YES,
      },
      {
        name: "Setting too low",
        expr: byServer(`pgrepl_setting_too_low{${SERVERS}}`),
        mappings: YES_IS_BAD,
      },
      { name: "Lag is", expr: byServer(`pgrepl_lag_known{${SERVERS}}`), mappings: KNOWN },
      { name: "Link", expr: exprs.links(SERVERS), mappings: LINK },
      {
        name: "Started",
        unit: "dateTimeFromNow",
        expr: `1000 * ${byServer(`pgrepl_server_start_timestamp_seconds{${SERVERS}}`)}`,
      },
    ],
  }),
];
