// What /api/v1/clusters says, read back: what `watch` shows, whether an exporter told it or this process.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "exporter/base/result.h"

namespace pgrepl::report {

struct PicturedLag {
  double seconds = 0;
  bool known = false;
  std::string bound;  ///< exact, at_least, at_most
  std::string cause;  ///< empty: none
  double threshold = 60;
};

/// Texts are plain: fit for a terminal. Empty: not known, or not for this server.
struct PicturedServer {
  std::string name, role, state, upstream, link, sync_state, candidacy, version;
  int depth = 0;  ///< how many upstreams it has
  std::optional<PicturedLag> lag;
  std::vector<double> trail;  ///< its lag over the last minutes, the oldest first
  std::string archive;        ///< of a primary that archives: "ok" or "failing"
};

struct PicturedSlot {
  std::string server, name, type, wal_status;
  bool active = false;
  std::optional<double> retained_bytes, safe_bytes;
};

struct PicturedConcern {
  bool critical = false;
  std::string server, text;
};

struct PicturedCluster {
  std::string name, candidate;
  int primaries = 0, expected_primaries = 0;
  bool rpo_known = false;
  std::optional<double> rpo_bytes, rpo_seconds;
  std::vector<PicturedServer> servers;  ///< upstreams first
  std::vector<PicturedSlot> slots;
  std::vector<PicturedConcern> concerns;
};

struct Picture {
  double at = 0;  ///< seconds since 1970, by the exporter's clock
  std::vector<PicturedCluster> clusters;
};

/// Total: what isn't of that shape is an Error.
Result<Picture> ReadPicture(std::string_view json);

}  // namespace pgrepl::report
