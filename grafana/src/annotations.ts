// SPDX-License-Identifier: Apache-2.0
// What happened when, from the metrics themselves: drawn as marks over every graph.
import { AnnotationQuery } from "@grafana/grafana-foundation-sdk/dashboard";

import { CRITICAL, MARK, NOTICE } from "./colors";
import { firing } from "./exprs";
import { byServer, query } from "./queries";
import { DATASOURCE } from "./variables";

interface Mark {
  name: string;
  color: string;
  expr: string;
  title: string;
  tags: string;
  isShown: boolean;
}

/** The SDK's AnnotationQuery knows nothing of what is Prometheus' own. */
function annotation({ name, color, expr, title, tags, isShown }: Mark): {
  build(): AnnotationQuery;
} {
  const object = {
    name,
    datasource: DATASOURCE,
    enable: isShown,
    hide: false,
    iconColor: color,
    expr: query(expr).expr,
    step: "15s",
    titleFormat: title,
    textFormat: "",
    tagKeys: tags,
    useValueForTime: false,
  };
  return { build: () => object };
}

/** Of the servers that `where` picks. A mark is a sample that isn't 0, so each gives 1. */
export function annotations(where: string, isOfAlerts = true): { build(): AnnotationQuery }[] {
  const role = byServer(`pgrepl_in_recovery{${where}}`);
  const before = byServer(`pgrepl_in_recovery{${where}} offset 1m`);
  const started = byServer(`pgrepl_server_start_timestamp_seconds{${where}}`);
  const earlier = byServer(`pgrepl_server_start_timestamp_seconds{${where}} offset 1m`);
  return [
    annotation({
      name: "Promotions",
      color: MARK,
      isShown: true,
      tags: "pg_cluster",
      expr: `group by (pg_cluster, server) (${role} == 0 and ${before} == 1)`,
      title: "{{server}} became primary",
    }),
    annotation({
      name: "Demotions",
      color: NOTICE,
      isShown: true,
      tags: "pg_cluster",
      expr: `group by (pg_cluster, server) (${role} == 1 and ${before} == 0)`,
      title: "{{server}} became a standby",
    }),
    annotation({
      name: "Restarts",
      color: NOTICE,
      isShown: false,
      tags: "pg_cluster",
      expr: `group by (pg_cluster, server) (${started} > ${earlier} + 1)`,
      title: "{{server}} was started",
    }),
    annotation({
      name: "Alerts",
      color: CRITICAL,
      isShown: isOfAlerts,
      tags: "severity",
      expr: firing(where.replace(/,?server=~"\$server"/, ""), "pg_cluster", "server", "severity"),
      title: "{{alertname}} {{server}}",
    }),
  ];
}
