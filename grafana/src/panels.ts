// SPDX-License-Identifier: Apache-2.0
// The kinds of panels there are. Each says what it shows, in which unit, from when on it is bad,
// and what it means when it is empty.
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  FieldColorBuilder,
  FieldColorModeId,
  Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import * as statPanel from "@grafana/grafana-foundation-sdk/stat";
import * as timelinePanel from "@grafana/grafana-foundation-sdk/statetimeline";
import * as timeseriesPanel from "@grafana/grafana-foundation-sdk/timeseries";

import { CRITICAL, SERIES } from "./colors";
import { runbook } from "./links";
import { Query, targets } from "./queries";
import { PLAIN } from "./thresholds";
import { DATASOURCE } from "./variables";

export interface Panel {
  title: string;
  description: string;
  queries: Query[];
  /** Of Grafana: s, bytes, Bps, percentunit, short. */
  unit: string;
  /** Said instead of an empty panel: why that may be so. */
  noValue: string;
  width: number;
  height?: number;
  thresholds?: Threshold[];
  mappings?: ValueMapping[];
  /** Alerts about what the panel shows. */
  alerts?: string[];
  link?: { title: string; url: string };
}

/** What builders of all kinds of panels have in common; the SDK has no name for it. */
interface Builder {
  title(text: string): this;
  description(text: string): this;
  datasource(reference: typeof DATASOURCE): this;
  unit(name: string): this;
  noValue(text: string): this;
  span(width: number): this;
  height(height: number): this;
  thresholds(steps: ThresholdsConfigBuilder): this;
  mappings(those: ValueMapping[]): this;
  links(those: ReturnType<typeof runbook>[]): this;
  targets(those: ReturnType<typeof targets>): this;
}

/** Grafana takes data links as plain objects, the SDK only as builders. */
export function built<T>(object: T): { build(): T } {
  return { build: () => object };
}

export function steps(those: Threshold[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(those);
}

export function describe<B extends Builder>(builder: B, panel: Panel, height: number): B {
  return builder
    .title(panel.title)
    .description(panel.description)
    .datasource(DATASOURCE)
    .unit(panel.unit)
    .noValue(panel.noValue)
    .span(panel.width)
    .height(panel.height ?? height)
    .thresholds(steps(panel.thresholds ?? PLAIN))
    .mappings(panel.mappings ?? [])
    .links((panel.alerts ?? []).map(runbook));
}

/** The present, in large. `shows` is the series' name instead of its value. */
export function stat(panel: Panel & { shows?: "name" | "both" }): statPanel.PanelBuilder {
  const text = { name: BigValueTextMode.Name, both: BigValueTextMode.ValueAndName };
  const builder = describe(new statPanel.PanelBuilder(), panel, 3)
    .targets(targets(panel.queries, true, PromQueryFormat.TimeSeries))
    .colorMode(BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .justifyMode(BigValueJustifyMode.Center)
    .textMode(panel.shows ? text[panel.shows] : BigValueTextMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
  return panel.link ? builder.dataLinks([built(panel.link) as never]) : builder;
}

/** Lines. `bounds` name series that are limits, drawn dashed; `named` those with a colour. */
export function timeseries(
  panel: Panel & { bounds?: string[]; named?: string[] },
): timeseriesPanel.PanelBuilder {
  const builder = describe(new timeseriesPanel.PanelBuilder(), panel, 8)
    .targets(targets(panel.queries, false, PromQueryFormat.TimeSeries))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassicByName))
    .lineWidth(2)
    .fillOpacity(5)
    .showPoints(VisibilityMode.Never)
    .axisSoftMin(0)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(["lastNotNull", "max"]),
    )
    .tooltip(
      new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending),
    );
  if (panel.thresholds) {
    builder.thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed),
    );
  }
  (panel.named ?? []).forEach((name, index) =>
    builder.overrideByName(name, [fixed(SERIES[index])]),
  );
  for (const name of panel.bounds ?? []) {
    builder.overrideByName(name, [
      { id: "custom.lineStyle", value: { fill: "dash", dash: [10, 10] } },
      { id: "custom.fillOpacity", value: 0 },
      fixed(CRITICAL),
    ]);
  }
  return panel.link ? builder.dataLinks([built(panel.link) as never]) : builder;
}

function fixed(color: string) {
  return { id: "color", value: { mode: "fixed", fixedColor: color } };
}

/** Which state when. */
export function timeline(panel: Panel): timelinePanel.PanelBuilder {
  const builder = describe(new timelinePanel.PanelBuilder(), panel, 7)
    .targets(targets(panel.queries, false, PromQueryFormat.TimeSeries))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .showValue(VisibilityMode.Auto)
    .mergeValues(true)
    .rowHeight(0.85)
    .fillOpacity(80)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(false)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single).sort(SortOrder.None));
  return panel.link ? builder.dataLinks([built(panel.link) as never]) : builder;
}
