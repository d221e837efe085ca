// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/filesystem.h"

#include <gtest/gtest.h>

#include "tests/support/exposition.h"

namespace pgrepl {
namespace {

std::string Filesystem(const FilesystemFact* measured, std::optional<double> configured) {
  ServerView server;
  server.labels = R"(server="p")";
  server.wal_filesystem_bytes = configured;
  server.facts[static_cast<std::size_t>(CollectorId::kWalFilesystem)] = measured;
  return Exposition(CollectorId::kWalFilesystem, server);
}

TEST(WalFilesystemTest, OfALocalPathIsMeasured) {
  const FilesystemFact fact{.size = 107374182400, .avail = 4096};
  EXPECT_EQ(Filesystem(&fact, std::nullopt), R"(# TYPE pgrepl_wal_filesystem_size_bytes gauge
pgrepl_wal_filesystem_size_bytes{server="p"} 107374182400
# TYPE pgrepl_wal_filesystem_avail_bytes gauge
pgrepl_wal_filesystem_avail_bytes{server="p"} 4096
)");
}

TEST(WalFilesystemTest, OnlyAFullOneHasNothingLeft) {
  const FilesystemFact fact{.size = 107374182400, .avail = 0};
  EXPECT_EQ(Filesystem(&fact, std::nullopt), R"(# TYPE pgrepl_wal_filesystem_size_bytes gauge
pgrepl_wal_filesystem_size_bytes{server="p"} 107374182400
# TYPE pgrepl_wal_filesystem_avail_bytes gauge
pgrepl_wal_filesystem_avail_bytes{server="p"} 0
)");
}

TEST(WalFilesystemTest, OfAnotherMachineHasTheSizeThatIsConfigured) {
  EXPECT_EQ(Filesystem(nullptr, 107374182400.0), R"(# TYPE pgrepl_wal_filesystem_size_bytes gauge
pgrepl_wal_filesystem_size_bytes{server="p"} 107374182400
)");
}

TEST(WalFilesystemTest, NothingIsKnownOfIt) { EXPECT_EQ(Filesystem(nullptr, std::nullopt), ""); }

}  // namespace
}  // namespace pgrepl
