// libpq connection strings, taken apart by libpq's own parser. A conninfo may hold a password, so
// nothing here ever repeats its text in an error; Redacted() is what logs may show.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/base/result.h"

namespace pgrepl {

class Conninfo {
 public:
  /// Accepts what libpq accepts: keyword=value pairs or a postgresql:// URI; empty means defaults.
  /// Beyond that it refuses what looks like a password in the wrong place.
  static Result<Conninfo> Parse(const std::string& text);

  /// The value that was given for `keyword`, empty when none was.
  [[nodiscard]] std::string Get(std::string_view keyword) const;
  void Set(std::string_view keyword, std::string value);

  /// "host:port", with libpq's defaults and PG* variables for what isn't given; of several hosts
  /// the first.
  [[nodiscard]] std::string Address() const;

  /// One Conninfo for each host of a multi-host string, in order; libpq would try (and resolve)
  /// later hosts without regard to our deadline.
  [[nodiscard]] std::vector<Conninfo> Hosts() const;

  /// host, port, dbname, user and sslmode only.
  [[nodiscard]] std::string Redacted() const;

  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& parameters() const {
    return parameters_;
  }

  bool operator==(const Conninfo&) const = default;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace pgrepl
