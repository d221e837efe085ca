// Why a server is up or not: the labels of pgrepl_up_reason, told from libpq's words and SQLSTATEs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace pgrepl {

enum class UpReason {
  kOk,
  kDns,
  kUnreachable,
  kRefused,
  kTimeout,
  kTls,
  kAuth,
  kTooManyConnections,
  kStarting,
  kNotConsistent,
  kHotStandbyOff,
  kShuttingDown,
  kPooler,
  kNotPostgres,
  kOther,
};

/// All labels, in the order of the enum.
inline constexpr std::string_view kUpReasons[] = {"ok",
                                                  "dns",
                                                  "unreachable",
                                                  "refused",
                                                  "timeout",
                                                  "tls",
                                                  "auth",
                                                  "too_many_connections",
                                                  "starting",
                                                  "not_consistent",
                                                  "hot_standby_off",
                                                  "shutting_down",
                                                  "pooler",
                                                  "not_postgres",
                                                  "other"};

constexpr std::string_view Name(UpReason reason) {
  return kUpReasons[static_cast<std::size_t>(reason)];
}

/// `message` is what libpq 12 to 18 says when connecting fails, in the C locale; `sqlstate` five
/// characters or empty. Words decide only where there is no code, or one code has several meanings.
UpReason Classify(std::string_view message, std::string_view sqlstate);

/// It is there, or its machine is, and serves nobody: no sender, no new WAL.
constexpr bool RefusesConnections(UpReason reason) {
  return reason == UpReason::kRefused || reason == UpReason::kShuttingDown ||
         reason == UpReason::kStarting || reason == UpReason::kNotConsistent;
}

/// A sentence on what to do about it; empty where there is nothing to add.
std::string_view Hint(UpReason reason);

}  // namespace pgrepl
