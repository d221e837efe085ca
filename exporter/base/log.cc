// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/log.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstddef>
#include <iterator>
#include <memory>
#include <mutex>

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

// Standard error, and whoever reads it: a pipe that nobody empties, or a terminal that is stopped, would
// hold up all that watch and answer. A line that doesn't go out at once is dropped, and counted.
class StandardError : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit StandardError(Format format) : format_(format) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (dropped_ > 0 && Put(Notice(message.time))) dropped_ = 0;
    if (dropped_ > 0 || !Put(message)) ++dropped_;
  }
  void flush_() override {}

 private:
  // A pipe that is ready takes PIPE_BUF bytes without waiting for its reader (pipe(7)).
  bool Put(const spdlog::details::log_msg& message) {
    pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (poll(&ready, 1, 0) != 1) return false;
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (line.size() > PIPE_BUF) {
      line.resize(PIPE_BUF);
      line[PIPE_BUF - 1] = '\n';
    }
    // What a full disk doesn't take is lost: there is nobody to tell.
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
    return true;
  }
  spdlog::details::log_msg Notice(spdlog::log_clock::time_point time) {
    notice_.clear();
    AppendField(notice_, format_, "level", "warn");
    notice_ += format_ == Format::kJson ? ',' : ' ';
    notice_ += Render(format_, "lines were dropped: nobody read them",
                      {{"lines", std::to_string(dropped_)}});
    return {time, spdlog::source_loc(), "", spdlog::level::warn, notice_};
  }

  const Format format_;
  std::size_t dropped_ = 0;  ///< since the last line that went out
  std::string notice_;
};

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
  auto logger = std::make_shared<spdlog::logger>(std::string(kLogger) + (json ? ".json" : ""),
                                                 std::make_shared<StandardError>(format));
  spdlog::register_logger(logger);
  logger->set_pattern(json ? kJsonPattern : kLogfmtPattern, spdlog::pattern_time_type::utc);
  logger->set_level(ToSpdlog(level));
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
