// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/screen.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <string_view>
#include <utility>

#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

using terminal::Line;
using terminal::Span;
using terminal::Style;

// Block elements, from one eighth to full.
constexpr std::array<const char*, 8> kBars = {"\u2581", "\u2582", "\u2583", "\u2584",
                                              "\u2585", "\u2586", "\u2587", "\u2588"};
constexpr std::array<const char*, 8> kAsciiBars = {"_", ".", ":", "-", "=", "+", "*", "#"};

// Widths of the columns of servers; the sparkline takes what is left.
struct Columns {
  std::size_t server = 6, role = 7, state = 5, link = 4, sync = 4, lag = 3, cause = 5;
};

std::string LagText(const PicturedServer& server) {
  if (!server.lag) return "";
  const PicturedLag& lag = *server.lag;
  const char* prefix = lag.known                 ? ""
                       : lag.bound == "at_least" ? ">= "
                       : lag.bound == "at_most"  ? "<= "
                                                 : "~ ";
  return prefix + SayDuration(std::round(lag.seconds * 10) / 10);
}

std::string CauseText(const PicturedServer& server) { return server.lag ? server.lag->cause : ""; }

// Standbys come below their upstream, in the order of the tree.
std::string TreeText(const PicturedCluster& cluster, const PicturedServer& server) {
  if (server.depth == 0) return server.name;
  const auto& all = cluster.servers;
  const auto after = all.begin() + (&server - all.data()) + 1;
  const bool last = std::none_of(
      after, all.end(), [&](const PicturedServer& one) { return one.upstream == server.upstream; });
  return std::string(static_cast<std::size_t>(server.depth - 1) * 3, ' ') + (last ? "`- " : "|- ") +
         server.name;
}

Style LagStyle(const PicturedServer& server) {
  if (!server.lag) return Style::kPlain;
  if (server.lag->seconds > server.lag->threshold) return Style::kCritical;
  return server.lag->cause.empty() && server.lag->known ? Style::kGood : Style::kWarning;
}

Style StateStyle(const PicturedServer& server) {
  if (server.state == "up") return Style::kGood;
  return server.state.starts_with("down") ? Style::kCritical : Style::kDim;
}

Style LinkStyle(const PicturedServer& server) {
  return server.link == "not connected" ? Style::kCritical : Style::kPlain;
}

Columns ColumnsOf(const PicturedCluster& cluster) {
  Columns widths;
  const auto widen = [](std::size_t& width, const std::string& text) {
    width = std::max(width, text.size());
  };
  for (const PicturedServer& server : cluster.servers) {
    widen(widths.server, TreeText(cluster, server));
    widen(widths.role, server.role);
    widen(widths.state, server.state);
    widen(widths.link, server.link);
    widen(widths.sync, server.sync_state);
    widen(widths.lag, LagText(server));
    widen(widths.cause, CauseText(server));
  }
  return widths;
}

Span Cell(std::string_view text, std::size_t width, Style style = Style::kPlain) {
  return {fmt::format("{:<{}}  ", text, width), style};
}

// The last of them that there is room for, each against the largest of these.
std::string Sparkline(const std::vector<double>& trail, std::size_t room, bool unicode) {
  const std::size_t count = std::min(room, trail.size());
  const auto begin = trail.end() - static_cast<std::ptrdiff_t>(count);
  // Below a second it is the noise of pulses, and drawn flat.
  const double top = std::max(1.0, count == 0 ? 0 : *std::max_element(begin, trail.end()));
  std::string out;
  for (auto at = begin; at != trail.end(); ++at) {
    const auto level = static_cast<std::size_t>(std::clamp(*at / top, 0.0, 1.0) * 7);
    out += (unicode ? kBars : kAsciiBars).at(level);
  }
  return out;
}

std::size_t WidthOf(const Line& line) {
  std::size_t width = 0;
  for (const Span& span : line) width += span.text.size();  // cells are ASCII but for names
  return width;
}

Line ServerLine(const PicturedCluster& cluster, const PicturedServer& server, const Columns& widths,
                const ScreenOptions& options) {
  Line line = {Cell(TreeText(cluster, server), widths.server, Style::kBold),
               Cell(server.role, widths.role),
               Cell(server.state, widths.state, StateStyle(server)),
               Cell(server.link, widths.link, LinkStyle(server)),
               Cell(server.sync_state, widths.sync),
               Cell(LagText(server), widths.lag, LagStyle(server)),
               Cell(CauseText(server), widths.cause, LagStyle(server))};
  const std::size_t used = WidthOf(line), columns = static_cast<std::size_t>(options.columns);
  if (columns > used) {
    line.push_back({Sparkline(server.trail, columns - used, options.unicode), LagStyle(server)});
  }
  return line;
}

Line HeadOf(const Columns& widths) {
  return {Cell("SERVER", widths.server, Style::kDim), Cell("ROLE", widths.role, Style::kDim),
          Cell("STATE", widths.state, Style::kDim),   Cell("LINK", widths.link, Style::kDim),
          Cell("SYNC", widths.sync, Style::kDim),     Cell("LAG", widths.lag, Style::kDim),
          Cell("CAUSE", widths.cause, Style::kDim),   {"TREND", Style::kDim}};
}

std::string RpoText(const PicturedCluster& cluster) {
  if (!cluster.rpo_bytes) return "not known";
  const std::string what = *cluster.rpo_bytes == 0 ? "nothing" : SayBytes(*cluster.rpo_bytes);
  const std::string time = cluster.rpo_seconds.value_or(0) > 0
                               ? ", " + SayDuration(std::round(*cluster.rpo_seconds * 10) / 10)
                               : "";
  return (cluster.rpo_known ? "" : "at least ") + what + time;
}

Line TitleOf(const PicturedCluster& cluster, double at, const ScreenOptions& options) {
  const auto time = static_cast<std::time_t>(at);
  return {{cluster.name, Style::kBold},
          {fmt::format("  {:%H:%M:%S} UTC", fmt::gmtime(time)), Style::kDim},
          {options.note.empty() ? "" : "  " + options.note, Style::kWarning}};
}

Line OutlookOf(const PicturedCluster& cluster) {
  const bool wrong = cluster.primaries != cluster.expected_primaries;
  return {{wrong ? fmt::format("{} primaries, {} expected. ", cluster.primaries,
                               cluster.expected_primaries)
                 : "",
           Style::kCritical},
          {"Lost if the primary died now: " + RpoText(cluster) + ". "},
          {"To lead then: " + (cluster.candidate.empty() ? "nobody" : cluster.candidate)}};
}

Line SlotLine(const PicturedSlot& slot) {
  const bool bad = slot.wal_status == "lost" || slot.wal_status == "unreserved";
  std::string text = fmt::format("slot {} of {}: {}, {}", slot.name, slot.server, slot.type,
                                 slot.active ? "active" : "idle");
  if (!slot.wal_status.empty()) text += ", " + slot.wal_status;
  if (slot.retained_bytes) text += ", holds " + SayBytes(*slot.retained_bytes);
  if (slot.safe_bytes) text += fmt::format(", {} to its loss", SayBytes(*slot.safe_bytes));
  return {{std::move(text), bad           ? Style::kCritical
                            : slot.active ? Style::kPlain
                                          : Style::kWarning}};
}

void AddConcerns(const PicturedCluster& cluster, std::vector<Line>& lines) {
  if (cluster.concerns.empty()) lines.push_back({{"All is well.", Style::kGood}});
  for (const PicturedConcern& one : cluster.concerns) {
    const std::string where = one.server.empty() ? "" : one.server + ": ";
    lines.push_back({{where + one.text, one.critical ? Style::kCritical : Style::kWarning}});
  }
}

void AddArchives(const PicturedCluster& cluster, std::vector<Line>& lines) {
  for (const PicturedServer& server : cluster.servers) {
    if (server.archive.empty() || server.role != "primary") continue;
    lines.push_back({{fmt::format("archive of {}: {}", server.name, server.archive),
                      server.archive == "failing" ? Style::kCritical : Style::kPlain}});
  }
}

}  // namespace

std::vector<Line> ScreenOf(const PicturedCluster& cluster, double at,
                           const ScreenOptions& options) {
  const Columns widths = ColumnsOf(cluster);
  std::vector<Line> lines = {TitleOf(cluster, at, options), OutlookOf(cluster), {}, HeadOf(widths)};
  for (const PicturedServer& server : cluster.servers) {
    lines.push_back(ServerLine(cluster, server, widths, options));
  }
  lines.emplace_back();
  AddConcerns(cluster, lines);
  lines.emplace_back();
  AddArchives(cluster, lines);
  for (const PicturedSlot& slot : cluster.slots) lines.push_back(SlotLine(slot));
  return lines;
}

std::string LogLines(const Picture& picture) {
  std::string out;
  const auto time = static_cast<std::time_t>(picture.at);
  for (const PicturedCluster& cluster : picture.clusters) {
    for (const PicturedServer& server : cluster.servers) {
      out += fmt::format("{:%FT%TZ} {} {} {} {}", fmt::gmtime(time), cluster.name, server.name,
                         server.role.empty() ? "unknown" : server.role, server.state);
      if (!server.link.empty()) out += ", " + server.link;
      if (server.lag) out += ", lag " + LagText(server);
      if (const std::string cause = CauseText(server); !cause.empty()) out += " (" + cause + ")";
      out += "\n";
    }
  }
  return out;
}

}  // namespace pgrepl::report
