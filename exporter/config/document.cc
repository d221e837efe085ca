// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <sstream>

#include "exporter/base/text_file.h"
#include "exporter/config/plain_text.h"
#include "exporter/config/yaml_map.h"

namespace pgrepl::config {
namespace {

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

}  // namespace

std::optional<Error> ReadDocument(const std::string& text, const std::string& path,
                                  const std::function<void(const YAML::Node&)>& read) {
  if (text.size() > kMostTextBytes) {
    return At(path, 1, 1, fmt::format("the file is larger than {} MB", kMostTextBytes >> 20));
  }
  if (const auto bad = FindNotPlain(text)) {
    return At(path, bad->line, bad->column,
              "a byte that is neither UTF-8 text nor a blank; save the file as UTF-8");
  }
  // The end marker makes yaml-cpp refuse quotes that are never closed, which it forgives at the end
  // of its input: the rest of the file would become one value.
  const std::string marked = text + (text.ends_with('\n') ? "...\n" : "\n...\n");
  try {
    read(LoadDocument(marked));
    return std::nullopt;
  } catch (const Problem& problem) {
    return At(path, problem.mark.line + 1, problem.mark.column + 1, problem.msg);
  } catch (const YAML::Exception& exception) {
    return At(path, exception.mark.line + 1, exception.mark.column + 1,
              ExplainSyntax(exception, marked));
  }
}

}  // namespace pgrepl::config
