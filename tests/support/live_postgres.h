// The servers of tests/live/with_postgres.py, for tests in *_pgtest.cc: a primary that they may
// change as they like if they put it back, and a standby of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "exporter/postgres/connect.h"
#include "exporter/postgres/pipeline.h"

namespace pgrepl {

/// A superuser's session with the primary, opened at its first use.
class Admin {
 public:
  /// `other` is appended to the conninfo: the port of another server.
  explicit Admin(std::string other = "") : other_(std::move(other)) {}

  /// The first column of the first row, empty when there is none; an error fails the test.
  std::string Value(const std::string& sql);
  void Execute(const std::string& sql) { Value(sql); }
  /// Asks until the value is as expected, for ten seconds.
  bool WaitFor(const std::string& sql, const std::string& expected);

 private:
  void Open();

  std::string other_;
  PgConnPtr session_;
};

/// Skips its tests where there is no server.
class LivePostgresTest : public testing::Test {
 protected:
  void SetUp() override;

  static std::string PrimaryConninfo();
  static std::string StandbyConninfo();

  static constexpr SessionLimits kLimits{.statement_timeout = std::chrono::seconds(5),
                                         .lock_timeout = std::chrono::seconds(1)};

  /// A login by this conninfo, and what else the login needs.
  static Login LoginBy(const std::string& conninfo);
  static Result<Connection> TryConnect(const Login& login, SessionLimits limits = kLimits);
  /// Ends the test's program when it fails: what follows could not mean anything.
  static Connection ConnectTo(const std::string& conninfo, SessionLimits limits = kLimits);

  /// Steps until it is done or broken, or still waiting after `patience`.
  static Pipeline::Progress Drive(Connection& connection, Pipeline& pipeline,
                                  Duration patience = std::chrono::seconds(10));
  /// One round to its end; empty when the connection broke.
  static std::vector<Result<Rows>> Round(Connection& connection,
                                         const std::vector<Pipeline::Query>& queries);
  /// The only value of a query that answers one.
  static std::string Ask(Connection& connection, std::string_view sql);
};

/// "1 row: 42" for the first column of the first row, else the SQLSTATE.
std::string Summary(const Result<Rows>& result);
std::vector<std::string> Summaries(const std::vector<Result<Rows>>& results);

}  // namespace pgrepl
