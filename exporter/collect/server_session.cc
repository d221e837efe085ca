// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/server_session.h"

#include <algorithm>
#include <utility>

#include "exporter/base/log.h"
#include "exporter/collect/refusal.h"

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

// The pulse's first statement: what "up" means, and what the others are chosen by.

// A thawed server answers on its old connection at once; new ones would pile up before it.
constexpr Duration kKeepOverdue = 60s;
constexpr Duration kLockTimeout = 500ms;
constexpr Time kNever = Time::max();

// The next pulse must not wait for a listing, nor the server be called down for it. Milliseconds are
// what the setting counts in.
constexpr std::string_view kSetTimeoutSql = "SELECT set_config('statement_timeout', $1, false)";
constexpr std::string_view kResetTimeoutSql = "RESET statement_timeout";  // to what it began with
std::string ListingTimeout(Duration pulse_interval, Duration pulse_deadline) {
  const Duration limit = std::min(pulse_interval * 3 / 4, pulse_deadline / 2);
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(limit).count());
}

}  // namespace

ServerSession::ServerSession(SessionOptions options, std::uint32_t seed,
                             StartConnecting start_connecting, ServerRecord::Publish publish)
    : options_(std::move(options)),
      start_connecting_(std::move(start_connecting)),
      backoff_(seed),
      agenda_(MakeAgenda()),
      record_(options_.cluster, options_.name, options_.collectors, std::move(publish)) {}

Agenda ServerSession::MakeAgenda() const {
  return Agenda({.collectors = options_.collectors,
                 .has_archive_directory = !options_.archive_directory.empty(),
                 .interval = options_.interval,
                 .slow_interval = options_.slow_interval});
}

void ServerSession::Reconfigure(SessionOptions options, Time now) {
  if (options == options_) return;
  const bool same_session =
      options.login == options_.login && options.pulse_deadline == options_.pulse_deadline;
  if (!(options.collectors == options_.collectors)) {
    record_.Reconfigure(options.collectors);
    if (connection_) earlier_.push_back(std::move(options_.collectors));
  }
  options_ = std::move(options);
  agenda_ = MakeAgenda();
  if (connection_) agenda_.Connect(connection_->server_version(), now);
  if (state_ == State::kBusy) round_ = Round{.sent = round_.sent, .is_void = true};
  if (same_session) return;
  pending_ = std::make_shared<PendingLogins>();
  if (state_ == State::kConnecting) outdated_ = true;
  if (!connection_) return;
  pipeline_.reset();
  connection_.reset();
  state_ = State::kDisconnected;
  next_attempt_ = now;
}

bool ServerSession::wants_write() const { return pipeline_ && pipeline_->wants_write(); }

Time ServerSession::due() const {
  switch (state_) {
    case State::kDisconnected:
      return next_attempt_;
    case State::kConnecting:
    case State::kBusy:
    case State::kOverdue:
      return deadline_;
    default:
      return kNever;
  }
}

// A password may take the deadline of a host. Only what hangs takes longer: a resolver, a file on a
// dead network, or others that hang and have all connector threads.
void ServerSession::Attempt(Time now) {
  state_ = State::kConnecting;
  const auto steps = static_cast<int>(options_.login.conninfo.Hosts().size()) + 1;
  deadline_ = now + options_.pulse_deadline * steps;
  const Duration statement_timeout = options_.pulse_deadline / 2;
  start_connecting_(options_.login, {statement_timeout, kLockTimeout}, options_.pulse_deadline,
                    pending_);
}

void ServerSession::OnConnected(Result<Connection> connection, Time now) {
  if (std::exchange(outdated_, false)) {
    Attempt(now);
    return;
  }
  if (!connection) {
    state_ = State::kDisconnected;
    next_attempt_ = now + backoff_.Next(now);
    const Error& error = connection.error();
    PublishDown(error, Classify(error.message, error.sqlstate), now);
    return;
  }
  connection_.emplace(std::move(*connection));
  earlier_.clear();
  answered_ = false;
  connected_at_ = now;
  expires_ = now + options_.connection_lifetime;
  record_.Connected(*connection_);
  agenda_.Connect(connection_->server_version(), now);
  state_ = State::kIdle;
  Pulse(now);
}

void ServerSession::Drop(Time now, const Error& why) {
  log::Debug("connection lost",
             {{"pg_cluster", options_.cluster}, {"server", options_.name}, {"error", why.message}});
  // What was asked alone may be what ended the session, and would end the next one at once.
  if (state_ == State::kBusy && round_.kind == RoundKind::kListing) {
    Record(round_.collectors.front(), why, now);
    agenda_.Suspect(round_.collectors.front(), now);
  }
  pipeline_.reset();
  connection_.reset();
  state_ = State::kDisconnected;
  if (answered_) {
    // One attempt at once: a session that an administrator ended is no server that is down. One that
    // ends its sessions as soon as they have answered is not asked as fast as it does.
    const bool lived = now - connected_at_ >= options_.pulse_interval;
    next_attempt_ = lived ? now : now + backoff_.Next(now);
    return;
  }
  next_attempt_ = now + backoff_.Next(now);
  PublishDown(why, Classify(why.message, why.sqlstate), now);
}

void ServerSession::Pulse(Time now) {
  if (state_ == State::kDisconnected && now >= next_attempt_) Attempt(now);
  if (state_ != State::kIdle) return;
  if (now >= expires_) {
    Drop(now, {"renewed after its lifetime"});
    Attempt(now);
    return;
  }
  StartRound(RoundKind::kPulse, /*replanned=*/false, now);
}

Pipeline::Query ServerSession::QueryOf(std::size_t collector, std::string_view sql) const {
  const Collector& declared = options_.collectors[collector];
  Pipeline::Query query{sql};
  if (declared.needs == Needs::kArchiveDirectory) query.parameter = options_.archive_directory;
  query.rolled_back = declared.is_foreign;
  return query;
}

std::vector<Pipeline::Query> ServerSession::PlanPulse(Time now) {
  std::vector<Pipeline::Query> queries = {{kRoleSql}};
  slow_until_ = now + std::min<Duration>(options_.pulse_interval / 4, 100ms);
  for (std::size_t i = 0; i < options_.collectors.size() && round_.role; ++i) {
    if (options_.collectors[i].cadence == Cadence::kSlow) continue;
    if (!agenda_.IsDue(i, *round_.role, now)) continue;
    round_.collectors.push_back(i);
    queries.push_back(QueryOf(i, agenda_.StatementOf(i, *round_.role)->sql));
  }
  return queries;
}

// Empty: no listing is due.
std::vector<Pipeline::Query> ServerSession::PlanListing(Time now) {
  if (!round_.role) return {};
  const auto due = agenda_.DueListing(*round_.role, now);
  if (!due) return {};
  const Statement& statement = *agenda_.StatementOf(*due, *round_.role);
  round_.collectors = {*due};
  if (round_.kind == RoundKind::kPermission && !statement.permission.empty()) {
    return {{kRoleSql}, QueryOf(*due, statement.permission)};
  }
  round_.kind = RoundKind::kListing;
  round_.first = 2;
  return {{kRoleSql},
          {kSetTimeoutSql, ListingTimeout(options_.pulse_interval, options_.pulse_deadline)},
          QueryOf(*due, statement.sql),
          {kResetTimeoutSql}};
}

// With no role known (a first connection to a server older than 14) the role statement goes alone
// and the rest follows: statements for the wrong role would be errors in the server's log.
void ServerSession::StartRound(RoundKind kind, bool replanned, Time now) {
  round_ = Round{.kind = kind,
                 .role = record_.snapshot().role,
                 .replanned = replanned,
                 .sent = {now, WallSeconds()}};
  const std::vector<Pipeline::Query> queries =
      kind == RoundKind::kPulse ? PlanPulse(now) : PlanListing(now);
  if (queries.empty()) return;
  pipeline_.emplace(*connection_);
  state_ = State::kBusy;
  deadline_ = now + options_.pulse_deadline;
  if (const Status sent = pipeline_->Send(queries); !sent) Drop(now, sent.error());
}

void ServerSession::OnReady(Time now) {
  if (!connection_) return;
  // In between rounds there is nothing to read but notices and the end of the session.
  if (!pipeline_) pipeline_.emplace(*connection_);
  const Pipeline::Progress progress = pipeline_->Step();
  if (progress == Pipeline::Progress::kBroken || connection_->broken()) {
    Drop(now, {pipeline_->error()});
    Pulse(now);
    return;
  }
  if (progress != Pipeline::Progress::kDone) return;
  if (state_ == State::kBusy) {
    FinishRound(now);
  } else if (state_ == State::kOverdue) {
    // Its answers are of no known age. The server is back: ask anew.
    pipeline_.reset();
    agenda_.Resume(now);
    state_ = State::kIdle;
    Pulse(now);
  }
}

void ServerSession::FinishRound(Time now) {
  const std::vector<Result<Rows>> answers = pipeline_->Take();
  pipeline_.reset();
  state_ = State::kIdle;
  if (round_.is_void) {
    Pulse(now);
    return;
  }
  if (!AcceptRole(answers.front(), now)) return;
  if (round_.kind == RoundKind::kPermission) {
    AcceptPermission(answers[round_.first], now);
    return;
  }
  for (std::size_t i = 0; i < round_.collectors.size(); ++i) {
    Accept(round_.collectors[i], answers[round_.first + i], now);
  }
  PublishUp(now);
  if (round_.kind == RoundKind::kPulse || now < slow_until_) {
    StartRound(RoundKind::kPermission, /*replanned=*/false, now);
  }
}

void ServerSession::AcceptPermission(const Result<Rows>& answer, Time now) {
  const std::size_t collector = round_.collectors.front();
  const Statement* statement = agenda_.StatementOf(collector, *round_.role);
  const std::string functions = statement != nullptr ? FunctionsIn(statement->permission) : "";
  if (!answer) {
    Accept(collector, answer, now);
  } else if (answer->size() != 1 || !(*answer)[0].Bool(0)) {
    Accept(collector, Error{"the server lacks " + functions, "42883"}, now);
  } else if (!*(*answer)[0].Bool(0)) {
    Record(collector,
           Error{"our role may not call " + functions, "42501",
                 "GRANT pg_monitor TO the exporter's role."},
           now);
  } else {
    StartRound(RoundKind::kListing, /*replanned=*/false, now);
    return;
  }
  PublishUp(now);
  if (now < slow_until_) StartRound(RoundKind::kPermission, /*replanned=*/false, now);
}

// False: this round's answers are void, because the server is not up or its role has changed.
bool ServerSession::AcceptRole(const Result<Rows>& answer, Time now) {
  const auto in_recovery =
      answer && answer->size() == 1 ? (*answer)[0].Bool(0) : std::optional<bool>();
  if (!in_recovery) {
    const Error why = answer ? Error{"no answer to SELECT pg_is_in_recovery()"} : answer.error();
    PublishDown(why, Classify(why.message, why.sqlstate), now);
    return false;
  }
  const Role role = *in_recovery ? Role::kStandby : Role::kPrimary;
  if (round_.role == role) return true;
  record_.See(role);
  agenda_.ChangeRole(now);
  if (!round_.replanned) StartRound(RoundKind::kPulse, /*replanned=*/true, now);
  return false;
}

void ServerSession::Accept(std::size_t collector, const Result<Rows>& answer, Time now) {
  const Collector& declared = options_.collectors[collector];
  if (answer) {
    Record(collector, declared.decode(declared, *answer), now);
    return;
  }
  const Error& error = answer.error();
  if (agenda_.PassOver(collector, *round_.role, error, now)) {
    record_.PassedOver(collector, error);
    return;
  }
  Record(collector, error, now);
  agenda_.Postpone(collector, error, now);
}

// The server can't be made to stop in the middle of a listing. Whether it is that or the server,
// the same again at once would be no answer either.
void ServerSession::GiveUpListing(Time now) {
  const Error error{"the listing was not answered in time", "57014"};
  Record(round_.collectors.front(), error, now);
  agenda_.Postpone(round_.collectors.front(), error, now);
}

void ServerSession::Record(std::size_t collector, Result<FactPtr> fact, Time now) {
  agenda_.Ran(collector, OutcomeOf(options_.collectors[collector], fact).ok(), now);
  record_.Record(collector, std::move(fact), round_.sent, now);
}

void ServerSession::PublishUp(Time now) {
  answered_ = true;
  backoff_.Reset();
  record_.PublishUp(now);
}

void ServerSession::PublishDown(const Error& why, UpReason reason, Time now) {
  record_.PublishDown(why, reason, now, [this](std::size_t i) { return agenda_.Has(i); });
}

void ServerSession::OnTime(Time now) {
  if (now < due()) return;
  if (state_ == State::kDisconnected) {
    Attempt(now);
  } else if (state_ == State::kConnecting) {
    deadline_ = kNever;
    PublishDown(
        {"connecting did not end in time", "",
         "A resolver hangs, or what has the password or the service; see also other servers."},
        UpReason::kTimeout, now);
  } else if (state_ == State::kBusy) {
    state_ = State::kOverdue;
    deadline_ = now + kKeepOverdue;
    if (round_.kind == RoundKind::kListing) GiveUpListing(now);
    PublishDown({"the pulse was not answered in time"}, UpReason::kTimeout, now);
  } else if (state_ == State::kOverdue) {
    Drop(now, {"timed out: no answer for a minute"});
    next_attempt_ = now + backoff_.Next(now);
  }
}

void ServerSession::OnLocalFact(CollectorId collector, const Result<FactPtr>& fact, Time now) {
  // What is no local directory may be one of the server's.
  if (collector == CollectorId::kArchiveDirectory) {
    agenda_.AskServerForDirectory(!fact);
    if (!fact) return;
  }
  record_.RecordLocal(collector, fact, now);
}

}  // namespace pgrepl
