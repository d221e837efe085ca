// The kinds of panels: each has a title, what it means, a unit, and what to read into it when it is empty.
// SPDX-License-Identifier: Apache-2.0
import * as common from "@grafana/grafana-foundation-sdk/common";
import {
  DashboardLinkBuilder, DashboardLinkType, FieldColorBuilder, FieldColorModeId, MappingType, ThresholdsConfigBuilder,
  type DynamicConfigValue, type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import * as nodegraph from "@grafana/grafana-foundation-sdk/nodegraph";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as statetimeline from "@grafana/grafana-foundation-sdk/statetimeline";
import * as table from "@grafana/grafana-foundation-sdk/table";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import { DATASOURCE, instant, range, rows, type Query } from "./query.js";
import { CRITICAL, GOOD, NEUTRAL, WARNING, plain } from "./thresholds.js";

export interface About {
  title: string;
  description: string;
  unit: string;
  /** What it means that nothing is there. */
  empty: string;
  /** Of 24 columns. */
  span: number;
  height?: number;
  thresholds?: ThresholdsConfigBuilder;
  mappings?: ValueMapping[];
}

const ROW_HEIGHT = 8;
const STRIP_HEIGHT = 4;

const COLOURS = { good: GOOD, warning: WARNING, critical: CRITICAL, neutral: NEUTRAL };

/** Values as words: `{ 0: ["standby", "good"] }`. */
export function words(of: Record<string, [string, keyof typeof COLOURS]>): ValueMapping[] {
  const options = Object.fromEntries(Object.entries(of).map(
    ([value, [text, colour]], index) => [value, { text, color: COLOURS[colour], index }]));
  return [{ type: MappingType.ValueToText, options }];
}

export const YES_IS_BAD = words({ 0: ["no", "good"], 1: ["yes", "critical"] });
export const YES_IS_GOOD = words({ 0: ["no", "critical"], 1: ["yes", "good"] });

/** One figure, or one of each server. */
export function figure(about: About, query: Query, text = stat.defaultOptions().textMode): stat.PanelBuilder {
  return new stat.PanelBuilder()
    .title(about.title).description(about.description).unit(about.unit).noValue(about.empty)
    .span(about.span).height(about.height ?? STRIP_HEIGHT).datasource(DATASOURCE)
    .thresholds(about.thresholds ?? plain()).mappings(about.mappings ?? [])
    .colorMode(common.BigValueColorMode.Value).graphMode(common.BigValueGraphMode.None).textMode(text)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false))
    .withTarget(instant(query));
}

/** A name that is a label's value: `legend` is "{{label}}". */
export function name(about: About, query: Query): stat.PanelBuilder {
  return figure(about, query, common.BigValueTextMode.Name);
}

/** Lines over time. */
export function lines(about: About, ...queries: Query[]): timeseries.PanelBuilder {
  const panel = new timeseries.PanelBuilder()
    .title(about.title).description(about.description).unit(about.unit).noValue(about.empty)
    .span(about.span).height(about.height ?? ROW_HEIGHT).datasource(DATASOURCE)
    .thresholds(about.thresholds ?? plain()).mappings(about.mappings ?? [])
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .lineWidth(2).fillOpacity(0).axisSoftMin(0).showPoints(common.VisibilityMode.Never)
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi)
      .sort(common.SortOrder.Descending))
    .legend(new common.VizLegendOptionsBuilder().showLegend(true).placement(common.LegendPlacement.Bottom)
      .displayMode(common.LegendDisplayMode.List));
  if (about.thresholds) {
    panel.thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder()
      .mode(common.GraphThresholdsStyleMode.Dashed));
  }
  for (const query of queries) panel.withTarget(range(query));
  return panel;
}

/** What was when, as bands. */
export function states(about: About, ...queries: Query[]): statetimeline.PanelBuilder {
  const panel = new statetimeline.PanelBuilder()
    .title(about.title).description(about.description).unit(about.unit).noValue(about.empty)
    .span(about.span).height(about.height ?? ROW_HEIGHT).datasource(DATASOURCE)
    .thresholds(about.thresholds ?? plain()).mappings(about.mappings ?? [])
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .mergeValues(true).rowHeight(0.8).showValue(common.VisibilityMode.Auto).fillOpacity(70);
  for (const query of queries) panel.withTarget(range(query));
  return panel;
}

export interface Column {
  name: string;
  unit?: string;
  query?: Query;
  thresholds?: ThresholdsConfigBuilder;
  mappings?: ValueMapping[];
  /** Where a click leads. */
  link?: { title: string; url: string };
}

function properties(column: Column): DynamicConfigValue[] {
  const found: DynamicConfigValue[] = [];
  if (column.unit) found.push({ id: "unit", value: column.unit });
  if (column.mappings) found.push({ id: "mappings", value: column.mappings });
  if (column.thresholds) found.push({ id: "thresholds", value: column.thresholds.build() });
  if (column.thresholds || column.mappings) {
    found.push({ id: "custom.cellOptions", value: { type: "color-text" } });
  }
  if (column.link) found.push({ id: "links", value: [column.link] });
  return found;
}

/**
 * Rows by labels, a column for each query. `labels`: those that stay, {label: its column}; what a query's
 * figure is called is its column's name.
 */
export function list(about: About, labels: Record<string, string>, columns: Column[]): table.PanelBuilder {
  const panel = new table.PanelBuilder()
    .title(about.title).description(about.description).unit(about.unit).noValue(about.empty)
    .span(about.span).height(about.height ?? ROW_HEIGHT).datasource(DATASOURCE)
    .thresholds(about.thresholds ?? plain()).mappings(about.mappings ?? [])
    .cellHeight(common.TableCellHeight.Sm);
  const names: Record<string, string> = { ...labels };
  const order: Record<string, number> = {};
  [...Object.keys(labels)].forEach((label, i) => { order[label] = i; });
  let next = 0;
  for (const column of columns.filter((one) => one.query)) {
    const refId = String.fromCharCode("A".charCodeAt(0) + next);
    panel.withTarget(rows({ ...column.query!, refId }));
    names[`Value #${refId}`] = column.name;
    order[`Value #${refId}`] = Object.keys(labels).length + next;
    next += 1;
  }
  // A single frame isn't numbered.
  if (next === 1) names.Value = names["Value #A"]!;
  for (const column of columns) panel.overrideByName(column.name, properties(column));
  return panel
    .withTransformation({ id: "merge", options: {} })
    .withTransformation({ id: "organize", options: {
      excludeByName: { Time: true }, renameByName: names, indexByName: order } });
}

/** Nodes and the edges between them, from queries A (nodes) and B (edges), each with labels that it needs. */
export function graph(about: About, nodes: Query, edges: Query): nodegraph.PanelBuilder {
  return new nodegraph.PanelBuilder()
    .title(about.title).description(about.description).unit(about.unit).noValue(about.empty)
    .span(about.span).height(about.height ?? ROW_HEIGHT).datasource(DATASOURCE)
    .thresholds(about.thresholds ?? plain()).mappings(about.mappings ?? [])
    .withTarget(rows({ ...nodes, refId: "nodes" })).withTarget(rows({ ...edges, refId: "edges" }));
}

/** Of a panel: where to go on. */
export function link(title: string, url: string): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url);
}
