// SPDX-License-Identifier: Apache-2.0
#include "exporter/collect/collector_log.h"

#include "exporter/base/log.h"
#include "exporter/collect/refusal.h"

namespace pgrepl {

void CollectorLog::Outcome(std::size_t collector, const Status& outcome) {
  const std::string failure = outcome ? "" : outcome.error().message;
  if (failure == said_[collector].failure) return;
  said_[collector].failure = failure;
  const std::string name(collectors_[collector].name);
  if (outcome) {
    log::Info("collector works again",
              {{"pg_cluster", cluster_}, {"server", server_}, {"collector", name}});
    return;
  }
  const Error& error = outcome.error();
  log::Warn("collector failed", {{"pg_cluster", cluster_},
                                 {"server", server_},
                                 {"collector", name},
                                 {"error", failure},
                                 {"sqlstate", error.sqlstate},
                                 {"hint", HintOf(collectors_[collector], error)}});
}

void CollectorLog::PassedOver(std::size_t collector, const Error& why) {
  std::string& lacking = said_[collector].lacking;
  if (lacking == why.message) return;
  lacking = why.message;
  log::Warn("statement for an older version is used",
            {{"pg_cluster", cluster_},
             {"server", server_},
             {"collector", std::string(collectors_[collector].name)},
             {"error", why.message},
             {"sqlstate", why.sqlstate}});
}

}  // namespace pgrepl
