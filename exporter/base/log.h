// One line per event on standard error, as logfmt or JSON. The only door to spdlog.
// Callers log transitions, not states: a server that stays down is one line, not one a second.
// Thread-safe after Init. Nothing that may hold a secret goes in: conninfos are redacted first.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace pgrepl::log {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class Format { kLogfmt, kJson };

/// A key and its value; the value is quoted and escaped as the format needs.
struct Field {
  std::string_view key;
  std::string value;
};
using Fields = std::initializer_list<Field>;

/// Call once, before other threads exist. Before it, lines go out as logfmt from level info.
void Init(Level level, Format format);

void Debug(std::string_view message, Fields fields = {});
void Info(std::string_view message, Fields fields = {});
void Warn(std::string_view message, Fields fields = {});
void Error(std::string_view message, Fields fields = {});

/// The line's payload without time and level; for tests.
std::string Render(Format format, std::string_view message, Fields fields);

}  // namespace pgrepl::log
