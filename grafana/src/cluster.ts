// SPDX-License-Identifier: Apache-2.0
// One cluster, the dashboard that alerts link to: what is wrong, where, and what will be.
import { annotations } from "./annotations";
import { answers } from "./cluster/answers";
import { commits } from "./cluster/commits";
import { lag } from "./cluster/lag";
import { topology } from "./cluster/topology";
import { dashboard } from "./dashboard";
import { TO_STANDBY } from "./links";
import { logical } from "./logical";
import { recovery } from "./recovery";
import { slotGraphs, slotTable } from "./slots";
import {
  CLUSTER,
  SERVERS,
  cluster as clusterVariable,
  datasource,
  runbooks,
  servers,
} from "./variables";
import { wal } from "./wal";

export function cluster() {
  return dashboard({
    name: "cluster",
    description:
      "One PostgreSQL cluster: who leads, who follows and how far behind, what a failover " +
      "would lose, and how long there is room for WAL.",
    since: "now-1h",
    refresh: "15s",
    variables: [datasource(), clusterVariable(), servers(), runbooks()],
    annotations: annotations(CLUSTER),
    rows: [
      { title: "Now", panels: answers },
      { title: "Topology", panels: topology },
      { title: "Lag", panels: lag },
      { title: "Commits and what a failover would lose", panels: commits },
      {
        title: "Replication slots",
        panels: [
          slotTable(SERVERS, { label: "server", name: "Server", link: TO_STANDBY }),
          ...slotGraphs(SERVERS),
        ],
      },
      { title: "WAL, disks and archive", panels: wal(SERVERS) },
      { title: "Replay, conflicts and timelines", panels: recovery(SERVERS) },
      { title: "Logical replication", panels: logical(SERVERS), isCollapsed: true },
    ],
  });
}
