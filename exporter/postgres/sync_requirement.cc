// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/sync_requirement.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace pgrepl {
namespace {

enum class TokenKind { kName, kNumber, kFirst, kAny, kComma, kOpen, kClose, kEnd, kJunk };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text = {};
};

// Not <cctype>: no locale has a say.
bool IsSpace(char c) { return std::string_view(" \t\n\r\f\v").find(c) != std::string_view::npos; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
bool StartsName(char c) {
  const char letter = Lower(c);
  return (letter >= 'a' && letter <= 'z') || c == '_' ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}
bool ContinuesName(char c) { return StartsName(c) || IsDigit(c) || c == '$'; }

TokenKind KindOfWord(std::string_view word) {
  const auto is = [word](std::string_view keyword) {
    return std::equal(word.begin(), word.end(), keyword.begin(), keyword.end(),
                      [](char c, char k) { return Lower(c) == k; });
  };
  return is("any") ? TokenKind::kAny : is("first") ? TokenKind::kFirst : TokenKind::kName;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Token Next() {
    Take(IsSpace);
    if (text_.empty()) return {};
    const char c = text_.front();
    if (c == '"') return Quoted();
    if (IsDigit(c)) return {TokenKind::kNumber, Take(IsDigit)};
    if (StartsName(c)) {
      std::string word = Take(ContinuesName);
      return {KindOfWord(word), std::move(word)};
    }
    text_.remove_prefix(1);
    return {KindOfSign(c), std::string(1, c)};
  }

 private:
  static TokenKind KindOfSign(char c) {
    switch (c) {
      case '*':
        return TokenKind::kName;
      case ',':
        return TokenKind::kComma;
      case '(':
        return TokenKind::kOpen;
      case ')':
        return TokenKind::kClose;
      default:
        return TokenKind::kJunk;
    }
  }

  std::string Take(bool (*belongs)(char)) {
    const auto end = std::find_if_not(text_.begin(), text_.end(), belongs);
    std::string taken(text_.begin(), end);
    text_.remove_prefix(taken.size());
    return taken;
  }

  // A quote inside is written twice.
  Token Quoted() {
    std::string name;
    for (std::size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == '"' && text_.substr(i + 1, 1) != "\"") {
        text_.remove_prefix(i + 1);
        return {TokenKind::kName, std::move(name)};
      }
      if (text_[i] == '"') ++i;
      name += text_[i];
    }
    text_ = {};
    return {TokenKind::kJunk};
  }

  std::string_view text_;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : scanner_(text), token_(scanner_.Next()) {}

  // nullopt where the grammar ends before the text does.
  std::optional<SyncRequirement> Whole() {
    SyncRequirement wanted{.method = SyncMethod::kFirst, .number = 1};
    const bool any = Skip(TokenKind::kAny);
    const bool keyword = any || Skip(TokenKind::kFirst);
    if (any) wanted.method = SyncMethod::kAny;
    if (!keyword && !Is(TokenKind::kNumber)) return Finished(List(wanted), wanted);
    // "2 (a)" is a number and a list, "2" and "2, a" are lists of names.
    Token number = token_;
    Advance();
    if (!keyword && !Is(TokenKind::kOpen)) {
      wanted.names.push_back(std::move(number.text));
      return Finished(!Skip(TokenKind::kComma) || List(wanted), wanted);
    }
    return Finished(
        Number(number, wanted) && Skip(TokenKind::kOpen) && List(wanted) && Skip(TokenKind::kClose),
        wanted);
  }

 private:
  [[nodiscard]] bool Is(TokenKind kind) const { return token_.kind == kind; }
  void Advance() { token_ = scanner_.Next(); }
  bool Skip(TokenKind kind) {
    if (!Is(kind)) return false;
    Advance();
    return true;
  }

  static bool Number(const Token& token, SyncRequirement& wanted) {
    const std::string& digits = token.text;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), wanted.number);
    return token.kind == TokenKind::kNumber && error == std::errc() && wanted.number > 0;
  }

  // A number is a name, too.
  bool List(SyncRequirement& wanted) {
    do {
      if (!Is(TokenKind::kName) && !Is(TokenKind::kNumber)) return false;
      wanted.names.push_back(std::move(token_.text));
      Advance();
    } while (Skip(TokenKind::kComma));
    return true;
  }

  std::optional<SyncRequirement> Finished(bool good, SyncRequirement& wanted) const {
    return good && Is(TokenKind::kEnd) ? std::optional(std::move(wanted)) : std::nullopt;
  }

  Scanner scanner_;
  Token token_;
};

}  // namespace

SyncRequirement ParseSynchronousStandbyNames(std::string_view setting) {
  return Parser(setting).Whole().value_or(SyncRequirement{});
}

}  // namespace pgrepl
