// SQL of the user's own as a collector. Whatever it answers, the page stays sound: what can't be a
// sample costs the query all of its own.
// Source: the configuration. Privilege: whatever the SQL needs.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/query.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pgrepl {
namespace {

class QueryCollector : public Collector {
 public:
  explicit QueryCollector(config::Query query);
  QueryCollector(const QueryCollector&) = delete;
  QueryCollector& operator=(const QueryCollector&) = delete;

  [[nodiscard]] const std::vector<config::QueryMetric>& metrics() const { return query_.metrics; }
  [[nodiscard]] int labels() const { return static_cast<int>(label_names_.size()); }
  [[nodiscard]] const Family& FamilyOf(std::size_t metric) const { return families_[metric]; }
  [[nodiscard]] int most_rows() const {
    return query_.max_series / static_cast<int>(query_.metrics.size());
  }
  [[nodiscard]] int max_series() const { return query_.max_series; }

 private:
  [[nodiscard]] std::string Columns() const;
  void AddStatement(const config::QueryStatement& said, const std::string& columns);

  // What the Collector's spans and views point into.
  const config::Query query_;
  std::vector<std::string_view> label_names_;
  std::vector<Family> families_;
  std::vector<const Family*> family_pointers_;
  std::vector<std::unique_ptr<const std::string>> sql_;
  std::vector<Statement> statements_;
};

struct QueryFact {
  struct Row {
    std::vector<std::string> labels;
    std::vector<std::optional<double>> values;  ///< by metric
  };
  const QueryCollector* query;
  std::vector<Row> rows;
};

Result<std::optional<double>> ValueOf(const Row& row, int column,
                                      const config::QueryMetric& metric) {
  const auto text = row.Text(column);
  if (!text) return std::optional<double>();
  if (*text == "true" || *text == "false") return std::optional<double>(*text == "true" ? 1 : 0);
  const auto number = row.Number(column);
  // Neither message tells the value: one that says something else each time would fill the log.
  if (!number) {
    return Error{
        fmt::format("column {} is no finite number", metric.column), "",
        "Select numbers or booleans: extract(epoch FROM ...) of times, NULL for what is not "
        "known."};
  }
  if (metric.is_counter && *number < 0) {
    return Error{fmt::format("column {} is negative, which a counter can't be", metric.column), "",
                 "Make it a gauge."};
  }
  return number;
}

Result<QueryFact::Row> DecodeRow(const QueryCollector& query, const Row& row) {
  QueryFact::Row decoded;
  for (int i = 0; i < query.labels(); ++i) decoded.labels.push_back(row.Name(i));
  for (std::size_t i = 0; i < query.metrics().size(); ++i) {
    auto value = ValueOf(row, query.labels() + static_cast<int>(i), query.metrics()[i]);
    if (!value) return value.error();
    decoded.values.push_back(*value);
  }
  return decoded;
}

Result<FactPtr> Decode(const Collector& self, const Rows& rows) {
  const auto& query = static_cast<const QueryCollector&>(self);
  if (rows.size() > query.most_rows()) {
    return Error{fmt::format("more than {} series", query.max_series()), "",
                 "Group or limit the rows, or raise max_series."};
  }
  QueryFact fact{.query = &query, .rows = {}};
  std::set<std::vector<std::string>> seen;
  for (int i = 0; i < rows.size(); ++i) {
    Result<QueryFact::Row> row = DecodeRow(query, rows[i]);
    if (!row) return row.error();
    if (!seen.insert(row->labels).second) {
      return Error{"two rows have the same labels", "",
                   query.labels() == 0 ? "Without labels there can be one row only: aggregate, or "
                                         "name the columns under 'labels:' that tell rows apart."
                                       : "GROUP BY the labels, or add the column that tells the "
                                         "rows apart."};
    }
    fact.rows.push_back(std::move(*row));
  }
  return FactPtr(std::make_shared<const QueryFact>(std::move(fact)));
}

void Emit(const QueryFact& fact, Samples& samples) {
  for (const QueryFact::Row& row : fact.rows) {
    const std::vector<std::string_view> labels(row.labels.begin(), row.labels.end());
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      if (row.values[i]) samples.Add(fact.query->FamilyOf(i), *row.values[i], labels);
    }
  }
}

std::string_view HintFor(std::string_view sqlstate) {
  if (sqlstate == "42P01" || sqlstate == "42883" || sqlstate == "3F000") {
    return "Name its schema (only pg_catalog is searched); it must be in the database that the "
           "server's conninfo names.";
  }
  if (sqlstate == "42703") {
    return "The SQL must give every column that labels and metrics name; write AS in it.";
  }
  if (sqlstate == "42501") {
    return "GRANT SELECT ON the table (and USAGE ON its schema) TO the exporter's role.";
  }
  if (sqlstate == "57014") {
    return "A query may take three quarters of timing.pulse_interval; make it cheaper.";
  }
  if (sqlstate == "55P03") {
    return "Another session has locked the table for longer than a query waits.";
  }
  if (sqlstate == "40001") {
    return "Replay needed what it read; make it cheaper, or give it role: primary.";
  }
  if (sqlstate == "25006") return "Queries can only read.";
  if (sqlstate.starts_with("42") || sqlstate == "0A000") {
    return "It must be one SELECT that can stand in brackets after FROM.";
  }
  return {};
}

// By name, as much as a label or a number can be, and one row more than may be: nothing that the SQL
// gives besides reaches us.
std::string QueryCollector::Columns() const {
  constexpr int kLongestLabel = 256;   // as LabelText
  constexpr int kLongestNumber = 400;  // digits of the largest double, and a fraction
  std::string columns;
  const auto add = [&columns](std::string_view column, int characters) {
    columns += fmt::format("{}left(query.\"{}\"::text, {})", columns.empty() ? "" : ", ", column,
                           characters);
  };
  for (const std::string& label : query_.labels) add(label, kLongestLabel);
  for (const config::QueryMetric& metric : query_.metrics) add(metric.column, kLongestNumber);
  return columns;
}

void QueryCollector::AddStatement(const config::QueryStatement& said, const std::string& columns) {
  // The line break ends a comment that the SQL may end with.
  sql_.push_back(std::make_unique<const std::string>(fmt::format(
      "SELECT {}\n  FROM (\n{}\n) AS query\n LIMIT {}", columns, said.sql, most_rows() + 1)));
  Statement statement{.sql = *sql_.back()};
  if (said.min_version) statement.min_version = PgVersion(*said.min_version);
  if (said.max_version) statement.max_version = PgVersion(*said.max_version + 1) - 1;
  if (said.role == config::QueryRole::kPrimary) statement.role = Role::kPrimary;
  if (said.role == config::QueryRole::kStandby) statement.role = Role::kStandby;
  statements_.push_back(statement);
}

QueryCollector::QueryCollector(config::Query query)
    : query_(std::move(query)), label_names_(query_.labels.begin(), query_.labels.end()) {
  families_.reserve(query_.metrics.size());
  for (const config::QueryMetric& metric : query_.metrics) {
    families_.push_back({.name = MetricName::Configured(metric.name),
                         .type = metric.is_counter ? MetricType::kCounter : MetricType::kGauge,
                         .help = metric.help,
                         .labels = label_names_});
    family_pointers_.push_back(&families_.back());
  }
  const std::string columns = Columns();
  for (const config::QueryStatement& said : query_.statements) AddStatement(said, columns);
  name = query_.name;
  help = "a query of the configuration";
  cadence = Cadence::kSlow;
  families = family_pointers_;
  Collector::statements = statements_;
  interval = query_.interval;
  is_foreign = true;
  hint = HintFor;
  decode = Decode;
  emit = EmitFact<QueryFact, Emit>;
}

}  // namespace

std::shared_ptr<const Collector> MakeCollector(const config::Query& query) {
  return std::make_shared<const QueryCollector>(query);
}

}  // namespace pgrepl
