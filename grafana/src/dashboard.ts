// SPDX-License-Identifier: Apache-2.0
// What all dashboards have in common.
import {
  DashboardBuilder,
  DashboardCursorSync,
  RowBuilder,
} from "@grafana/grafana-foundation-sdk/dashboard";

import { Name, UID, navigation, title } from "./links";

type AnyPanel = Parameters<DashboardBuilder["withPanel"]>[0];

export interface Row {
  title: string;
  panels: AnyPanel[];
  isCollapsed?: boolean;
}

export interface Content {
  name: Name;
  description: string;
  since: string;
  refresh: string;
  variables: Parameters<DashboardBuilder["variables"]>[0];
  annotations: Parameters<DashboardBuilder["annotations"]>[0];
  rows: Row[];
}

export function dashboard(content: Content): DashboardBuilder {
  const builder = new DashboardBuilder(title(content.name))
    .uid(UID[content.name])
    .description(content.description)
    .tags(["postgresql", "replication", "pg_replication_exporter"])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .timezone("browser")
    .time({ from: content.since, to: "now" })
    .refresh(content.refresh)
    .variables(content.variables)
    .annotations(content.annotations)
    .links(navigation(content.name));
  for (const { title: name, panels, isCollapsed } of content.rows) {
    const row = new RowBuilder(name);
    if (isCollapsed) {
      panels.forEach((panel) => row.withPanel(panel));
      builder.withRow(row.collapsed(true));
    } else {
      builder.withRow(row);
      panels.forEach((panel) => builder.withPanel(panel));
    }
  }
  return builder;
}
