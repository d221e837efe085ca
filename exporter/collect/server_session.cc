// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/server_session.h"

#include <algorithm>
#include <utility>

#include "exporter/base/log.h"

namespace pgrepl {
namespace {

using namespace std::chrono_literals;

// The pulse's first statement: what "up" means, and what the others are chosen by.
constexpr std::string_view kRoleSql = "SELECT pg_is_in_recovery()";

// A thawed server answers on its old connection at once; new ones would pile up before it.
constexpr Duration kKeepOverdue = 60s;
// A statement that the server refuses writes a line to the server's log each time, and a foreign one
// may have held up a pulse.
constexpr Duration kRetryRefused = 60s;
// After a pulse, slow statements follow one another for so long.
constexpr Duration kSlowBudget = 100ms;
constexpr Duration kLockTimeout = 500ms;
constexpr Time kNever = Time::max();

bool IsRefusal(const Error& error) {
  return error.sqlstate.starts_with("42") || error.sqlstate.starts_with("0A") ||
         error.sqlstate.starts_with("58");
}

std::string HintFor(const Collector& collector, const Error& error) {
  const bool has_hint = collector.hint != nullptr && !error.sqlstate.empty();
  if (has_hint) return std::string(collector.hint(error.sqlstate));
  const bool lacks_grant = error.sqlstate == "42501" && !collector.grant.empty();
  return lacks_grant ? std::string(collector.grant) : error.hint;
}

}  // namespace

ServerSession::ServerSession(SessionOptions options, std::uint32_t seed,
                             StartConnecting start_connecting, Publish publish)
    : options_(std::move(options)),
      start_connecting_(std::move(start_connecting)),
      publish_(std::move(publish)),
      backoff_(seed),
      schedule_(options_.collectors.size()) {
  snapshot_.facts.resize(options_.collectors.size());
}

bool ServerSession::wants_write() const { return pipeline_ && pipeline_->wants_write(); }

Time ServerSession::due() const {
  switch (state_) {
    case State::kDisconnected:
      return next_attempt_;
    case State::kBusy:
    case State::kOverdue:
      return deadline_;
    default:
      return kNever;
  }
}

void ServerSession::Attempt(Time /*now*/) {
  state_ = State::kConnecting;
  const Duration statement_timeout = options_.pulse_deadline / 2;
  start_connecting_(options_.login, {statement_timeout, kLockTimeout}, options_.pulse_deadline);
}

void ServerSession::OnConnected(Result<Connection> connection, Time now) {
  if (!connection) {
    state_ = State::kDisconnected;
    next_attempt_ = now + backoff_.Next(now);
    const Error& error = connection.error();
    PublishDown(error, Classify(error.message, error.sqlstate), now);
    return;
  }
  connection_.emplace(std::move(*connection));
  answered_ = false;
  expires_ = now + options_.connection_lifetime;
  snapshot_.version = connection_->server_version();
  snapshot_.version_text = connection_->version_text();
  snapshot_.address = connection_->address();
  for (std::size_t i = 0; i < schedule_.size(); ++i) {
    // Another session is no reason to ask again what may be expensive.
    if (!options_.collectors[i].is_foreign) schedule_[i].due = now;
  }
  state_ = State::kIdle;
  Pulse(now);
}

void ServerSession::Drop(Time now, const Error& why) {
  log::Debug("connection lost",
             {{"pg_cluster", options_.cluster}, {"server", options_.name}, {"error", why.message}});
  if (state_ == State::kBusy) BlameForeign(why, now);
  pipeline_.reset();
  connection_.reset();
  state_ = State::kDisconnected;
  if (answered_) {
    // One attempt at once: a session that an administrator ended is no server that is down.
    next_attempt_ = now;
    return;
  }
  next_attempt_ = now + backoff_.Next(now);
  PublishDown(why, Classify(why.message, why.sqlstate), now);
}

// SQL that isn't ours may be what ended or blocked the session, and would do so again at once.
void ServerSession::BlameForeign(const Error& why, Time now) {
  for (const std::size_t collector : round_.collectors) {
    if (options_.collectors[collector].is_foreign) Record(collector, why, now);
  }
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

bool ServerSession::Lacks(std::size_t collector) const {
  const Collector& declared = options_.collectors[collector];
  if (declared.statements.empty()) return true;
  return declared.needs == Needs::kArchiveDirectory && options_.archive_directory.empty();
}

bool ServerSession::Applies(std::size_t collector) const {
  if (!options_.collectors.IsOn(collector) || Lacks(collector)) return false;
  const Collector& declared = options_.collectors[collector];
  if (declared.needs == Needs::kArchiveDirectory && !ask_server_for_directory_) return false;
  return Choose(declared.statements, snapshot_.version, *round_.role) != nullptr;
}

Pipeline::Query ServerSession::QueryOf(std::size_t collector) const {
  const Collector& declared = options_.collectors[collector];
  Pipeline::Query query{Choose(declared.statements, snapshot_.version, *round_.role)->sql};
  if (declared.needs == Needs::kArchiveDirectory) query.parameter = options_.archive_directory;
  query.rolled_back = declared.is_foreign;
  return query;
}

// Slow ones go one at a time, since each may take half of the deadline: that which waits longest.
std::vector<std::size_t> ServerSession::DueIn(RoundKind kind, Time now) const {
  std::vector<std::size_t> due;
  for (std::size_t i = 0; i < options_.collectors.size(); ++i) {
    const bool is_slow = options_.collectors[i].cadence == Cadence::kSlow;
    if (is_slow != (kind == RoundKind::kSlow) || schedule_[i].due > now || !Applies(i)) continue;
    if (!is_slow || due.empty()) {
      due.push_back(i);
    } else if (schedule_[i].due < schedule_[due[0]].due) {
      due[0] = i;
    }
  }
  return due;
}

// With no role known (a first connection to a server older than 14) the role statement goes alone
// and the rest follows: statements for the wrong role would be errors in the server's log.
void ServerSession::StartRound(RoundKind kind, bool replanned, Time now) {
  round_ = Round{.kind = kind,
                 .role = snapshot_.role,
                 .replanned = replanned,
                 .sent = now,
                 .wall_sent = WallSeconds()};
  std::vector<Pipeline::Query> queries = {{kRoleSql}};
  if (round_.role) round_.collectors = DueIn(kind, now);
  for (const std::size_t collector : round_.collectors) queries.push_back(QueryOf(collector));
  if (kind == RoundKind::kSlow && round_.collectors.empty()) return;
  if (kind == RoundKind::kPulse) slow_until_ = now + kSlowBudget;
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
    state_ = State::kIdle;
    Pulse(now);
  }
}

void ServerSession::FinishRound(Time now) {
  const std::vector<Result<Rows>> answers = pipeline_->Take();
  pipeline_.reset();
  state_ = State::kIdle;
  if (!AcceptRole(answers.front(), now)) return;
  for (std::size_t i = 0; i < round_.collectors.size(); ++i) {
    Accept(round_.collectors[i], answers[i + 1], now);
  }
  PublishUp(now);
  if (round_.kind == RoundKind::kPulse || now < slow_until_) {
    StartRound(RoundKind::kSlow, /*replanned=*/false, now);
  }
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
  if (snapshot_.role && *snapshot_.role != role) {
    log::Info("role changed", {{"pg_cluster", options_.cluster},
                               {"server", options_.name},
                               {"role", role == Role::kPrimary ? "primary" : "standby"}});
  }
  ForgetOtherRole(role);
  snapshot_.role = role;
  for (Schedule& schedule : schedule_) schedule.due = std::min(schedule.due, now);
  if (!round_.replanned) StartRound(RoundKind::kPulse, /*replanned=*/true, now);
  return false;
}

// What was read under the other role says nothing about this one.
void ServerSession::ForgetOtherRole(Role role) {
  if (!snapshot_.role || *snapshot_.role == role) return;
  for (std::size_t i = 0; i < options_.collectors.size(); ++i) {
    if (options_.collectors[i].statements.empty()) continue;
    CollectedFact& collected = snapshot_.facts[i];
    collected.fact.reset();
    // One that this role doesn't have has neither succeeded nor failed.
    const bool has = Choose(options_.collectors[i].statements, snapshot_.version, role) != nullptr;
    if (!has) collected.run = {};
  }
}

void ServerSession::Accept(std::size_t collector, const Result<Rows>& answer, Time now) {
  if (!answer) {
    Record(collector, answer.error(), now);
    return;
  }
  const Collector& declared = options_.collectors[collector];
  Record(collector, declared.decode(declared, *answer), now);
}

void ServerSession::Record(std::size_t collector, Result<FactPtr> fact, Time now) {
  CollectedFact& collected = snapshot_.facts[collector];
  const Duration took = now - round_.sent;
  const double wall_middle = round_.wall_sent + Seconds(took) / 2;
  collected.run.ran = true;
  collected.run.success = fact.ok();
  collected.run.duration_seconds = Seconds(took);
  LogOutcome(collector, fact);
  ScheduleNext(collector, fact, now);
  if (!fact) return;
  collected.run.last_success_timestamp = wall_middle;
  collected.fact = std::move(*fact);
  collected.at = round_.sent + took / 2;
  collected.wall_at = wall_middle;
}

void ServerSession::ScheduleNext(std::size_t collector, const Result<FactPtr>& outcome, Time now) {
  const Collector& declared = options_.collectors[collector];
  Duration pause{};
  switch (declared.cadence) {
    case Cadence::kPulse:
      break;
    case Cadence::kNormal:
      // Slightly early, so that the pulse nearest to the interval takes it.
      pause = options_.interval - options_.interval / 20;
      break;
    case Cadence::kSlow:
      pause = options_.slow_interval;
      break;
  }
  if (declared.interval > Duration{}) pause = declared.interval - declared.interval / 20;
  if (!outcome && (declared.is_foreign || IsRefusal(outcome.error()))) {
    pause = std::max<Duration>(pause, kRetryRefused);
  }
  schedule_[collector].due = now + pause;
}

void ServerSession::LogOutcome(std::size_t collector, const Result<FactPtr>& outcome) {
  const std::string failure = outcome ? "" : outcome.error().message;
  if (failure == schedule_[collector].failure) return;
  schedule_[collector].failure = failure;
  const std::string name(options_.collectors[collector].name);
  if (outcome) {
    log::Info("collector works again",
              {{"pg_cluster", options_.cluster}, {"server", options_.name}, {"collector", name}});
    return;
  }
  const Error& error = outcome.error();
  log::Warn("collector failed", {{"pg_cluster", options_.cluster},
                                 {"server", options_.name},
                                 {"collector", name},
                                 {"error", failure},
                                 {"sqlstate", error.sqlstate},
                                 {"hint", HintFor(options_.collectors[collector], error)}});
}

void ServerSession::PublishUp(Time now) {
  if (!snapshot_.up) {
    log::Info("server is up", {{"pg_cluster", options_.cluster},
                               {"server", options_.name},
                               {"address", snapshot_.address},
                               {"version", snapshot_.version_text},
                               {"role", is_primary() ? "primary" : "standby"}});
  }
  answered_ = true;
  backoff_.Reset();
  snapshot_.up = true;
  snapshot_.reason = UpReason::kOk;
  snapshot_.message.clear();
  snapshot_.at = now;
  snapshot_.answered_at = now;
  publish_(std::make_shared<const ServerSnapshot>(snapshot_));
}

void ServerSession::PublishDown(const Error& why, UpReason reason, Time now) {
  const bool changed = snapshot_.up || snapshot_.reason != reason || snapshot_.at == Time{};
  if (changed) {
    log::Warn("server is down",
              {{"pg_cluster", options_.cluster},
               {"server", options_.name},
               {"reason", std::string(Name(reason))},
               {"error", why.message},
               {"hint", why.hint.empty() ? std::string(Hint(reason)) : why.hint}});
  }
  snapshot_.up = false;
  snapshot_.reason = reason;
  snapshot_.message = why.message;
  snapshot_.at = now;
  // What ran is no longer known to work, and before anything ran nothing does.
  for (std::size_t i = 0; i < options_.collectors.size(); ++i) {
    // But what needs no statement goes on.
    if (options_.collectors[i].statements.empty()) continue;
    CollectorRun& run = snapshot_.facts[i].run;
    run.success = false;
    if (!snapshot_.role) run.ran = options_.collectors.IsOn(i) && !Lacks(i);
  }
  publish_(std::make_shared<const ServerSnapshot>(snapshot_));
}

void ServerSession::OnTime(Time now) {
  if (now < due()) return;
  if (state_ == State::kDisconnected) {
    Attempt(now);
  } else if (state_ == State::kBusy) {
    state_ = State::kOverdue;
    deadline_ = now + kKeepOverdue;
    BlameForeign({"no answer in time"}, now);
    PublishDown({"the pulse was not answered in time"}, UpReason::kTimeout, now);
  } else if (state_ == State::kOverdue) {
    Drop(now, {"timed out: no answer for a minute"});
    next_attempt_ = now + backoff_.Next(now);
  }
}

void ServerSession::OnLocalFact(CollectorId collector, const Result<FactPtr>& fact, Time now) {
  // What is no local directory may be one of the server's.
  if (collector == CollectorId::kArchiveDirectory) {
    ask_server_for_directory_ = !fact;
    if (!fact) return;
  }
  const auto index = static_cast<std::size_t>(collector);
  CollectedFact& collected = snapshot_.facts[index];
  LogOutcome(index, fact);
  collected.run.ran = true;
  collected.run.success = fact.ok();
  collected.run.duration_seconds = 0;
  if (fact) {
    collected.fact = *fact;
    collected.at = now;
    collected.wall_at = WallSeconds();
    collected.run.last_success_timestamp = collected.wall_at;
  }
  // The next pulse takes it along. Of a server that is down none may come for a while, and its disk
  // may be why.
  const bool tried = snapshot_.at != Time{};
  if (tried && !snapshot_.up) publish_(std::make_shared<const ServerSnapshot>(snapshot_));
}

}  // namespace pgrepl
