// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/statements.h"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "exporter/collect/server_session.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

constexpr std::string_view kSession =
    R"(-- Each session begins with these options, so that nothing is written and nothing waits for long:
--   search_path=pg_catalog, default_transaction_read_only=on, statement_timeout, lock_timeout,
--   jit=off, max_parallel_workers_per_gather=0
-- Statements are prepared, once on each connection. Before each round:
)";

constexpr int kOldest = 12, kNewest = 18;  // that we know

bool RunsOn(std::span<const Statement> all, const Statement& statement, int major) {
  for (const Role role : {Role::kPrimary, Role::kStandby}) {
    if (Choose(all, PgVersion(major), role) == &statement) return true;
  }
  return false;
}

// By what is chosen, not by what is written: a newer one that fits comes first.
std::string Versions(std::span<const Statement> all, const Statement& statement) {
  int first = 0, last = 0;
  for (int major = kOldest; major <= kNewest; ++major) {
    if (!RunsOn(all, statement, major)) continue;
    first = first == 0 ? major : first;
    last = major;
  }
  if (first == 0) return "where a newer one is not understood";
  if (last == kNewest) {
    return first == kOldest ? "all versions" : fmt::format("{} and later", first);
  }
  return first == last ? fmt::format("{}", first) : fmt::format("{} to {}", first, last);
}

std::string_view Servers(const Statement& statement) {
  if (!statement.role) return "primary and standbys";
  return *statement.role == Role::kPrimary ? "primary" : "standbys";
}

std::string_view Trim(std::string_view sql) {
  const auto begin = sql.find_first_not_of('\n'), end = sql.find_last_not_of(" \n;");
  return begin == sql.npos ? "" : sql.substr(begin, end - begin + 1);
}

void AppendStatement(const Collector& collector, const Statement& statement, std::string& out) {
  out += fmt::format("\n-- {}: {}, {}{}\n", collector.name,
                     Versions(collector.statements, statement), Servers(statement),
                     collector.needs == Needs::kArchiveDirectory
                         ? "; $1: archive_directory, where the configuration has one"
                         : "");
  if (!statement.permission.empty()) {
    out.append("-- asked before it, whether the role may:\n").append(Trim(statement.permission));
    out += ";\n";
  }
  if (collector.is_foreign) out += "-- the configuration's own query\nBEGIN READ ONLY;\n";
  out.append(Trim(statement.sql)).append(";\n");
  if (collector.is_foreign) out += "ROLLBACK;\n";
}

}  // namespace

std::string StatementsText(const CollectorSet& collectors) {
  std::string out = fmt::format("{}{};\n", kSession, kRoleSql);
  for (std::size_t i = 0; i < collectors.size(); ++i) {
    const Collector& collector = collectors[i];
    if (!collectors.IsOn(i) || collector.statements.empty()) continue;
    out += fmt::format("\n-- {}: {}\n", collector.name, Plain(collector.help));
    if (!collector.privilege.empty()) out += fmt::format("-- needs {}\n", collector.privilege);
    for (const Statement& statement : collector.statements) {
      AppendStatement(collector, statement, out);
    }
  }
  return out;
}

}  // namespace pgrepl::report
