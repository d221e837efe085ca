// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <utility>
#include <vector>

#include "exporter/report/cluster_json.h"
#include "exporter/report/findings.h"
#include "exporter/report/purpose_findings.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

struct Checked {
  const ClusterView* cluster;
  Findings findings;
};

std::vector<Checked> CheckAll(const Clusters& clusters, config::CheckFor purpose) {
  std::vector<Checked> checked;
  for (const ClusterView* cluster : clusters) {
    Checked& one = checked.emplace_back(Checked{cluster, FindingsOf(*cluster)});
    AddFor(purpose, *cluster, one.findings);
    SortByWeight(one.findings);
  }
  return checked;
}

Severity WorstOf(const std::vector<Checked>& checked) {
  Findings worst;
  for (const Checked& one : checked) worst.push_back({.severity = WorstOf(one.findings)});
  if (worst.empty()) return Severity::kUnknown;
  return WorstOf(worst);
}

std::string_view Name(Severity severity) { return kSeverities[static_cast<std::size_t>(severity)]; }

std::string Upper(std::string_view word) {
  std::string out(word);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

// "2 critical, 1 warning"
std::string Counts(const Findings& findings) {
  std::string out;
  for (const Severity severity : {Severity::kCritical, Severity::kWarning, Severity::kUnknown}) {
    const auto count = std::count_if(findings.begin(), findings.end(),
                                     [&](const Finding& one) { return one.severity == severity; });
    if (count > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", count, Name(severity));
  }
  return out.empty() ? "nothing is wrong" : out;
}

// Nagios takes what follows a '|' for figures.
std::string WithoutBars(std::string text) {
  std::replace(text.begin(), text.end(), '|', '/');
  return text;
}

std::string Headline(const std::vector<Checked>& checked) {
  std::string out = Upper(Name(WorstOf(checked)));
  const char* before = " - ";
  for (const Checked& one : checked) {
    out += fmt::format("{}{}: {}", before, Plain(one.cluster->name), Counts(one.findings));
    before = "; ";
  }
  return WithoutBars(out + (checked.empty() ? " - no cluster is watched" : "")) + "\n";
}

void AppendFinding(const Finding& one, std::string& out) {
  const std::string_view word = one.severity == Severity::kOk ? "note" : Name(one.severity);
  out += fmt::format("\n{:8}  {}{} [{}]\n", word, one.server.empty() ? "" : one.server + ": ",
                     one.what, one.id);
  AppendWrapped(one.why, "          ", out);
  if (!one.mend.empty()) AppendWrapped(one.mend, "       -> ", out);
}

std::string Text(const std::vector<Checked>& checked) {
  std::string out = Headline(checked);
  for (const Checked& one : checked) {
    if (checked.size() > 1 && !one.findings.empty()) out += "\n" + Plain(one.cluster->name) + "\n";
    for (const Finding& finding : one.findings) AppendFinding(finding, out);
  }
  return out;
}

Json FindingJson(const Finding& one) {
  return {{"severity", Name(one.severity)},
          {"id", one.id},
          {"server", TextOrNull(one.server)},
          {"what", one.what},
          {"why", one.why},
          {"mend", TextOrNull(one.mend)}};
}

Json ClusterOf(const Checked& one) {
  Json findings = Json::array();
  for (const Finding& finding : one.findings) findings.push_back(FindingJson(finding));
  return {{"name", one.cluster->name},
          {"severity", Name(WorstOf(one.findings))},
          {"findings", std::move(findings)}};
}

std::string JsonText(const std::vector<Checked>& checked, config::CheckFor purpose) {
  Json clusters = Json::array();
  for (const Checked& one : checked) clusters.push_back(ClusterOf(one));
  return Dump({{"severity", Name(WorstOf(checked))},
               {"for", TextOrNull(config::kCheckFor[static_cast<std::size_t>(purpose)])},
               {"clusters", std::move(clusters)}},
              2);
}

}  // namespace

std::string Check(const Clusters& clusters, config::CheckFor purpose, config::ReportFormat format) {
  const std::vector<Checked> checked = CheckAll(clusters, purpose);
  return format == config::ReportFormat::kJson ? JsonText(checked, purpose) : Text(checked);
}

Severity SeverityOf(std::string_view report) {
  for (std::size_t i = 0; i < std::size(kSeverities); ++i) {
    const std::string json = fmt::format("{{\n  \"severity\": \"{}\"", kSeverities[i]);
    if (report.starts_with(Upper(kSeverities[i]) + " - ") || report.starts_with(json)) {
      return static_cast<Severity>(i);
    }
  }
  return Severity::kUnknown;
}

}  // namespace pgrepl::report
