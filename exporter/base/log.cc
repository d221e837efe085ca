// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>

namespace pgrepl::log {
namespace {

constexpr std::string_view kLogger = "pgrepl";
constexpr const char* kLogfmtPattern = "ts=%Y-%m-%dT%H:%M:%S.%eZ %v";
constexpr const char* kJsonPattern = R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ",%v})";

void AppendQuoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

bool NeedsQuotes(std::string_view text) {
  return text.empty() || std::any_of(text.begin(), text.end(), [](char c) {
           return c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f;
         });
}

void AppendField(std::string& out, Format format, std::string_view key, std::string_view value) {
  if (format == Format::kJson) {
    AppendQuoted(out, key);
    out += ':';
    AppendQuoted(out, value);
    return;
  }
  out += key;
  out += '=';
  if (NeedsQuotes(value)) {
    AppendQuoted(out, value);
  } else {
    out += value;
  }
}

// spdlog's registry owns the logger and is the process-wide state here; `Format` is kept with it
// in the logger's name so that this file has no mutable global of its own.
std::shared_ptr<spdlog::logger> Logger() {
  auto logger = spdlog::get(std::string(kLogger));
  if (logger) return logger;
  return spdlog::get(std::string(kLogger) + ".json");
}

// As --log.level spells them; spdlog says "warning".
std::string_view NameOf(Level level) {
  constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

void Write(Level level, std::string_view message, Fields fields) {
  auto logger = Logger();
  if (!logger) {
    Init(Level::kInfo, Format::kLogfmt);
    logger = Logger();
  }
  if (!logger->should_log(ToSpdlog(level))) return;
  const Format format = logger->name() == kLogger ? Format::kLogfmt : Format::kJson;
  std::string line;
  AppendField(line, format, "level", NameOf(level));
  line += format == Format::kJson ? ',' : ' ';
  line += Render(format, message, fields);
  logger->log(ToSpdlog(level), spdlog::string_view_t(line));
}

}  // namespace

void Init(Level level, Format format) {
  spdlog::drop_all();
  const bool json = format == Format::kJson;
  auto logger = spdlog::stderr_logger_mt(std::string(kLogger) + (json ? ".json" : ""));
  logger->set_pattern(json ? kJsonPattern : kLogfmtPattern, spdlog::pattern_time_type::utc);
  logger->set_level(ToSpdlog(level));
  logger->flush_on(spdlog::level::debug);
}

void Debug(std::string_view message, Fields fields) { Write(Level::kDebug, message, fields); }
void Info(std::string_view message, Fields fields) { Write(Level::kInfo, message, fields); }
void Warn(std::string_view message, Fields fields) { Write(Level::kWarn, message, fields); }
void Error(std::string_view message, Fields fields) { Write(Level::kError, message, fields); }

std::string Render(Format format, std::string_view message, Fields fields) {
  std::string out;
  AppendField(out, format, "msg", message);
  for (const Field& field : fields) {
    out += format == Format::kJson ? ',' : ' ';
    AppendField(out, format, field.key, field.value);
  }
  return out;
}

}  // namespace pgrepl::log
