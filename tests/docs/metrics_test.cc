// docs/metrics.md is what the collectors say of themselves. With PGREPL_WRITE_DOCS in the
// environment it is written instead (make docs).
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>
#include <vector>

#include "collectors/registry.h"
#include "exporter/metrics/self_metrics.h"

namespace pgrepl {
namespace {

constexpr int kMajors[] = {12, 13, 14, 15, 16, 17, 18};
constexpr const char* kFile = PGREPL_SOURCE_DIR "/docs/metrics.md";

constexpr std::string_view kHead = R"(# Metrics

Generated from the collectors by `make docs`; do not edit.

Series have the labels `pg_cluster` and `server`, those of a cluster only `pg_cluster`, and the
labels of the table. Units are base units. A state is a series for each state there is, 1 for the
one that holds. *On* says where a family is, if not wherever its collector runs, and from which
major on. Where a server says NULL there is no sample.

What is hidden from the exporter's role is never a 0: its collector's `pgrepl_collector_success` is
0, `pgrepl_collectors_failed{reason="insufficient_privilege"}` counts it, `pgrepl_privileges_ok` is
0, and the log has the GRANT.

A server that lacks a column, a function or a view that its version should have is asked as an older
one would be: what only the newer statement reads is absent then, and the log says so.

)";

constexpr std::string_view kTableHead =
    "| metric | type | labels | unit | on | meaning | source |\n"
    "| --- | --- | --- | --- | --- | --- | --- |\n";

std::string_view CadenceOf(const Collector& collector) {
  switch (collector.cadence) {
    case Cadence::kPulse:
      return "with every pulse (`timing.pulse_interval`, 1 s)";
    case Cadence::kNormal:
      return "every `timing.interval` (10 s)";
    case Cadence::kSlow:
      return "every `timing.slow_interval` (60 s), alone between two pulses";
  }
  return "";
}

// "PostgreSQL 13-18": the majors for which there is a statement; empty: none.
std::string MajorsOf(const Collector& collector, Role role) {
  std::vector<int> majors;
  for (const int major : kMajors) {
    if (Choose(collector.statements, PgVersion(major), role) != nullptr) majors.push_back(major);
  }
  if (majors.empty()) return "";
  return fmt::format("PostgreSQL {}-{}", majors.front(), majors.back());
}

std::string RolesOf(const Collector& collector) {
  const std::string primary = MajorsOf(collector, Role::kPrimary);
  const std::string standby = MajorsOf(collector, Role::kStandby);
  if (primary == standby) return "primaries and standbys, " + primary;
  if (primary.empty()) return "standbys, " + standby;
  if (standby.empty()) return "primaries, " + primary;
  return fmt::format("primaries, {}; standbys, {}", primary, standby);
}

// The majors from which on another statement asks for more.
std::string VariantsOf(const Collector& collector) {
  std::vector<int> majors;
  for (const Statement& statement : collector.statements) {
    if (statement.min_version > 0) majors.push_back(statement.min_version / 10000);
  }
  std::sort(majors.begin(), majors.end());
  majors.erase(std::unique(majors.begin(), majors.end()), majors.end());
  return majors.empty()
             ? ""
             : fmt::format(" (statements of their own from {})", fmt::join(majors, ", "));
}

std::string Capitalised(std::string text) {
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

// How it is read.
std::string IntroductionOf(const Collector& collector) {
  const std::string what = Capitalised(std::string(collector.help));
  if (collector.statements.empty()) {
    return fmt::format("{}. Computed for each page from what the other collectors read.\n", what);
  }
  return fmt::format("{}.\n\n- read {}\n- on {}{}\n- privilege: {}\n", what, CadenceOf(collector),
                     RolesOf(collector), VariantsOf(collector),
                     collector.privilege.empty() ? "none" : collector.privilege);
}

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

struct Meaning {
  std::string text;
  std::string source;
};

// HELP, taken apart at its last bracket: that names the source.
Meaning MeaningOf(std::string_view help) {
  std::size_t begin = help.npos, end = help.npos;
  int depth = 0;
  for (std::size_t i = 0; i < help.size(); ++i) {
    if (help[i] == '(' && depth++ == 0 && i > 0 && help[i - 1] == ' ') begin = i;
    if (help[i] == ')' && --depth == 0 && begin != help.npos) end = std::max(i, begin);
  }
  if (begin == help.npos || end == help.npos || end < begin) return {std::string(help), ""};
  Meaning meaning{std::string(help.substr(0, begin - 1)),
                  std::string(help.substr(begin + 1, end - begin - 1))};
  meaning.text += help.substr(end + 1);
  return meaning;
}

std::string_view UnitOf(std::string_view name) {
  if (name.ends_with("_total")) name.remove_suffix(std::string_view("_total").size());
  if (name.ends_with("_timestamp_seconds")) return "seconds since 1970";
  if (name.ends_with("_seconds")) return "seconds";
  return name.ends_with("_bytes") ? "bytes" : "";
}

std::string LabelsOf(const Family& family) {
  std::string labels;
  for (const std::string_view label : family.labels) {
    labels += fmt::format("{}`{}`", labels.empty() ? "" : ", ", label);
  }
  if (family.scope == Scope::kCluster) {
    labels = labels.empty() ? "of a cluster" : labels + ", of a cluster";
  }
  return labels;
}

// "standbys, 17+": HELP says "17 and later" of what only some of the statements read.
std::string WhereOf(const Family& family) {
  std::string where(family.on);
  std::cmatch major;
  if (std::regex_search(family.help.begin(), family.help.end(), major,
                        std::regex("\\b(1[3-8]) and later"))) {
    where += (where.empty() ? "" : ", ") + major.str(1) + "+";
  }
  return where;
}

std::string RowOf(const Family& family) {
  const Meaning meaning = MeaningOf(family.help);
  return fmt::format("| `{}` | {} | {} | {} | {} | {} | {} |\n", family.name.view(),
                     family.type == MetricType::kCounter ? "counter" : "gauge", LabelsOf(family),
                     UnitOf(family.name.view()), WhereOf(family), Escaped(meaning.text),
                     Escaped(meaning.source));
}

struct OwnFamily {
  std::string help, type, labels;
};

std::string LabelNamesIn(const std::string& labels) {
  static const std::regex kName(R"re((\w+)=")re");
  std::string names;
  for (std::sregex_iterator found(labels.begin(), labels.end(), kName), end; found != end;
       ++found) {
    names += (names.empty() ? "`" : ", `") + (*found)[1].str() + "`";
  }
  return names;
}

// The exporter's own families, as its page has them. Of a histogram the samples have longer names.
std::map<std::string, OwnFamily> OwnFamilies() {
  std::map<std::string, OwnFamily> families;
  SelfMetrics self("");
  self.Watches({""}, "");
  self.Discovered("", true, 0);
  self.WebConfigLoaded(true);
  std::istringstream page(self.Render(TextFormat::kPrometheus));
  std::string name;
  for (std::string line; std::getline(page, line);) {
    std::istringstream words(line);
    std::string hash, kind, rest;
    if (line.starts_with("# ")) {
      words >> hash >> kind >> name;
      std::getline(words >> std::ws, rest);
      (kind == "HELP" ? families[name].help : families[name].type) = rest;
    } else if (const auto at = line.find('{'); at != line.npos) {
      families[name].labels = LabelNamesIn(line.substr(at));
    }
  }
  return families;
}

std::string Reference() {
  std::string text(kHead);
  for (const Collector* collector : Collectors()) {
    text += fmt::format("- [{0}](#{0}): {1}\n", collector->name, collector->help);
  }
  text += "- [exporter](#exporter): the exporter itself\n";
  for (const Collector* collector : Collectors()) {
    text +=
        fmt::format("\n## {}\n\n{}\n{}", collector->name, IntroductionOf(*collector), kTableHead);
    for (const Family* family : collector->families) text += RowOf(*family);
  }
  text += fmt::format(
      "\n## exporter\n\nThe exporter itself; no `server`, and no `pg_cluster` but where it is "
      "named.\n\n{}",
      kTableHead);
  for (const auto& [name, family] : OwnFamilies()) {
    text += fmt::format("| `{}` | {} | {} | {} |  | {} |  |\n", name, family.type, family.labels,
                        UnitOf(name), family.help);
  }
  return text;
}

TEST(MetricsReferenceTest, IsWhatTheCollectorsSay) {
  if (std::getenv("PGREPL_WRITE_DOCS") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    std::ofstream(kFile) << Reference();
    return;
  }
  std::ifstream file(kFile);
  const std::string written{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(written, Reference()) << "docs/metrics.md is not current: make docs";
}

// Whatever else stands in brackets, the last ones name a column, a function or a setting.
TEST(MetricsReferenceTest, SourcesAreNames) {
  for (const Collector* collector : Collectors()) {
    for (const Family* family : collector->families) {
      const std::string source = MeaningOf(family->help).source;
      EXPECT_TRUE(source.empty() || source.find('_') != source.npos || source.starts_with("config"))
          << family->name.view() << ": " << source;
    }
  }
}

TEST(MetricsReferenceTest, SourceIsTheLastBracketOfHelp) {
  const Meaning meaning = MeaningOf("Size (apparent) of it (pg_ls_waldir().size); grows on.");
  EXPECT_EQ(meaning.text, "Size (apparent) of it; grows on.");
  EXPECT_EQ(meaning.source, "pg_ls_waldir().size");
  EXPECT_EQ(MeaningOf("Told by pg_is_in_recovery() alone.").source, "");
  EXPECT_EQ(MeaningOf("No bracket.").text, "No bracket.");
}

}  // namespace
}  // namespace pgrepl
