// Positions and names of WAL files, as servers and directories have them.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/lsn.h"

#include "exporter/postgres/wal_file.h"
#include "tests/fuzz/fuzz.h"

using namespace pgrepl;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::Text(data, size);
  if (const auto lsn = Lsn::Parse(text)) {
    fuzz::Require(Lsn::Parse(lsn->ToString()) == lsn, "what is written is read");
  }
  for (const std::int64_t segment : {std::int64_t{1} << 20, std::int64_t{1} << 24,
                                     std::int64_t{1} << 30, std::int64_t{0}, std::int64_t{-1}}) {
    const auto file = WalFile::Parse(text, segment);
    if (file) fuzz::Require(file->end > file->start, "a segment ends behind its start");
  }
  return 0;
}
