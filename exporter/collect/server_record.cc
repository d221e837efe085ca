// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/server_record.h"

#include <memory>
#include <utility>

#include "exporter/base/log.h"
#include "exporter/collect/refusal.h"

namespace pgrepl {

ServerRecord::ServerRecord(std::string cluster, std::string server, CollectorSet collectors,
                           Publish publish)
    : cluster_(std::move(cluster)),
      server_(std::move(server)),
      publish_(std::move(publish)),
      log_(cluster_, server_, collectors) {
  snapshot_.facts.resize(collectors.size());
  snapshot_.collectors = std::make_shared<const CollectorSet>(std::move(collectors));
}

void ServerRecord::Reconfigure(const CollectorSet& collectors) {
  log_ = CollectorLog(cluster_, server_, collectors);
  snapshot_.collectors = std::make_shared<const CollectorSet>(collectors);
  snapshot_.facts.resize(kCollectorCount);
  snapshot_.facts.resize(collectors.size());
  for (std::size_t i = 0; i < kCollectorCount; ++i) {
    if (!collectors.IsOn(i)) snapshot_.facts[i] = {};
  }
}

void ServerRecord::Connected(const Connection& connection) {
  snapshot_.version = connection.server_version();
  snapshot_.version_text = connection.version_text();
  snapshot_.address = connection.address();
  const bool told = snapshot_.superuser == true;
  snapshot_.superuser = connection.is_superuser();
  if (snapshot_.superuser == true && !told) {
    log::Warn("the exporter's role is a superuser, and needn't be",
              {{"pg_cluster", cluster_},
               {"server", server_},
               {"hint", "CREATE ROLE ... LOGIN IN ROLE pg_monitor is enough."}});
  }
}

void ServerRecord::See(Role role) {
  const bool changed = snapshot_.role && *snapshot_.role != role;
  snapshot_.role = role;
  if (!changed) return;
  log::Info("role changed", {{"pg_cluster", cluster_},
                             {"server", server_},
                             {"role", role == Role::kPrimary ? "primary" : "standby"}});
  for (std::size_t i = 0; i < snapshot_.facts.size(); ++i) {
    const Collector& collector = (*snapshot_.collectors)[i];
    CollectedFact& collected = snapshot_.facts[i];
    if (collector.statements.empty() || collected.is_local) continue;
    collected.fact.reset();
    collected.at = {};
    // One that this role doesn't have has neither succeeded nor failed.
    const bool has = Choose(collector.statements, snapshot_.version, role) != nullptr;
    if (!has) collected.run = {};
  }
}

void ServerRecord::Record(std::size_t collector, Result<FactPtr> fact, const Sent& sent, Time now) {
  CollectedFact& collected = snapshot_.facts[collector];
  const Status outcome = OutcomeOf((*snapshot_.collectors)[collector], fact);
  const Duration took = now - sent.at;
  const double wall_middle = sent.wall + Seconds(took) / 2;
  collected.run.ran = true;
  collected.run.success = outcome.ok();
  collected.run.failure = FailureOf(outcome);
  collected.run.duration_seconds = Seconds(took);
  log_.Outcome(collector, outcome);
  if (outcome) collected.run.last_success_timestamp = wall_middle;
  if (!fact) return;
  collected.is_local = false;
  collected.fact = std::move(*fact);
  collected.at = sent.at + took / 2;
  collected.wall_at = wall_middle;
}

void ServerRecord::RecordLocal(CollectorId collector, const Result<FactPtr>& fact, Time now) {
  const auto index = static_cast<std::size_t>(collector);
  CollectedFact& collected = snapshot_.facts[index];
  const Status outcome = fact ? Ok() : Status(fact.error());
  log_.Outcome(index, outcome);
  collected.run.ran = true;
  collected.run.success = outcome.ok();
  collected.run.failure = FailureOf(outcome);
  collected.run.duration_seconds = 0;
  if (fact) {
    collected.is_local = true;
    collected.fact = *fact;
    collected.at = now;
    collected.wall_at = WallSeconds();
    collected.run.last_success_timestamp = collected.wall_at;
  }
  // The next pulse takes it along. Of a server that is down none may come for a while, and its disk
  // may be why.
  const bool tried = snapshot_.at != Time{};
  if (tried && !snapshot_.up) PublishCopy();
}

void ServerRecord::PublishUp(Time now) {
  if (!snapshot_.up) {
    log::Info("server is up", {{"pg_cluster", cluster_},
                               {"server", server_},
                               {"address", snapshot_.address},
                               {"version", snapshot_.version_text},
                               {"role", snapshot_.role == Role::kPrimary ? "primary" : "standby"}});
  }
  // What hasn't run since goes by its last run again.
  for (CollectedFact& collected : snapshot_.facts) {
    CollectorRun& run = collected.run;
    if (run.failure != RunFailure::kServerDown) continue;
    run.success = run.last_success_timestamp.has_value();
    run.ran = run.success;
    run.failure = RunFailure::kNone;
  }
  snapshot_.up = true;
  snapshot_.reason = UpReason::kOk;
  snapshot_.message.clear();
  snapshot_.at = now;
  snapshot_.answered_at = now;
  PublishCopy();
}

void ServerRecord::PublishDown(const Error& why, UpReason reason, Time now,
                               const std::function<bool(std::size_t)>& runs) {
  const bool changed = snapshot_.up || snapshot_.reason != reason || snapshot_.at == Time{};
  if (changed) {
    log::Warn("server is down",
              {{"pg_cluster", cluster_},
               {"server", server_},
               {"reason", std::string(Name(reason))},
               {"error", why.message},
               {"hint", why.hint.empty() ? std::string(Hint(reason)) : why.hint}});
  }
  snapshot_.up = false;
  snapshot_.reason = reason;
  snapshot_.message = why.message;
  snapshot_.at = now;
  // What ran is no longer known to work, and before anything ran nothing does.
  for (std::size_t i = 0; i < snapshot_.facts.size(); ++i) {
    // But what needs no statement goes on.
    if ((*snapshot_.collectors)[i].statements.empty() || snapshot_.facts[i].is_local) continue;
    CollectorRun& run = snapshot_.facts[i].run;
    run.success = false;
    if (run.failure == RunFailure::kNone) run.failure = RunFailure::kServerDown;
    if (!snapshot_.role) run.ran = runs(i);
  }
  PublishCopy();
}

}  // namespace pgrepl
