// server_version_num and the capabilities that statements are chosen by.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace pgrepl {

/// As pg_is_in_recovery() says. A cascading standby is a standby that has senders.
enum class Role { kPrimary, kStandby };

/// The server_version_num of the first release of a major.
constexpr int PgVersion(int major) { return major * 10000; }

constexpr int kOldestSupported = PgVersion(12);

}  // namespace pgrepl
