// Damaged config texts: whatever the file holds, Parse answers with a Config or a one-line Error.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "exporter/config/load.h"

namespace pgrepl::config {
namespace {

constexpr std::string_view kCollectors[] = {"lag", "slots"};
constexpr std::string_view kTokens[] = {"\n",  "\t", "- ", ": ",  "?",  "*a", "&a ",  "[",  "]",
                                        "{",   "}",  "'",  "\"",  "|",  ">",  "#",    "%",  "---\n",
                                        "...", "<<", "!",  "\\x", "\r", ",",  "\xc3", "  ", "~"};

std::string ReadExample() {
  std::ostringstream text;
  text << std::ifstream(PGREPL_SOURCE_DIR "/packaging/pg_replication_exporter.yml").rdbuf();
  return text.str();
}

/// The same damage on each run, so that a failure repeats.
class Mutator {
 public:
  std::string Damage(std::string text) {
    for (std::size_t i = Below(4) + 1; i > 0; --i) DamageOnce(text);
    return text;
  }

 private:
  std::size_t Below(std::size_t bound) { return random_() % bound; }

  void DamageOnce(std::string& text) {
    const std::size_t at = Below(text.size() + 1);
    switch (Below(5)) {
      case 0:
        text.resize(at);
        break;
      case 1:
        text.erase(at, Below(40));
        break;
      case 2:
        text.insert(at, text.substr(Below(text.size() + 1), Below(40)));
        break;
      case 3:
        text.insert(at, kTokens[Below(std::size(kTokens))]);
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(Below(256));
    }
  }

  std::mt19937 random_{2};
};

TEST(LoadMutationTest, DamagedTextIsAConfigOrAnError) {
  const std::string example = ReadExample();
  ASSERT_FALSE(example.empty());
  Mutator mutator;
  int refused = 0;
  for (int i = 0; i < 500; ++i) {
    const std::string text = mutator.Damage(example);
    const Result<Config> config = Parse(text, "x.yml", kCollectors);
    if (config) {
      EXPECT_FALSE(config->clusters.empty()) << text;
      continue;
    }
    ++refused;
    EXPECT_EQ(config.error().message.find("x.yml:"), 0U) << text;
    EXPECT_EQ(config.error().message.find('\n'), std::string::npos) << text;
  }
  EXPECT_GT(refused, 100);
}

TEST(LoadMutationTest, TruncatedTextIsAConfigOrAnError) {
  const std::string example = ReadExample();
  for (std::size_t size = 0; size < example.size(); size += 7) {
    const Result<Config> config = Parse(example.substr(0, size), "x.yml", kCollectors);
    EXPECT_TRUE(config || config.error().message.find("x.yml:") == 0) << size;
  }
}

}  // namespace
}  // namespace pgrepl::config
