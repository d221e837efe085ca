// SPDX-License-Identifier: Apache-2.0
// Some servers of a cluster, mostly one standby: all that is known of its link, replay and slots.
import { annotations } from "./annotations";
import { dashboard } from "./dashboard";
import { recovery } from "./recovery";
import { slotGraphs, slotTable } from "./slots";
import { link } from "./standby/link";
import { now } from "./standby/now";
import { prefetch } from "./standby/prefetch";
import { SERVERS, cluster, datasource, runbooks, servers } from "./variables";
import { wal } from "./wal";

export function standby() {
  return dashboard({
    name: "standby",
    description:
      "One standby, or some servers: how far behind, why, over which link, with which " +
      "settings; and the slots of these servers.",
    since: "now-1h",
    refresh: "15s",
    variables: [datasource(), cluster(), servers(), runbooks()],
    annotations: annotations(SERVERS),
    rows: [
      { title: "Now", panels: now },
      { title: "Link", panels: link },
      { title: "Replay", panels: recovery(SERVERS) },
      {
        title: "Slots of these servers",
        panels: [slotTable(SERVERS, { label: "server", name: "Server" }), ...slotGraphs(SERVERS)],
      },
      { title: "WAL, disks and archive", panels: wal(SERVERS), isCollapsed: true },
      { title: "Prefetch (15 and later)", panels: prefetch, isCollapsed: true },
    ],
  });
}
