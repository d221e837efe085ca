// Single servers: a standby's way from the sender to replay, and all of its slots.
// SPDX-License-Identifier: Apache-2.0
import { RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { UIDS, board, runbook } from "./board.js";
import { YES_IS_BAD, YES_IS_GOOD, figure, lines, link, list, name, states, words } from "./panels.js";
import { SERVER, max, min, rate } from "./query.js";
import { MAX_LAG, above, threshold } from "./thresholds.js";

const of = (family: string, labels = "server", more = "") =>
  max(family, labels, more ? `${more}, ${SERVER}` : SERVER);
const LIMIT = "no standby of that name";

const dashboard = board({
  uid: UIDS.standby, title: "Replication: standbys and slots", clusters: "one", server: true,
  description: "Where WAL waits on its way to a standby, what the standby itself says, and what each slot costs.",
});

dashboard
  .withPanel(figure({
    title: "Lag", span: 4, unit: "s", empty: LIMIT, thresholds: above(MAX_LAG),
    description: "How stale a read is. The line of the alert is the server's own limit.",
  }, { expr: of("pgrepl_lag_seconds") })
    .links([link(runbook("PostgresReplicationLagHigh").title, runbook("PostgresReplicationLagHigh").url)]))
  .withPanel(name({
    title: "Why", span: 4, unit: "none", empty: "it doesn't lag", description: "What holds it back, by evidence.",
  }, { expr: `topk by (pg_cluster, server) (1, ${of("pgrepl_lag_cause", "server, cause", 'cause!="none"')} == 1)`,
    legend: "{{server}}: {{cause}}" }))
  .withPanel(name({
    title: "Receives from", span: 4, unit: "none", empty: "nobody", description: "Its upstream, as it says itself.",
  }, { expr: of("pgrepl_receiver_info", "server, sender_host, sender_port"), legend: "{{sender_host}}:{{sender_port}}" }))
  .withPanel(name({
    title: "State", span: 4, unit: "none", empty: "not tried yet", description: "Whether it answers, else why not.",
  }, { expr: `${of("pgrepl_up_reason", "server, reason")} == 1`, legend: "{{server}}: {{reason}}" }))
  .withPanel(name({
    title: "Fit to lead", span: 4, unit: "none", empty: "it is a primary", description: "What a failover would make of it.",
  }, { expr: `${of("pgrepl_failover_candidate", "server, reason")} == 1`, legend: "{{server}}: {{reason}}" }))
  .withPanel(name({
    title: "Version", span: 4, unit: "none", empty: "never reached", description: "Of PostgreSQL.",
  }, { expr: of("pgrepl_server_info", "server, version", 'version!=""'), legend: "{{version}}" }))

  .withRow(new RowBuilder("The way of WAL"))
  .withPanel(lines({
    title: "Lag against its limit", span: 12, unit: "s", empty: LIMIT,
    description: "The limit is max_lag of the configuration; an intended delay comes on top.",
  }, { expr: of("pgrepl_lag_seconds") }, { expr: of("pgrepl_lag_threshold_seconds"), legend: "{{server}} limit" },
  { expr: of("pgrepl_apply_delay_seconds"), legend: "{{server}} intended" }))
  .withPanel(lines({
    title: "Where the WAL waits", span: 12, unit: "bytes", empty: LIMIT,
    description: "Not sent: the sender. Sent and not written: the network. Not flushed: the disk. Not replayed: replay.",
  }, { expr: of("pgrepl_lag_bytes", "server, stage", 'stage!="total"'), legend: "{{server}} {{stage}}" }))
  .withPanel(lines({
    title: "As its upstream measures", span: 12, unit: "s", empty: "caught up, or disconnected: then PostgreSQL says nothing",
    description: "pg_stat_replication's write, flush and replay lag. Stands still while a standby is stalled.",
  }, { expr: max("pgrepl_sender_lag_seconds", "standby, stage", 'pg_cluster=~"$cluster", standby=~"$server"'),
    legend: "{{standby}} {{stage}}" }))
  .withPanel(lines({
    title: "Silence", span: 12, unit: "s", empty: "not connected, or hidden from the exporter's role",
    description: "Since the receiver's last message, and since its last reply, against the timeout that ends the link.",
  }, { expr: of("pgrepl_receiver_last_message_age_seconds"), legend: "{{server}} last message" },
  { expr: max("pgrepl_sender_reply_age_seconds", "standby", 'pg_cluster=~"$cluster", standby=~"$server"'),
    legend: "{{standby}} last reply" },
  { expr: of("pgrepl_receiver_timeout_seconds"), legend: "{{server}} timeout" }))
  .withPanel(states({
    title: "Receiver", span: 8, unit: "none", empty: LIMIT, mappings: YES_IS_GOOD, description: "Whether it receives WAL.",
  }, { expr: of("pgrepl_receiver_up") }))
  .withPanel(states({
    title: "What replay waits for", span: 8, unit: "none", empty: "it works, or has nothing to replay",
    mappings: words({ 1: ["waits", "warning"] }), description: "Of the startup process.",
  }, { expr: `${of("pgrepl_recovery_waiting", "server, reason", 'reason!="none"')} == 1`, legend: "{{server}} {{reason}}" }))
  .withPanel(lines({
    title: "Oldest query", span: 8, unit: "s", empty: LIMIT,
    description: "The transaction of a client that has run longest: replay may wait for it, or cancel it.",
  }, { expr: of("pgrepl_oldest_standby_query_seconds") }))
  .withPanel(lines({
    title: "Receiver restarts", span: 8, unit: "none", empty: LIMIT, thresholds: above(threshold("receiver_restarts")),
    description: "New receivers within 15 minutes.",
  }, { expr: `max by (pg_cluster, server) (increase(pgrepl_receiver_restarts_total{${SERVER}}[15m]))` }))
  .withPanel(lines({
    title: "Queries cancelled", span: 8, unit: "ops", empty: LIMIT, description: "By conflicts with replay, per second.",
  }, { expr: rate("pgrepl_recovery_conflicts_total", "server, type", SERVER), legend: "{{server}} {{type}}" }))
  .withPanel(states({
    title: "Settings lower than its primary's", span: 8, unit: "none", empty: LIMIT, mappings: YES_IS_BAD,
    description: "They stop replay at the next change of the primary's.",
  }, { expr: of("pgrepl_setting_too_low", "server, setting"), legend: "{{server}} {{setting}}" }))

  .withRow(new RowBuilder("Slots"))
  .withPanel(lines({
    title: "Held back by slots", span: 12, unit: "bytes", empty: "no slot on this server",
    description: "WAL that the server keeps for each slot.",
  }, { expr: of("pgrepl_slot_retained_bytes", "server, slot_name"), legend: "{{server}} {{slot_name}}" }))
  .withPanel(lines({
    title: "Until a slot is lost", span: 12, unit: "bytes", empty: "no limit: max_slot_wal_keep_size is not set",
    description: "WAL that can be written before the slot may be lost.",
  }, { expr: min("pgrepl_slot_safe_bytes", "server, slot_name", SERVER), legend: "{{server}} {{slot_name}}" }))
  .withPanel(states({
    title: "Slots in use", span: 12, unit: "none", empty: "no slot on this server", mappings: YES_IS_GOOD,
    description: "Whether somebody streams from each.",
  }, { expr: of("pgrepl_slot_active", "server, slot_name"), legend: "{{server}} {{slot_name}}" }))
  .withPanel(lines({
    title: "Rows kept from vacuum", span: 12, unit: "none", empty: "no slot or standby keeps any",
    thresholds: above(threshold("xmin_age")),
    description: "Age, in transactions, of the oldest that a slot or a standby's feedback still needs.",
  }, { expr: of("pgrepl_slot_xmin_age", "server, slot_name"), legend: "{{server}} slot {{slot_name}}" },
  { expr: of("pgrepl_slot_catalog_xmin_age", "server, slot_name"), legend: "{{server}} slot {{slot_name}}, catalogs" },
  { expr: of("pgrepl_sender_xmin_age", "server, standby"), legend: "{{server}} standby {{standby}}" }))
  .withPanel(list({
    title: "Settings", span: 12, unit: "none", empty: "not read yet",
    description: "Those that a standby must not have lower than its primary, and how many slots it can have.",
  }, { server: "server", setting: "setting" }, [{ name: "value", query: { expr: of("pgrepl_setting", "server, setting") } }]))
  .withPanel(lines({
    title: "Checkpoints", span: 12, unit: "s", empty: "not read yet",
    description: "Age of the last one: what is replayed after a crash began there.",
  }, { expr: of("pgrepl_last_checkpoint_age_seconds") }));

export default dashboard;
