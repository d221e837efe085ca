// Result<T>: a value, or the Error that explains why there is none. Expected failures (refused,
// timed out, a bad config) travel as values; exceptions stop at the folder that fences the library
// which throws them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace pgrepl {

/// What was attempted, on what, why it failed, and what to do about it. Never holds a secret.
struct Error {
  std::string message;
  std::string sqlstate = {};  ///< five characters when PostgreSQL gave one, else empty
  std::string hint = {};      ///< a sentence with the remedy, or empty
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] const T& value() const& { return assert(ok()), std::get<0>(state_); }
  [[nodiscard]] T& value() & { return assert(ok()), std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return assert(ok()), std::get<0>(std::move(state_)); }
  [[nodiscard]] const Error& error() const { return assert(!ok()), std::get<1>(state_); }

  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

 private:
  std::variant<T, Error> state_;
};

/// Result of something that has no value to give.
using Status = Result<std::monostate>;
inline Status Ok() { return std::monostate{}; }

}  // namespace pgrepl
