// Which of many sockets are ready: the only door to epoll. What a wait costs grows with those that
// are, not with those that are watched. One thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/base/unique_fd.h"

namespace pgrepl {

class Poller {
 public:
  using Token = std::uint64_t;

  Poller();

  /// `token` comes from Wait whenever this socket can be read, or written if that is asked for, until it
  /// is closed.
  void Add(int socket, bool for_writing, Token token);
  void Change(int socket, bool for_writing, Token token);

  /// The tokens of those that are ready, not all of them when they are many; none after `longest`.
  /// Valid until the next call.
  const std::vector<Token>& Wait(Duration longest);

 private:
  UniqueFd epoll_;
  std::vector<Token> ready_;
};

}  // namespace pgrepl
