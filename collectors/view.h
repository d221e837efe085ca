// What cluster/ knows about a cluster at one moment, and collectors emit. Plain structs, built for
// one page by one thread; pointers reach into snapshots that the ClusterView keeps alive.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/lag.h"
#include "collectors/lag_trail.h"
#include "collectors/outlook.h"
#include "collectors/receiver.h"
#include "collectors/registry.h"
#include "collectors/senders.h"
#include "collectors/server.h"
#include "collectors/settings.h"
#include "collectors/topology.h"
#include "exporter/postgres/server_version.h"
#include "exporter/postgres/up_reason.h"

namespace pgrepl {

/// Why a collector's last run failed; `missing`: the server lacks a column, a function or a view.
enum class RunFailure { kNone, kInsufficientPrivilege, kMissing, kTimeout, kServerDown, kOther };
inline constexpr std::string_view kRunFailures[] = {
    "none", "insufficient_privilege", "missing", "timeout", "server_down", "other"};

/// How the last run of one collector on one server went.
struct CollectorRun {
  bool ran = false;
  bool success = false;
  RunFailure failure = RunFailure::kNone;  ///< kServerDown only if it was none before
  double duration_seconds = 0;
  std::optional<double> last_success_timestamp;  ///< epoch seconds
};

/// One sender seen at an upstream, now or before; `row` is nullptr once it is gone.
struct SenderView {
  std::string standby;  ///< the name under which that standby is on the page
  const Sender* row = nullptr;
  double reply_age_seconds = 0;
  std::shared_ptr<const Sender> alive = {};  ///< keeps `row`
};

struct ReceiverView {
  bool up = false;        ///< streaming, says either side
  bool expected = false;  ///< primary_conninfo is set and nothing local keeps the receiver away
  std::optional<double> last_message_age_seconds;
  double restarts = 0;
};

struct ServerView {
  std::string name;
  bool configured = true;
  bool tried = false;  ///< connecting has succeeded or failed at least once
  bool up = false;
  bool stale = false;  ///< its last answer, when it was up, is too old to say how it is now
  UpReason reason = UpReason::kOther;
  std::string_view message = {};  ///< while down, in libpq's words or the server's; no secrets
  std::optional<Role> role;       ///< last known while down
  std::optional<std::int64_t> timeline;
  std::string_view version;
  std::string_view address;
  std::optional<bool> superuser;  ///< the exporter's role there is one
  std::string system_identifier;
  double role_changes = 0;
  std::optional<double> clock_skew_seconds;

  std::optional<LagView> lag;                 ///< not for a known primary
  std::shared_ptr<const LagTrail> lag_trail;  ///< of one with a lag; nullptr in the first seconds
  std::optional<ReceiverView> receiver;       ///< not for a known primary
  std::vector<SenderView> senders;
  /// Parallel to SlotsFact::slots, where the server itself doesn't say; empty where it does.
  std::vector<std::optional<double>> slot_inactive_seconds;
  const SettingsFact* primary_settings = nullptr;     ///< for a standby; nullptr when nobody knows
  std::optional<double> syncrep_oldest_wait_seconds;  ///< for a primary; 0 while nobody waits
  std::optional<double> unarchived_seconds;           ///< of a primary that archives
  std::optional<double> wal_written_bytes;            ///< of a primary, since it is watched
  std::int64_t wal_segment_bytes = 0;                 ///< 0: not known
  std::optional<double> wal_filesystem_bytes;         ///< its size, as configured
  std::vector<EdgeView> edges;                        ///< to its standbys
  std::string upstream_address;            ///< "host:port" that it receives from, or last did
  std::optional<int> ambiguous_senders;    ///< while it answers
  std::optional<bool> diverged;            ///< nullopt: can't be told
  std::optional<Candidacy> candidacy;      ///< of a configured standby
  std::optional<double> wal_margin_bytes;  ///< of a standby whose upstream says what it keeps

  /// What may run on a server; facts and runs are parallel to it.
  std::span<const Collector* const> collectors = Collectors();
  std::vector<const void*> facts = std::vector<const void*>(kCollectorCount);  ///< nullptr: stale
  std::vector<CollectorRun> runs = std::vector<CollectorRun>(kCollectorCount);
  std::string labels;  ///< rendered pg_cluster and server
};

struct ClusterView {
  std::string name;
  std::vector<ServerView> servers;
  int primaries = 0;
  int expected_primaries = 0;
  int expected_standbys = 0;
  RpoView rpo_standby, rpo_any;
  std::string labels;                              ///< rendered pg_cluster
  std::vector<std::shared_ptr<const void>> alive;  ///< what the pointers above point into
};

}  // namespace pgrepl
