// Where to listen: what the user wrote, resolved to one numeric address, and tried.
// civetweb's own errors name neither the address nor the reason, so each address is bound for a
// moment before civetweb binds it. Start-up only, one thread; resolving a name may block.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <string>

#include "exporter/base/result.h"
#include "exporter/base/unique_fd.h"

namespace pgrepl::http {

struct ListenAddress {
  std::string configured;  ///< as the user wrote it, for messages
  sockaddr_storage address{};
  socklen_t length = 0;
  bool all_interfaces = false;  ///< an IPv6 socket that takes IPv4 as well, if there is IPv6
};

/// Takes "127.0.0.1:9717", "[::1]:9717", "name:9717", and ":9717" or "[::]:9717" for all
/// interfaces. A name stands for one of its addresses, an IPv4 one if it has any (as in Go's
/// servers).
Result<ListenAddress> ResolveListenAddress(const std::string& text);

/// A socket that listens there. Without IPv6 on this machine, `all_interfaces` becomes all of IPv4.
Result<UniqueFd> Bind(ListenAddress& address);

/// 0 for what is neither IPv4 nor IPv6.
int PortOf(const sockaddr_storage& address);

/// Where this machine reaches what listens there, on the port that it got.
std::string LocalUrl(const std::string& listen_address, int port);

/// In civetweb's syntax for its option listening_ports.
std::string CivetwebPort(const ListenAddress& address);

}  // namespace pgrepl::http
