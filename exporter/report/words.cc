// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace pgrepl::report {
namespace {

constexpr std::size_t kLineWidth = 96;
constexpr double kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;

std::string InTwoUnits(double seconds, double large, const char* large_name, double small,
                       const char* small_name) {
  const double rest = std::floor(std::fmod(seconds, large) / small);
  return fmt::format("{:.0f} {} {:.0f} {}", std::floor(seconds / large), large_name, rest,
                     small_name);
}

}  // namespace

std::string SayDuration(double seconds) {
  if (seconds < 2 * kMinute && seconds == std::floor(seconds)) {
    return fmt::format("{:.0f} s", seconds);
  }
  if (seconds < 2 * kMinute) return fmt::format("{:.1f} s", seconds);
  if (seconds < 2 * kHour) return InTwoUnits(seconds, kMinute, "min", 1, "s");
  if (seconds < 2 * kDay) return InTwoUnits(seconds, kHour, "h", kMinute, "min");
  return InTwoUnits(seconds, kDay, "d", kHour, "h");
}

std::string SayBytes(double bytes) {
  if (std::abs(bytes) < 1024) return fmt::format("{:.0f} bytes", bytes);
  const char* unit = "kB";
  bytes /= 1024;
  for (const char* larger : {"MB", "GB", "TB"}) {
    if (std::abs(bytes) < 1024) break;
    bytes /= 1024;
    unit = larger;
  }
  return fmt::format("{:.1f} {}", bytes, unit);
}

std::string SayLag(const LagView& lag) {
  const char* prefix = lag.known                         ? ""
                       : lag.bound == LagBound::kAtLeast ? "at least "
                       : lag.bound == LagBound::kAtMost  ? "at most "
                                                         : "";
  return prefix + SayDuration(lag.seconds);
}

std::string_view Name(LagCause cause) { return kLagCauses[static_cast<std::size_t>(cause)]; }

std::string SayState(const ServerView& server) {
  if (!server.configured) return "not configured";
  if (server.up) return "up";
  return server.tried ? "down: " + std::string(Name(server.reason)) : "not tried yet";
}

std::string_view SayRole(const ServerView& server) {
  if (!server.role) return "unknown";
  return *server.role == Role::kPrimary ? "primary" : "standby";
}

std::string_view SayLink(const LagView& lag) {
  if (lag.streaming) return "streaming";
  if (lag.state_hidden) return "connected";
  if (!lag.connected && lag.source == LagSource::kArchive) return "from archive";
  return lag.connected ? "catching up" : "not connected";
}

std::string Plain(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

void AppendWrapped(std::string_view text, std::string_view first, std::string& out) {
  std::string line(first);
  const auto end_line = [&] {
    out += line.erase(line.find_last_not_of(' ') + 1) + "\n";
    line.assign(first.size(), ' ');
  };
  while (!text.empty()) {
    const std::size_t length = std::min(text.find_first_of(" \n"), text.size());
    if (line.size() + length > kLineWidth && line.size() > first.size()) end_line();
    line.append(text.substr(0, length)) += ' ';
    if (length < text.size() && text[length] == '\n') end_line();
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  end_line();
}

}  // namespace pgrepl::report
