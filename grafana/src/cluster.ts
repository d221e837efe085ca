// One cluster: what is wrong, who receives from whom, how far behind and why.
// SPDX-License-Identifier: Apache-2.0
import { RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { UIDS, board, runbook, toServer } from "./board.js";
import { YES_IS_BAD, YES_IS_GOOD, figure, graph, lines, link, list, name, states, words } from "./panels.js";
import { CLUSTER, max, min, rate } from "./query.js";
import { MAX_LAG, above, below, none, threshold } from "./thresholds.js";

const DISK_AVAIL = max("pgrepl_wal_filesystem_avail_bytes");
const WHY = `topk by (pg_cluster, server) (1, ${max("pgrepl_lag_cause", "server, cause", `cause!="none", ${CLUSTER}`)} == 1)`;
const LAG = max("pgrepl_lag_seconds");
const AS_STANDBY = `label_replace(${LAG}, "standby", "$1", "server", "(.+)")`;

/** Servers as nodes: their lag, 0 of a primary. */
const NODES = `label_replace(label_join(${LAG} or ${max("pgrepl_in_recovery")} == 0, "id", "/", "pg_cluster", "server"), `
  + '"title", "$1", "server", "(.+)")';
const EDGES = `label_join(label_join(label_join(${max("pgrepl_edge", "server, standby")} * 0 `
  + `+ on (pg_cluster, standby) group_left () max by (pg_cluster, standby) (${AS_STANDBY}), `
  + '"source", "/", "pg_cluster", "server"), "target", "/", "pg_cluster", "standby"), '
  + '"id", "/", "pg_cluster", "server", "standby")';

const dashboard = board({
  uid: UIDS.cluster, title: "Replication: cluster", clusters: "one",
  description: "The answer first: is it safe, who lags and why. Then who receives from whom, and everything that "
    + "decides how long it stays so.",
});

dashboard
  .withPanel(name({
    title: "Primary", span: 3, unit: "none", empty: "none is seen", description: "The server that takes writes.",
  }, { expr: `${max("pgrepl_in_recovery")} == 0 and ${max("pgrepl_up")} == 1`, legend: "{{server}}" })
    .links([link(runbook("PostgresNoPrimary").title, runbook("PostgresNoPrimary").url)]))
  .withPanel(figure({
    title: "Standbys connected", span: 3, unit: "none", empty: "none expected", thresholds: below(0, -1),
    description: "Of those expected, how many more or fewer: 0 is as it should be.",
  }, { expr: `(sum by (pg_cluster) (${max("pgrepl_standby_connected")}) or ${max("pgrepl_expected_standbys", "")} * 0) `
    + `- ${max("pgrepl_expected_standbys", "")}`, legend: "" }))
  .withPanel(figure({
    title: "Worst lag", span: 3, unit: "s", empty: "no standby", thresholds: above(MAX_LAG, MAX_LAG * threshold("lag_critical_factor")),
    description: "How stale a read on the worst standby is. The alert compares with each server's own limit, 60 s by default.",
  }, { expr: max("pgrepl_lag_seconds", ""), legend: "" })
    .links([link(runbook("PostgresReplicationLagHigh").title, runbook("PostgresReplicationLagHigh").url)]))
  .withPanel(name({
    title: "Why", span: 3, unit: "none", empty: "nobody lags", description: "The cause at each standby that lags.",
  }, { expr: WHY, legend: "{{server}}: {{cause}}" }))
  .withPanel(figure({
    title: "Sync margin", span: 2, unit: "none", empty: "not synchronous", thresholds: below(1, 0),
    description: "Synchronous standbys beyond those that a commit waits for. Below 0 commits hang.",
  }, { expr: `min by (pg_cluster) (${max("pgrepl_sync_candidates")} - (${max("pgrepl_sync_required")} > 0))`, legend: "" }))
  .withPanel(figure({
    title: "Lost if it died now", span: 3, unit: "bytes", empty: "not known",
    description: "WAL that is flushed on the primary and on no standby.",
  }, { expr: max("pgrepl_rpo_bytes", "", `scope="standby", ${CLUSTER}`), legend: "" }))
  .withPanel(figure({
    title: "Slots at risk", span: 2, unit: "none", empty: "0", thresholds: none(),
    description: "Slots that are lost, or will be at the next checkpoint.",
  }, { expr: `sum by (pg_cluster) (${max("pgrepl_slot_wal_status", "server, slot_name, status",
    `status=~"lost|unreserved", ${CLUSTER}`)})`, legend: "" }))
  .withPanel(figure({
    title: "Not archived since", span: 3, unit: "s", empty: "not archived", thresholds: above(threshold("archive_ready_age_seconds")),
    description: "Age of the oldest transaction that is in no archived segment.",
  }, { expr: max("pgrepl_unarchived_seconds", ""), legend: "" }))
  .withPanel(figure({
    title: "Blind", span: 2, unit: "none", empty: "none watched", thresholds: none(),
    description: "Servers of this cluster that no exporter reaches: what is said about them is what others see.",
  }, { expr: `count by (pg_cluster) (${max("pgrepl_up")} == 0) or ${max("pgrepl_expected_primaries", "")} * 0`, legend: "" }))

  .withRow(new RowBuilder("Who receives from whom"))
  .withPanel(graph({
    title: "Topology", span: 10, height: 10, unit: "s", empty: "No server tells of a standby.",
    description: "Each server with its lag; each edge from an upstream to a standby that receives from it, or last did.",
  }, { expr: NODES }, { expr: EDGES })
    .withTransformation({ id: "organize", options: {
      excludeByName: { Time: true }, renameByName: { Value: "mainstat", pg_cluster: "subtitle" }, indexByName: {} } }))
  .withPanel(states({
    title: "Roles", span: 7, height: 10, unit: "none", empty: "no server is watched",
    mappings: words({ 0: ["primary", "good"], 1: ["standby", "neutral"] }),
    description: "Who was primary when; the last known role while a server is down.",
  }, { expr: max("pgrepl_in_recovery") }))
  .withPanel(states({
    title: "Links", span: 7, height: 10, unit: "none", empty: "no standby is watched", mappings: YES_IS_GOOD,
    description: "Whether each standby is connected to its upstream.",
  }, { expr: max("pgrepl_standby_connected") }))

  .withRow(new RowBuilder("Lag"))
  .withPanel(lines({
    title: "Lag", span: 12, unit: "s", empty: "no standby is watched", thresholds: above(MAX_LAG),
    description: "How stale a read on each standby is: 0 when it has replayed all, however long nobody wrote.",
  }, { expr: LAG }))
  .withPanel(lines({
    title: "Bytes behind", span: 12, unit: "bytes", empty: "no standby is watched",
    description: "WAL from the primary's end to what each standby has replayed.",
  }, { expr: max("pgrepl_lag_bytes", "server", `stage="total", ${CLUSTER}`) }))
  .withPanel(lines({
    title: "Where the WAL waits", span: 12, unit: "bytes", empty: "no standby is watched",
    description: "Not sent: the sender. Sent and not written: the network. Not flushed: the disk. Not replayed: replay.",
  }, { expr: max("pgrepl_lag_bytes", "server, stage", `stage!="total", ${CLUSTER}`), legend: "{{server}} {{stage}}" }))
  .withPanel(lines({
    title: "Last reply", span: 12, unit: "s", empty: "nobody streams",
    description: "How long ago each standby last replied to its upstream. An idle link is silent for up to half its timeout.",
  }, { expr: max("pgrepl_sender_reply_age_seconds", "server, standby"), legend: "{{standby}} to {{server}}" }))
  .withPanel(list({
    title: "Standbys", span: 24, unit: "none", empty: "no standby is watched", height: 7,
    description: "Each standby now. Click a name to go there.",
  }, { server: "server" }, [
    { name: "server", link: toServer },
    { name: "lag", unit: "s", query: { expr: LAG }, thresholds: above(MAX_LAG) },
    { name: "limit", unit: "s", query: { expr: max("pgrepl_lag_threshold_seconds") } },
    { name: "measured", query: { expr: max("pgrepl_lag_known") }, mappings: words({ 0: ["a bound", "warning"], 1: ["yes", "good"] }) },
    { name: "connected", query: { expr: max("pgrepl_standby_connected") }, mappings: YES_IS_GOOD },
    { name: "answers", query: { expr: max("pgrepl_up") }, mappings: YES_IS_GOOD },
    { name: "diverged", query: { expr: max("pgrepl_diverged") }, mappings: YES_IS_BAD },
    { name: "should lead", query: { expr: max("pgrepl_failover_candidate", "server", `reason="best", ${CLUSTER}`) },
      mappings: words({ 0: ["", "neutral"], 1: ["next", "good"] }) },
  ]))

  .withRow(new RowBuilder("Synchronous commits"))
  .withPanel(lines({
    title: "Synchronous standbys", span: 12, unit: "none", empty: "no primary is watched",
    description: "How many there are, could be, and how many a commit waits for.",
  }, { expr: max("pgrepl_sync_required"), legend: "required" }, { expr: max("pgrepl_sync_present"), legend: "present" },
  { expr: max("pgrepl_sync_candidates"), legend: "present or waiting to be" }))
  .withPanel(lines({
    title: "Waiting commits", span: 12, unit: "s", empty: "no commit waits, or nothing is synchronous",
    thresholds: above(threshold("commit_wait_seconds")),
    description: "How long the commit that has waited longest has.",
  }, { expr: max("pgrepl_syncrep_oldest_wait_seconds") }))

  .withRow(new RowBuilder("Slots, WAL and its disk"))
  .withPanel(list({
    title: "Slots", span: 24, unit: "none", empty: "no slot",
    description: "What each slot holds back, and how long until it is lost at the pace of the last half hour.",
  }, { server: "server", slot_name: "slot", slot_type: "type" }, [
    { name: "server", link: toServer },
    { name: "in use", query: { expr: max("pgrepl_slot_active", "server, slot_name, slot_type") }, mappings: YES_IS_GOOD },
    { name: "holds back", unit: "bytes", query: { expr: max("pgrepl_slot_retained_bytes", "server, slot_name, slot_type") } },
    { name: "until lost", unit: "bytes", query: { expr: min("pgrepl_slot_safe_bytes", "server, slot_name, slot_type") } },
    { name: "time until lost", unit: "s", thresholds: below(threshold("slot_loss_seconds") * 4, threshold("slot_loss_seconds")),
      query: { expr: `${min("pgrepl_slot_safe_bytes", "server, slot_name, slot_type")} / -(min by (pg_cluster, server, slot_name, slot_type) `
        + `(deriv(pgrepl_slot_safe_bytes{${CLUSTER}}[30m])) < 0)` } },
    { name: "unused for", unit: "s", thresholds: above(threshold("slot_inactive_seconds")),
      query: { expr: max("pgrepl_slot_inactive_seconds", "server, slot_name, slot_type") } },
    { name: "lost", query: { expr: max("pgrepl_slot_wal_status", "server, slot_name, slot_type", `status="lost", ${CLUSTER}`) },
      mappings: YES_IS_BAD },
    { name: "xmin age", thresholds: above(threshold("xmin_age")),
      query: { expr: max("pgrepl_slot_xmin_age", "server, slot_name, slot_type") } },
    { name: "copy", query: { expr: max("pgrepl_slot_synced", "server, slot_name, slot_type") },
      mappings: words({ 0: ["", "neutral"], 1: ["of its primary's", "neutral"] }) },
  ]))
  .withPanel(lines({
    title: "WAL written", span: 8, unit: "Bps", empty: "no primary is watched", description: "By the primary.",
  }, { expr: rate("pgrepl_wal_written_bytes_total") }))
  .withPanel(lines({
    title: "WAL on disk", span: 8, unit: "bytes", empty: "not listed: the exporter's role may not see pg_wal",
    description: "Segments in pg_wal, and what slots hold back of it.",
  }, { expr: max("pgrepl_wal_directory_bytes"), legend: "{{server}}" },
  { expr: max("pgrepl_slot_retained_bytes", "server, slot_name"), legend: "{{server}} slot {{slot_name}}" }))
  .withPanel(lines({
    title: "Room for WAL", span: 8, unit: "bytes", empty: "not measured: configure wal_directory where the exporter sees it",
    description: "What is left on the file system of pg_wal, and where four hours from now at the pace of the last one.",
  }, { expr: DISK_AVAIL, legend: "{{server}}" },
  { expr: `min by (pg_cluster, server) (predict_linear(pgrepl_wal_filesystem_avail_bytes{${CLUSTER}}[1h], `
    + `${threshold("wal_full_seconds")}))`, legend: "{{server}} in four hours" }))

  .withRow(new RowBuilder("Archive"))
  .withPanel(lines({
    title: "Archived and failed", span: 8, unit: "ops", empty: "no server archives", description: "WAL files, per second.",
  }, { expr: rate("pgrepl_archived_total"), legend: "{{server}} archived" },
  { expr: rate("pgrepl_archive_failed_total"), legend: "{{server}} failed" }))
  .withPanel(lines({
    title: "Waiting to be archived", span: 8, unit: "none", empty: "not listed, or no server archives",
    thresholds: above(threshold("archive_ready_files")), description: "Segments that are ready and not archived.",
  }, { expr: max("pgrepl_archive_ready_files") }))
  .withPanel(lines({
    title: "Gaps in the archive", span: 8, unit: "none", empty: "not listed: configure archive_directory where the exporter sees it",
    thresholds: none(), description: "Segments that are missing between the oldest and the newest: a recovery ends before the first.",
  }, { expr: max("pgrepl_archive_gap") }))

  .withRow(new RowBuilder("Replay and conflicts"))
  .withPanel(lines({
    title: "Queries cancelled", span: 8, unit: "ops", empty: "no standby is watched",
    description: "By conflicts with replay, per second.",
  }, { expr: rate("pgrepl_recovery_conflicts_total", "server, type"), legend: "{{server}} {{type}}" }))
  .withPanel(states({
    title: "Replay paused", span: 8, unit: "none", empty: "no standby is watched", mappings: YES_IS_BAD,
    description: "Whether somebody, or a setting that is too low, has paused replay.",
  }, { expr: max("pgrepl_replay_paused", "server", `state="paused", ${CLUSTER}`) }))
  .withPanel(states({
    title: "Timeline", span: 8, unit: "none", empty: "no server is watched",
    description: "A new one begins with each promotion; a standby that stays on an old one follows nobody.",
  }, { expr: max("pgrepl_timeline") }))

  .withRow(new RowBuilder("Logical replication"))
  .withPanel(states({
    title: "Subscription workers", span: 8, unit: "none", empty: "no subscription",
    mappings: words({ 0: ["none", "critical"], 1: ["runs", "good"] }),
    description: "Whether the worker that applies changes runs.",
  }, { expr: max("pgrepl_subscription_workers", "server, database, subscription", `type="apply", ${CLUSTER}`),
    legend: "{{server}} {{database}} {{subscription}}" }))
  .withPanel(lines({
    title: "Errors of subscriptions", span: 8, unit: "ops", empty: "no subscription, or PostgreSQL below 15",
    description: "While applying or first copying, per second.",
  }, { expr: rate("pgrepl_subscription_errors_total", "server, subscription, type"), legend: "{{server}} {{subscription}} {{type}}" }))
  .withPanel(lines({
    title: "Not confirmed by consumers", span: 8, unit: "bytes", empty: "no logical slot",
    description: "WAL that the consumer of each logical slot has not confirmed.",
  }, { expr: max("pgrepl_slot_confirmed_lag_bytes", "server, slot_name"), legend: "{{server}} {{slot_name}}" }));

export default dashboard;
