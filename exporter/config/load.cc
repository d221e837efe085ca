// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/load.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sstream>
#include <system_error>

#include "exporter/base/unique_fd.h"
#include "exporter/config/plain_text.h"
#include "exporter/config/schema.h"
#include "exporter/config/yaml_map.h"

namespace pgrepl::config {
namespace {

constexpr std::size_t kMostBytes = std::size_t{4} << 20;

Error At(const std::string& path, int line, int column, std::string_view message) {
  return Error{fmt::format("{}:{}:{}: {}", path, line, column, message)};
}

// `number` counts from 0, as yaml-cpp does.
std::string_view Line(std::string_view text, int number) {
  for (; number > 0; --number) {
    const std::size_t end = text.find('\n');
    if (end == text.npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find('\n'));
}

bool HasTabIndent(std::string_view line) {
  return line.substr(0, line.find_first_not_of(" \t")).find('\t') != line.npos;
}

// yaml-cpp's words name the grammar; these name the usual cause.
std::string ExplainSyntax(const YAML::Exception& exception, std::string_view text) {
  if (HasTabIndent(Line(text, exception.mark.line))) {
    return "a tab in the indentation; YAML wants spaces";
  }
  const bool is_at_end = exception.mark.line + 1 == std::count(text.begin(), text.end(), '\n');
  if (is_at_end && exception.msg == YAML::ErrorMsg::DOC_IN_SCALAR) {
    return "the file ends within quotes; close them";
  }
  return fmt::format(
      "not YAML ({}); check the indentation, and put text in quotes that holds ': ' or ' #' or "
      "starts with one of *&!%@`",
      exception.msg);
}

/// Passes one document by and fails where another starts.
class OneDocument : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++count_ == 1) return;
    Fail(mark,
         "the file must be one map, but another document starts here; check the indentation and "
         "remove '---'");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  int count_ = 0;
};

// YAML::Load drops further documents without a word, and YAML::LoadAll finds them without end after
// a stray comma (jbeder/yaml-cpp issue 1040).
YAML::Node LoadDocument(const std::string& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  OneDocument one;
  while (parser.HandleNextDocument(one)) continue;
  return YAML::Load(text);
}

Result<std::string> ReadFile(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 1 << 16> buffer{};
  ssize_t count = file.valid() ? 1 : -1;
  while (count > 0 && text.size() <= kMostBytes) {
    count = ::read(file.get(), buffer.data(), buffer.size());
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (count >= 0) return text;
  const std::string reason = std::generic_category().message(errno);
  return Error{fmt::format("cannot read the config file {}: {}", path, reason)};
}

}  // namespace

Result<Config> Parse(const std::string& text, const std::string& path,
                     std::span<const std::string_view> collector_names) {
  if (text.size() > kMostBytes) {
    return At(path, 1, 1, fmt::format("the file is larger than {} MB", kMostBytes >> 20));
  }
  if (const auto bad = FindNotPlain(text)) {
    return At(path, bad->line, bad->column,
              "a byte that is neither UTF-8 text nor a blank; save the file as UTF-8");
  }
  // The end marker makes yaml-cpp refuse quotes that are never closed, which it forgives at the end
  // of its input: the rest of the file would become one conninfo.
  const std::string marked = text + (text.ends_with('\n') ? "...\n" : "\n...\n");
  try {
    return ReadConfig(LoadDocument(marked), path, collector_names);
  } catch (const Problem& problem) {
    return At(path, problem.mark.line + 1, problem.mark.column + 1, problem.msg);
  } catch (const YAML::Exception& exception) {
    return At(path, exception.mark.line + 1, exception.mark.column + 1,
              ExplainSyntax(exception, marked));
  }
}

Result<Config> Load(const std::string& path, std::span<const std::string_view> collector_names) {
  const Result<std::string> text = ReadFile(path);
  if (!text) return text.error();
  return Parse(*text, path, collector_names);
}

}  // namespace pgrepl::config
