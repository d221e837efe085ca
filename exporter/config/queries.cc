// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "exporter/config/metric_name.h"
#include "exporter/config/nearest.h"
#include "exporter/config/plain_text.h"

namespace pgrepl::config {
namespace {

// Each may take half of a pulse's deadline, and runs alone: more would take too many pulses' time.
constexpr std::size_t kMostQueries = 100;
constexpr int kMostSeries = 1000;
constexpr std::size_t kMostLabels = 10;
constexpr int kOldestMajor = 12;
constexpr int kNewestMajor = 99;
// Longer than a connection may live it could not be: all run anew on a new one.
constexpr DurationRange kIntervalRange{5s, 1h};

struct QueryEntry {
  Query query;
  QueryStatement statement;  ///< the only one, beside no `statements`
  std::optional<Value> statements;
  std::optional<Value> clusters;
  std::optional<Value> labels;
  std::optional<Value> metrics;
};

struct MetricEntry {
  QueryMetric metric;
  YAML::Mark name_mark;
};

void FailIf(const YAML::Mark& mark, const std::string& wrong) {
  if (!wrong.empty()) Fail(mark, wrong);
}

std::string CheckQueryName(std::string_view name) {
  if (CheckColumnName(name).empty()) return "";
  return fmt::format(
      "query {} is no name; write up to 63 lower case letters, digits and underscores",
      Quoted(name));
}

std::string ReadSql(const Value& value) {
  std::string sql = Text(value);
  sql.erase(sql.find_last_not_of("; \t\r\n") + 1);
  if (sql.empty()) Fail(value.node.Mark(), "sql is empty; write a SELECT");
  return sql;
}

QueryRole ReadRole(const Value& value) {
  constexpr std::string_view kRoles[] = {"primary", "standby"};
  constexpr QueryRole kValues[] = {QueryRole::kPrimary, QueryRole::kStandby};
  const std::string role = Text(value);
  for (std::size_t i = 0; i < std::size(kRoles); ++i) {
    if (role == kRoles[i]) return kValues[i];
  }
  Fail(value.node.Mark(), Unknown("role", role, kRoles));
}

// What says which servers a statement is for stands beside its SQL, in the query or in an item of
// its `statements`.

QueryStatement& StatementIn(QueryStatement& statement) { return statement; }
QueryStatement& StatementIn(QueryEntry& entry) { return entry.statement; }

template <typename T>
constexpr Key<T> kSql = {
    "sql", [](const Value& value, T& into) { StatementIn(into).sql = ReadSql(value); }};
template <typename T>
constexpr Key<T> kRole = {
    "role", [](const Value& value, T& into) { StatementIn(into).role = ReadRole(value); }};
template <typename T>
constexpr Key<T> kMinVersion = {"min_version", [](const Value& value, T& into) {
                                  StatementIn(into).min_version =
                                      CountBetween(value, kOldestMajor, kNewestMajor);
                                }};
template <typename T>
constexpr Key<T> kMaxVersion = {"max_version", [](const Value& value, T& into) {
                                  StatementIn(into).max_version =
                                      CountBetween(value, kOldestMajor, kNewestMajor);
                                }};

constexpr Key<QueryStatement> kStatementKeys[] = {kSql<QueryStatement>, kRole<QueryStatement>,
                                                  kMinVersion<QueryStatement>,
                                                  kMaxVersion<QueryStatement>};

constexpr Key<QueryEntry> kQueryKeys[] = {
    {"name",
     [](const Value& value, QueryEntry& entry) {
       entry.query.name = Text(value);
       FailIf(value.node.Mark(), CheckQueryName(entry.query.name));
     }},
    kSql<QueryEntry>,
    kRole<QueryEntry>,
    kMinVersion<QueryEntry>,
    kMaxVersion<QueryEntry>,
    {"statements", [](const Value& value, QueryEntry& entry) { entry.statements.emplace(value); }},
    {"interval", [](const Value& value,
                    QueryEntry& entry) { entry.query.interval = Interval(value, kIntervalRange); }},
    {"max_series",
     [](const Value& value, QueryEntry& entry) {
       entry.query.max_series = CountBetween(value, 1, kMostSeries);
     }},
    {"clusters", [](const Value& value, QueryEntry& entry) { entry.clusters.emplace(value); }},
    {"labels", [](const Value& value, QueryEntry& entry) { entry.labels.emplace(value); }},
    {"metrics", [](const Value& value, QueryEntry& entry) { entry.metrics.emplace(value); }},
};

bool ReadType(const Value& value) {
  constexpr std::string_view kTypes[] = {"gauge", "counter"};
  const std::string type = Text(value);
  if (type != kTypes[0] && type != kTypes[1]) {
    Fail(value.node.Mark(), Unknown("type", type, kTypes));
  }
  return type == kTypes[1];
}

std::string ReadHelp(const Value& value) {
  std::string help = Text(value);
  help.erase(help.find_last_not_of(" \n") + 1);
  if (help.empty() || HasControlCharacter(help)) {
    Fail(value.node.Mark(), "help must be one sentence on one line");
  }
  return help;
}

constexpr Key<MetricEntry> kMetricKeys[] = {
    {"name",
     [](const Value& value, MetricEntry& entry) {
       entry.metric.name = Text(value);
       entry.name_mark = value.node.Mark();
     }},
    {"column",
     [](const Value& value, MetricEntry& entry) {
       entry.metric.column = Text(value);
       FailIf(value.node.Mark(), CheckColumnName(entry.metric.column));
     }},
    {"type",
     [](const Value& value, MetricEntry& entry) { entry.metric.is_counter = ReadType(value); }},
    {"help", [](const Value& value, MetricEntry& entry) { entry.metric.help = ReadHelp(value); }},
};

class QueryReader {
 public:
  QueryReader(const Surroundings& surroundings) : given_(surroundings) {}

  std::vector<Query> Read(const Value& value) {
    const std::vector<YAML::Node> items = Items(value);
    if (items.size() > kMostQueries) {
      Fail(value.node.Mark(),
           fmt::format("more than {} queries; put several columns into one", kMostQueries));
    }
    std::vector<Query> queries;
    for (const YAML::Node& node : items) queries.push_back(ReadQuery(node));
    return queries;
  }

 private:
  Query ReadQuery(const YAML::Node& node) {
    QueryEntry entry;
    entry.query.interval = given_.interval;
    ReadMap(node, "query", kQueryKeys, entry);
    Query& query = entry.query;
    CheckName(query.name, node.Mark());
    query.statements = ReadStatements(entry, node.Mark());
    if (entry.clusters) query.clusters = ReadClusters(*entry.clusters);
    if (entry.labels) query.labels = ReadLabels(*entry.labels);
    if (!entry.metrics) {
      Fail(node.Mark(), fmt::format("query {} has no metrics; list one at least under 'metrics:'",
                                    Quoted(query.name)));
    }
    for (const YAML::Node& metric : Items(*entry.metrics)) {
      query.metrics.push_back(ReadMetric(metric));
    }
    if (static_cast<int>(query.metrics.size()) > query.max_series) {
      Fail(node.Mark(), fmt::format("query {} may have {} series, but one row makes {}; raise "
                                    "max_series",
                                    Quoted(query.name), query.max_series, query.metrics.size()));
    }
    return std::move(entry.query);
  }

  void CheckName(const std::string& name, const YAML::Mark& mark) {
    if (name.empty()) Fail(mark, "the query has no name; add 'name: ...'");
    const auto taken = given_.collector_names;
    if (std::find(taken.begin(), taken.end(), name) != taken.end()) {
      Fail(mark, fmt::format("query {} is called like a collector of the exporter; choose another "
                             "name",
                             Quoted(name)));
    }
    names_.Add("query", name, mark);
  }

  static std::vector<QueryStatement> ReadStatements(const QueryEntry& entry,
                                                    const YAML::Mark& mark) {
    const QueryStatement& own = entry.statement;
    std::vector<QueryStatement> statements;
    if (!entry.statements) {
      statements.push_back(
          CheckStatement(own, fmt::format("query {}", Quoted(entry.query.name)), mark));
      return statements;
    }
    if (!own.sql.empty() || own.role != QueryRole::kAny || own.min_version || own.max_version) {
      Fail(mark,
           fmt::format("query {} has statements; put sql, role and versions into each of them",
                       Quoted(entry.query.name)));
    }
    for (const YAML::Node& node : Items(*entry.statements)) {
      QueryStatement statement;
      ReadMap(node, "statement", kStatementKeys, statement);
      statements.push_back(CheckStatement(std::move(statement), "the statement", node.Mark()));
    }
    return statements;
  }

  static QueryStatement CheckStatement(QueryStatement statement, const std::string& what,
                                       const YAML::Mark& mark) {
    if (statement.sql.empty()) {
      Fail(mark, fmt::format("{} has no sql; add 'sql: SELECT ...'", what));
    }
    if (statement.min_version.value_or(0) > statement.max_version.value_or(kNewestMajor)) {
      Fail(mark, fmt::format("{} has min_version {} above max_version {}; swap them", what,
                             *statement.min_version, *statement.max_version));
    }
    return statement;
  }

  [[nodiscard]] std::vector<std::string> ReadClusters(const Value& value) const {
    std::vector<std::string_view> known;
    for (const Cluster& cluster : given_.clusters) known.push_back(cluster.name);
    std::vector<std::string> clusters;
    for (const YAML::Node& node : Items(value)) {
      clusters.push_back(Text({"a cluster", node}));
      if (std::find(known.begin(), known.end(), clusters.back()) == known.end()) {
        Fail(node.Mark(), Unknown("cluster", clusters.back(), known));
      }
    }
    return clusters;
  }

  static std::vector<std::string> ReadLabels(const Value& value) {
    const std::vector<YAML::Node> items = Items(value);
    if (items.size() > kMostLabels) {
      Fail(value.node.Mark(),
           fmt::format("more than {} labels; choose those that tell rows apart", kMostLabels));
    }
    std::vector<std::string> labels;
    Siblings names;
    for (const YAML::Node& node : items) {
      labels.push_back(Text({"a label", node}));
      FailIf(node.Mark(), CheckLabelName(labels.back()));
      names.Add("label", labels.back(), node.Mark());
    }
    return labels;
  }

  QueryMetric ReadMetric(const YAML::Node& node) {
    MetricEntry entry;
    ReadMap(node, "metric", kMetricKeys, entry);
    QueryMetric& metric = entry.metric;
    if (metric.name.empty()) Fail(node.Mark(), "the metric has no name; add 'name: ...'");
    FailIf(entry.name_mark, CheckMetricName(metric.name, metric.is_counter));
    CheckFamily(metric.name, entry.name_mark);
    if (metric.help.empty()) {
      Fail(node.Mark(), fmt::format("metric {} has no help; add 'help: ...', a sentence that says "
                                    "what it is",
                                    Quoted(metric.name)));
    }
    if (metric.column.empty()) {
      FailIf(entry.name_mark, CheckColumnName(metric.name));
      metric.column = metric.name;
    }
    return std::move(entry.metric);
  }

  void CheckFamily(const std::string& name, const YAML::Mark& mark) {
    const auto [first, is_new] =
        families_.emplace(FamilyName(name), std::pair(name, mark.line + 1));
    if (is_new) return;
    const auto& [other, line] = first->second;
    if (name == other) {
      Fail(mark, fmt::format("metric {} comes twice; the first is on line {}", Quoted(name), line));
    }
    Fail(mark, fmt::format("metric {} and {} on line {} are one family; rename one of them",
                           Quoted(name), Quoted(other), line));
  }

  const Surroundings& given_;
  Siblings names_;
  std::map<std::string, std::pair<std::string, int>, std::less<>> families_;  ///< name and line
};

}  // namespace

std::vector<Query> ReadQueries(const Value& value, const Surroundings& surroundings) {
  return QueryReader(surroundings).Read(value);
}

}  // namespace pgrepl::config
