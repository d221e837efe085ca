// SPDX-License-Identifier: Apache-2.0
// What is chosen in the head of a dashboard, and the label matchers that follow from it.
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";

export const DATASOURCE = { type: "prometheus", uid: "${datasource}" };

/** Label matchers: of several clusters, of one, and of servers in it. */
export const CLUSTERS = 'pg_cluster=~"$cluster"';
export const CLUSTER = 'pg_cluster="$cluster"';
export const SERVERS = `${CLUSTER},server=~"$server"`;
export const EXPORTERS = 'instance=~"$instance"';

export function datasource(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder("datasource")
    .label("Data source")
    .description("A Prometheus that scrapes pg_replication_exporter.")
    .type("prometheus");
}

/** Grafana asks for the values in the dashboard's time range: who is down or gone is listed too. */
function labelValues(name: string, label: string, series: string, key: string) {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query: `label_values(${series}, ${key})`, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

function severalOf(variable: QueryVariableBuilder): QueryVariableBuilder {
  return variable
    .multi(true)
    .includeAll(true)
    .allValue(".+")
    .current({ selected: true, text: ["All"], value: ["$__all"] });
}

export function clusters(): QueryVariableBuilder {
  return severalOf(
    labelValues("cluster", "Cluster", "pgrepl_expected_primaries", "pg_cluster"),
  ).description("Clusters that were watched at any moment of the time range.");
}

export function cluster(): QueryVariableBuilder {
  return labelValues("cluster", "Cluster", "pgrepl_expected_primaries", "pg_cluster").description(
    "A cluster that was watched at any moment of the time range.",
  );
}

export function servers(): QueryVariableBuilder {
  return severalOf(labelValues("server", "Server", `pgrepl_up{${CLUSTER}}`, "server")).description(
    "Servers of the cluster, also those that are down or gone.",
  );
}

export function exporters(): QueryVariableBuilder {
  return severalOf(
    labelValues("instance", "Exporter", "pgrepl_exporter_build_info", "instance"),
  ).description("Exporters that were scraped at any moment of the time range.");
}

const RUNBOOKS = "https://git.example.com/pg_replication_exporter/blob/main/alerts/runbooks";

/** Where links to runbooks go: another address is one of the site's own. */
export function runbooks(): TextBoxVariableBuilder {
  return new TextBoxVariableBuilder("runbooks")
    .label("Runbooks")
    .description("Address of this project's folder alerts/runbooks, without a slash at the end.")
    .defaultValue(RUNBOOKS)
    .current({ selected: true, text: RUNBOOKS, value: RUNBOOKS });
}
