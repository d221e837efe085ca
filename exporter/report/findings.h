// All that is wrong with a cluster at one moment: the guide's troubleshooting chapter as functions of a
// view, an area each. Pure; docs/check.md lists what they find.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "exporter/report/finding.h"

namespace pgrepl::report {

/// The worst first: critical, warnings, what can't be told, notes.
Findings FindingsOf(const ClusterView& cluster);

/// kOk when there are none but notes; kUnknown only if nothing is worse.
Severity WorstOf(const Findings& findings);

/// Sorts as FindingsOf does.
void SortByWeight(Findings& findings);

// The areas.
void AddReach(const ClusterView& cluster, Findings& findings);      ///< names, TCP, TLS, passwords
void AddRights(const ClusterView& cluster, Findings& findings);     ///< what our role may not see
void AddMembers(const ClusterView& cluster, Findings& findings);    ///< who is there, in which role
void AddReceivers(const ClusterView& cluster, Findings& findings);  ///< standbys that get no WAL
void AddLag(const ClusterView& cluster, Findings& findings);
void AddSlots(const ClusterView& cluster, Findings& findings);
void AddPrimary(const ClusterView& cluster,
                Findings& findings);  ///< wal_level, senders, archive, sync
void AddSettings(const ClusterView& cluster, Findings& findings);  ///< lower than the primary's

/// The one primary that answers; nullptr: none, or several.
const ServerView* PrimaryOf(const ClusterView& cluster);

/// From whom it receives, or last did; where nobody has seen that, the only primary.
const ServerView* LikelyUpstreamOf(const ClusterView& cluster, const ServerView& standby);

/// max_wal_senders.
std::int64_t MaxSenders(const SettingsFact& settings);

}  // namespace pgrepl::report
