// SPDX-License-Identifier: Apache-2.0
// A table: a row for each thing, a query for each column. Grafana joins them by labels they share.
import { Threshold, ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";
import { PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/table";

import { Panel, describe } from "./panels";
import { query, targets } from "./queries";

export interface Column {
  name: string;
  expr: string;
  unit?: string;
  thresholds?: Threshold[];
  mappings?: ValueMapping[];
  decimals?: number;
  /** The query's label is shown instead of its value. */
  label?: string;
}

/** What identifies a row: the label, its column's name, and where a click on it leads. */
export interface Key {
  label: string;
  name: string;
  link?: { title: string; url: string };
  mappings?: ValueMapping[];
}

type Options = Omit<Panel, "queries" | "unit"> & { keys: Key[]; columns: Column[] };

function ref(column: Column): string {
  return column.name.toLowerCase().replace(/\W+/g, "_");
}

/** How Grafana names the column of a query's value, when there are several queries. */
function valueOf(column: Column, columns: Column[]): string {
  return columns.length > 1 ? `Value #${ref(column)}` : "Value";
}

export function table(options: Options): PanelBuilder {
  const { keys, columns } = options;
  const names = [
    ...keys.map(({ label, name }) => [label, name]),
    ...columns.map((column) => [column.label ?? valueOf(column, columns), column.name]),
  ];
  const hidden = [
    "Time",
    ...columns.filter(({ label }) => label).map((column) => valueOf(column, columns)),
  ];
  const queries = columns.map((column) => query(column.expr, "", ref(column)));
  const builder = describe(new PanelBuilder(), { ...options, queries, unit: "none" }, 8)
    .targets(targets(queries, true, PromQueryFormat.Table))
    .transformations([
      { id: "merge", options: {} },
      {
        id: "organize",
        options: {
          excludeByName: Object.fromEntries(hidden.map((name) => [name, true])),
          indexByName: Object.fromEntries(names.map(([from], index) => [from, index])),
          renameByName: Object.fromEntries(names),
        },
      },
    ])
    .filterable(true)
    .showHeader(true);
  // The panel's noValue is about an empty table, not about an empty cell.
  const emptyCell = { id: "noValue", value: "-" };
  for (const { name, link, mappings } of keys) {
    builder.overrideByName(name, [
      emptyCell,
      ...(link ? [{ id: "links", value: [link] }] : []),
      ...(mappings ? colored(mappings) : []),
    ]);
  }
  for (const { name, unit, thresholds, mappings, decimals } of columns) {
    builder.overrideByName(name, [
      emptyCell,
      ...(unit ? [{ id: "unit", value: unit }] : []),
      ...(decimals !== undefined ? [{ id: "decimals", value: decimals }] : []),
      ...(mappings ? colored(mappings) : []),
      ...(thresholds
        ? [
            { id: "thresholds", value: { mode: "absolute", steps: thresholds } },
            { id: "custom.cellOptions", value: { type: "color-text" } },
          ]
        : []),
    ]);
  }
  return builder;
}

function colored(mappings: ValueMapping[]) {
  return [
    { id: "mappings", value: mappings },
    { id: "custom.cellOptions", value: { type: "color-text" } },
  ];
}
