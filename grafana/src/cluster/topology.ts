// SPDX-License-Identifier: Apache-2.0
// Who receives WAL from whom, now and over time, and the alerts that fire.
import {
  ZoomMode,
  PanelBuilder,
  NodeOptionsBuilder,
  EdgeOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/nodegraph";
import { PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";

import { CRITICAL, GOOD, PRIMARY } from "../colors";
import * as exprs from "../exprs";
import { TO_RUNBOOK, TO_SERVER, TO_STANDBY, address, dataLink } from "../links";
import { describe, timeline } from "../panels";
import { byServer, byStandby, query, targets } from "../queries";
import { FIRING, LINK, ROLE, SEVERITY } from "../states";
import { table } from "../table";
import { CLUSTER, SERVERS } from "../variables";

/** The series that `expr` gives, as 1, with these labels. */
function labelled(by: string, expr: string, labels: Record<string, string>): string {
  return Object.entries(labels).reduce(
    (inner, [name, value]) => `label_replace(${inner}, "${name}", "${value}", "", "")`,
    `group by (${by}) (${expr})`,
  );
}

/** Copies a label's value to another label. */
function copied(expr: string, from: string, ...to: string[]): string {
  return to.reduce(
    (inner, name) => `label_replace(${inner}, "${name}", "$1", "${from}", "(.+)")`,
    expr,
  );
}

const up = byServer(`pgrepl_up{${CLUSTER}}`);
const role = byServer(`pgrepl_in_recovery{${CLUSTER}}`);
const lag = byServer(`pgrepl_lag_seconds{${CLUSTER}}`);
const edge = byStandby(`pgrepl_edge{${CLUSTER}}`);

const server = "pg_cluster, server";
const looks = [
  labelled(server, `${up} == 0`, { subtitle: "down", color: CRITICAL }),
  labelled(server, `${role} == 0`, { subtitle: "primary", color: PRIMARY }),
  labelled(server, `${lag} or ${up}`, { subtitle: "standby", color: GOOD }),
].join(" or on (pg_cluster, server) ");
// A standby that isn't configured has a lag, as its upstream tells it, and no pgrepl_up.
const nodes = copied(
  `(${lag} or 0 * ${up}) * on (pg_cluster, server) group_left (subtitle, color) (${looks})`,
  "server",
  "id",
  "title",
);

const link = "pg_cluster, server, standby";
const lines = [
  labelled(link, `${edge} == 1`, { color: GOOD }),
  labelled(link, `${edge} == 0`, { color: CRITICAL }),
].join(" or ");
const ends = copied(copied(lines, "standby", "target"), "server", "source");
const lagOfStandby = `max by (pg_cluster, standby) (${copied(lag, "server", "standby")})`;
const edges = `label_join(${ends} * on (pg_cluster, standby) group_left () ${lagOfStandby},
  "id", " to ", "source", "target")`;

/** On the one field that only nodes have: an entry of the menu for each field with a link. */
const TO_NODE = dataLink(
  "Server ${__data.fields.title}",
  address("standby", {
    cluster: "${cluster:percentencode}",
    server: "${__data.fields.title:percentencode}",
  }),
);

/** Frames with a column source are edges, others nodes: so Grafana tells them apart. */
function frame(ref: string) {
  return {
    id: "organize",
    filter: { id: "byRefId", options: ref },
    options: {
      excludeByName: { Time: true, pg_cluster: true, server: true, standby: true },
      indexByName: {},
      renameByName: { Value: "mainstat", [`Value #${ref}`]: "mainstat" },
    },
  };
}

const graphQueries = [query(nodes, "", "nodes"), query(edges, "", "edges")];
const graph = describe(
  new PanelBuilder(),
  {
    title: "Topology",
    width: 12,
    height: 9,
    unit: "s",
    queries: graphQueries,
    noValue: "No exporter watches this cluster now.",
    description:
      "Who receives WAL from whom. A server is dark blue while it is the primary, light " +
      "blue as a standby, red while it isn't reached; its figure is its lag. A link is red when " +
      "the standby last received from there and is connected to nobody now.",
    alerts: [
      "PostgresCascadeUpstreamLost",
      "PostgresUnexpectedUpstream",
      "PostgresAmbiguousStandbys",
    ],
  },
  9,
)
  .targets(targets(graphQueries, true, PromQueryFormat.Table))
  .transformations([frame("nodes"), frame("edges")])
  .zoomMode(ZoomMode.Cooperative)
  .nodes(new NodeOptionsBuilder().mainStatUnit("s").arcs([]))
  .edges(new EdgeOptionsBuilder().mainStatUnit("s"))
  .overrideByName("title", [{ id: "links", value: [TO_NODE] }]);

const roles = timeline({
  title: "Roles",
  width: 12,
  height: 9,
  unit: "none",
  noValue: "No exporter watched it in this time.",
  description: "Who was primary and who standby, as last known while a server was down.",
  queries: [query(exprs.roles(SERVERS), "{{server}}")],
  mappings: ROLE,
  alerts: ["PostgresServerDown", "PostgresSplitBrain"],
  link: TO_SERVER,
});

const receivers = timeline({
  title: "Receivers",
  width: 8,
  unit: "none",
  noValue: "No standby is known.",
  description: "Whether each standby receives WAL, by its own word or its upstream's.",
  queries: [query(exprs.links(SERVERS), "{{server}}")],
  mappings: LINK,
  link: TO_SERVER,
  alerts: ["PostgresReceiverDown", "PostgresReceiverFlapping", "PostgresCatchupStuck"],
});

const alerts = [
  table({
    title: "Alerts that fire",
    width: 8,
    height: 7,
    noValue: "Nothing fires.",
    description: "Click on an alert for its runbook, on a server for its dashboard.",
    keys: [
      { label: "alertname", name: "Alert", link: TO_RUNBOOK },
      { label: "severity", name: "Severity", mappings: SEVERITY },
      { label: "pg_cluster", name: "Cluster" },
      { label: "server", name: "Server", link: TO_STANDBY },
      { label: "slot_name", name: "Slot" },
    ],
    columns: [
      {
        name: "State",
        mappings: FIRING,
        expr: exprs.firing(CLUSTER, "severity", "pg_cluster", "server", "slot_name"),
      },
    ],
  }),
  timeline({
    title: "Alerts over time",
    width: 8,
    unit: "none",
    noValue: "Nothing fired.",
    description: "When which alert fired.",
    queries: [query(exprs.firing(CLUSTER, "server"), "{{alertname}} {{server}}")],
    mappings: FIRING,
  }),
];

export const topology = [graph, roles, receivers, ...alerts];
