// One server as the scheduler sees it: at most one connection, the round that is out on it, when
// what is due, and the last snapshot. Everything here runs on the scheduler thread and never waits:
// the scheduler polls fd() and calls in. States:
//
//   disconnected --attempt--> connecting --ok--> idle --pulse, slow--> busy --answered--> idle
//        ^                        |                ^                    | deadline passed
//        +------ pause <----------+                +---- answered --- overdue
//        +------------------------ broken, or kept too long ------------+
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/registry.h"
#include "exporter/base/clock.h"
#include "exporter/collect/agenda.h"
#include "exporter/collect/backoff.h"
#include "exporter/collect/server_record.h"
#include "exporter/postgres/connect.h"
#include "exporter/postgres/pipeline.h"

namespace pgrepl {

/// Asked before each round: by the role everything else is chosen.
inline constexpr std::string_view kRoleSql = "SELECT pg_is_in_recovery()";

struct SessionOptions {
  std::string cluster;  ///< for log lines
  std::string name;
  Login login;
  std::string archive_directory;   ///< empty: none
  std::string wal_directory = {};  ///< empty: not local
  CollectorSet collectors;         ///< that run on it
  Duration pulse_interval;
  Duration pulse_deadline;
  Duration interval;
  Duration slow_interval;
  Duration connection_lifetime;

  bool operator==(const SessionOptions&) const = default;
};

class ServerSession {
 public:
  using StartConnecting = std::function<void(const Login&, const SessionLimits&, Duration,
                                             std::shared_ptr<PendingLogins>)>;

  ServerSession(SessionOptions options, std::uint32_t seed, StartConnecting start_connecting,
                ServerRecord::Publish publish);

  /// Of the same cluster and name. What is known stays; so does the connection, unless it is another
  /// login or deadline.
  void Reconfigure(SessionOptions options, Time now);

  /// The cluster's pulse: sends a round, unless one is out or there is no connection.
  void Pulse(Time now);
  /// The attempt that StartConnecting began has ended.
  void OnConnected(Result<Connection> connection, Time now);
  /// fd() is ready.
  void OnReady(Time now);
  /// Deadlines, pauses and slow statements; call when due() has come.
  void OnTime(Time now);
  /// What the directory reader found for this collector.
  void OnLocalFact(CollectorId collector, const Result<FactPtr>& fact, Time now);

  [[nodiscard]] int fd() const { return connection_ ? connection_->socket() : -1; }
  [[nodiscard]] bool wants_write() const;
  [[nodiscard]] Time due() const;
  /// A pulse is out, and its deadline has not passed.
  [[nodiscard]] bool is_pulsing() const {
    return state_ == State::kBusy && round_.kind == RoundKind::kPulse;
  }
  [[nodiscard]] bool is_primary() const { return record_.snapshot().role == Role::kPrimary; }

 private:
  enum class State { kDisconnected, kConnecting, kIdle, kBusy, kOverdue };
  enum class RoundKind {
    kPulse,
    kPermission,  ///< whether the listing that is due may run
    kListing,
  };

  struct Round {
    RoundKind kind = RoundKind::kPulse;
    std::optional<Role> role;             ///< what its statements were chosen for
    bool replanned = false;               ///< the role had changed: once more, not for ever
    std::vector<std::size_t> collectors;  ///< whose statements are in it
    std::size_t first = 1;                ///< the answer to the first of these
    ServerRecord::Sent sent;
    bool is_void = false;  ///< planned before the options changed
  };

  void Attempt(Time now);
  void Drop(Time now, const Error& why);
  void StartRound(RoundKind kind, bool replanned, Time now);
  [[nodiscard]] std::vector<Pipeline::Query> PlanPulse(Time now);
  [[nodiscard]] std::vector<Pipeline::Query> PlanListing(Time now);
  void FinishRound(Time now);
  bool AcceptRole(const Result<Rows>& answer, Time now);
  void AcceptPermission(const Result<Rows>& answer, Time now);
  void Accept(std::size_t collector, const Result<Rows>& answer, Time now);
  void GiveUpListing(Time now);
  void Record(std::size_t collector, Result<FactPtr> fact, Time now);
  void PublishUp(Time now);
  void PublishDown(const Error& why, UpReason reason, Time now);
  [[nodiscard]] Agenda MakeAgenda() const;
  [[nodiscard]] Pipeline::Query QueryOf(std::size_t collector, std::string_view sql) const;

  SessionOptions options_;
  StartConnecting start_connecting_;
  State state_ = State::kDisconnected;
  std::shared_ptr<PendingLogins> pending_ = std::make_shared<PendingLogins>();  ///< by this login
  std::vector<CollectorSet> earlier_;  ///< own texts of statements that connection_ has prepared
  std::optional<Connection> connection_;
  std::optional<Pipeline> pipeline_;
  Round round_;
  Time deadline_{};      ///< of connecting, the round that is out, keeping an overdue connection
  Time next_attempt_{};  ///< while disconnected
  Time expires_{};       ///< the connection is renewed after this
  Time slow_until_{};    ///< no slow statement follows another after this
  Time connected_at_{};
  bool answered_ = false;  ///< a round was answered on this connection
  bool outdated_ = false;  ///< while connecting: by a login that is no longer ours
  Backoff backoff_;
  Agenda agenda_;
  ServerRecord record_;
};

}  // namespace pgrepl
