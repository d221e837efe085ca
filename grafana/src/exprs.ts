// SPDX-License-Identifier: Apache-2.0
// Expressions that more than one dashboard needs. `where` is a list of label matchers.
import { byCluster, byServer, bySlot } from "./queries";
import { threshold } from "./thresholds";

/** As states.ROLE says: 0 primary, 1 standby, 2 and 3 the same while down, 4 never seen. */
export function roles(where: string): string {
  return `${byServer(`pgrepl_in_recovery{${where}}`)} + 2 * (1 - ${byServer(`pgrepl_up{${where}}`)})
    or 4 + 0 * ${byServer(`pgrepl_up{${where}}`)}`;
}

/** As states.LINK says: 0 not connected, 1 catching up, 2 streaming, 3 connected. */
export function links(where: string): string {
  const connected = byServer(`pgrepl_standby_connected{${where}}`);
  return `${connected} + ${byServer(`pgrepl_standby_streaming{${where}}`)} or 3 * ${connected}`;
}

export function primaries(where: string): string {
  return `${byServer(`pgrepl_in_recovery{${where}}`)} == 0
    and ${byServer(`pgrepl_up{${where}}`)} == 1`;
}

/** Without the delay that the standby was told to keep. */
export function lag(where: string): string {
  return `pg_cluster_server:pgrepl_lag_beyond_delay_seconds:max{${where}}`;
}

/** Lag divided by the server's own threshold. */
export function lagRatio(where: string): string {
  return `${lag(where)} / ${byServer(`pgrepl_lag_threshold_seconds{${where}}`)}`;
}

/** Each cause of each standby that lags, 1 while it holds. */
export function causes(where: string): string {
  return `max by (pg_cluster, server, cause) (pgrepl_lag_cause{${where},cause!="none"}) == 1`;
}

export function standbysPresent(where: string): string {
  return `pg_cluster:pgrepl_standbys_present:count{${where}}`;
}

export function standbysMissing(where: string): string {
  const expected = byCluster(`pgrepl_expected_standbys{${where}}`);
  return `clamp_min(${expected} - ${standbysPresent(where)}, 0)`;
}

/** Standbys more than a commit needs; below 0 commits hang. Empty where commits wait for none. */
export function syncMargin(where: string): string {
  const required = byCluster(`pgrepl_sync_required{${where}}`);
  return `${byCluster(`pgrepl_sync_present{${where}}`)} - ${required} and ${required} > 0`;
}

/** Slots that are lost, may be soon, or hold back too much: as their alerts tell it. */
export function slotsAtRisk(where: string): string {
  const soon = `predict_linear(pgrepl_slot_safe_bytes{${where}}[15m],
    ${threshold("slot_loss_seconds")})`;
  return `count by (pg_cluster) (
      ${bySlot(`pgrepl_slot_wal_status{${where},status=~"unreserved|lost"}`)} == 1
      or ${bySlot(`pgrepl_slot_retained_bytes{${where}}`)} > on (pg_cluster, server) group_left ()
        pg_cluster_server:pgrepl_slot_retention_limit_bytes:max{${where}}
      or min by (pg_cluster, server, slot_name) (${soon}) < 0
        and min by (pg_cluster, server, slot_name) (pgrepl_slot_safe_bytes{${where}})
          < on (pg_cluster, server) group_left ()
          ${byServer(`pgrepl_max_slot_wal_keep_size_bytes{${where}}`)}
          * ${threshold("slot_reserve_ratio")}
    ) or 0 * ${byCluster(`pgrepl_expected_primaries{${where}}`)}`;
}

/** Servers that the exporter does not reach. */
export function blind(where: string): string {
  return `count by (pg_cluster) (${byServer(`pgrepl_up{${where}}`)} == 0)
    or 0 * ${byCluster(`pgrepl_expected_primaries{${where}}`)}`;
}

export function firing(where: string, ...by: string[]): string {
  return `max by (${["alertname", ...by].join(", ")}) (
    ALERTS{alertname=~"Postgres.*",alertname!="PostgresReplicationWatchdog",
      alertstate="firing",${where}})`;
}

export function firingCount(where: string): string {
  return `count by (pg_cluster) (${firing(where, "pg_cluster", "server", "slot_name")})
    or 0 * ${byCluster(`pgrepl_expected_primaries{${where}}`)}`;
}
