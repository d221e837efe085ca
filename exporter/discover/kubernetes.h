// The members of a cluster as the EndpointSlices of a Kubernetes Service list them: each address with
// the Pod that it belongs to, whose name the member gets. Also those that are not ready, which are
// those one is paged for.
// https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "exporter/discover/lookup.h"

namespace pgrepl::discover {

/// Needs a role that may list endpointslices of discovery.k8s.io in that namespace.
Result<Members> FromKubernetes(const config::Discovery& discovery);

/// The body of an EndpointSliceList. `port`: instead of the slices' first one.
Result<Members> ParseEndpointSlices(std::string_view json, std::optional<int> port);

}  // namespace pgrepl::discover
