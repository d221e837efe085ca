// Writes grafana/dashboards, or with --check says which of them are not current.
// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from "node:fs";
import cluster from "./cluster.js";
import exporter from "./exporter.js";
import fleet from "./fleet.js";
import standby from "./standby.js";

const FOLDER = new URL("../dashboards/", import.meta.url);
const check = process.argv.includes("--check");
const old: string[] = [];

for (const builder of [fleet, cluster, standby, exporter]) {
  const dashboard = builder.build();
  // What panels show of a query is theirs; an id would be another one in each Grafana.
  dashboard.panels?.forEach((panel, index) => { if ("id" in panel) panel.id = index + 1; });
  const file = new URL(`${dashboard.uid}.json`, FOLDER);
  const text = JSON.stringify(dashboard, null, 2) + "\n";
  if (!check) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) old.push(file.pathname);
}

if (old.length) {
  console.error(`not current, run make dashboards: ${old.join(" ")}`);
  process.exit(1);
}
