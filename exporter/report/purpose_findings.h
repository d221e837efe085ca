// Whether a cluster is fit for what somebody means to do with it now, beyond being well. Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "exporter/config/config.h"
#include "exporter/report/finding.h"

namespace pgrepl::report {

void AddFor(config::CheckFor purpose, const ClusterView& cluster, Findings& findings);

}  // namespace pgrepl::report
