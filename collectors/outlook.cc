// What would be lost if the primary died now, who should take over, and who can't follow any more.
// Source: computed in exporter/cluster from the facts of lag, senders and archive: no statement of
// its own. Privilege: as those.
// SPDX-License-Identifier: Apache-2.0
#include "collectors/outlook.h"

#include "collectors/view.h"

namespace pgrepl {
namespace {

constexpr std::string_view kScopeLabels[] = {"scope"};
constexpr std::string_view kReasonLabels[] = {"reason"};

constexpr Family kRpoBytes{.name = "pgrepl_rpo_bytes",
                           .help =
                               "WAL flushed on the primary and on no standby; for scope any, also "
                               "on no pg_receivewal and in no archive "
                               "(pg_stat_replication.flush_lsn).",
                           .scope = Scope::kCluster,
                           .labels = kScopeLabels};
constexpr Family kRpoSeconds{.name = "pgrepl_rpo_seconds",
                             .help =
                                 "Age of the oldest transaction that would be lost if the primary "
                                 "died now.",
                             .scope = Scope::kCluster,
                             .labels = kScopeLabels};
constexpr Family kRpoKnown{.name = "pgrepl_rpo_known",
                           .help =
                               "0 when the figures are the last known ones, a lower bound, or "
                               "no standby is there to receive it.",
                           .scope = Scope::kCluster,
                           .labels = kScopeLabels};
constexpr Family kCandidate{.name = "pgrepl_failover_candidate",
                            .help =
                                "Whether a failover should choose this standby, reason best, or "
                                "why not, one-hot. Advice, from the WAL each has received.",
                            .labels = kReasonLabels,
                            .on = "standbys"};
constexpr Family kDiverged{.name = "pgrepl_diverged",
                           .help =
                               "1 when the server has WAL that the newest timeline of its cluster "
                               "left behind: it needs pg_rewind or a new base backup."};
constexpr Family kWalMargin{.name = "pgrepl_standby_wal_margin_bytes",
                            .help =
                                "WAL that its upstream still keeps and the standby already has; "
                                "below 0 what it needs next is gone (pg_ls_waldir()).",
                            .on = "standbys"};

constexpr const Family* kFamilies[] = {&kRpoBytes,  &kRpoSeconds, &kRpoKnown,
                                       &kCandidate, &kDiverged,   &kWalMargin};

void Emit(const ServerView& server, Samples& samples) {
  if (server.candidacy) {
    samples.AddStates(kCandidate, kCandidacies,
                      kCandidacies[static_cast<std::size_t>(*server.candidacy)]);
  }
  if (server.diverged) samples.Add(kDiverged, *server.diverged ? 1 : 0);
  samples.Add(kWalMargin, server.wal_margin_bytes);
}

void EmitRpo(const RpoView& rpo, std::string_view scope, Samples& samples) {
  samples.Add(kRpoBytes, rpo.bytes, {scope});
  samples.Add(kRpoSeconds, rpo.seconds, {scope});
  samples.Add(kRpoKnown, rpo.known ? 1 : 0, {scope});
}

void EmitCluster(const ClusterView& cluster, Samples& samples) {
  EmitRpo(cluster.rpo_standby, "standby", samples);
  EmitRpo(cluster.rpo_any, "any", samples);
}

}  // namespace

extern const Collector kOutlook;
constexpr Collector kOutlook{.name = "outlook",
                             .help = "what a failover would lose, and which standby should lead",
                             .families = kFamilies,
                             .emit = EmitView<Emit>,
                             .emit_cluster = EmitCluster};

}  // namespace pgrepl
