// SPDX-License-Identifier: Apache-2.0
#include "exporter/base/text_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "exporter/base/unique_fd.h"

namespace pgrepl {

Result<std::string> ReadTextFile(const std::string& path, std::string_view what) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 1 << 16> buffer{};
  ssize_t count = file.valid() ? 1 : -1;
  while (count > 0 && text.size() <= kMostTextBytes) {
    count = ::read(file.get(), buffer.data(), buffer.size());
    if (count > 0) text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  if (count >= 0) return text;
  const std::string reason = std::generic_category().message(errno);
  if (what.empty()) return Error{fmt::format("cannot read {}: {}", path, reason)};
  return Error{fmt::format("cannot read the {} {}: {}", what, path, reason)};
}

}  // namespace pgrepl
