// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/listen_address.h"

#include <netdb.h>
#include <netinet/in.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>

namespace pgrepl::http {
namespace {

struct HostAndPort {
  std::string host;  // empty for all interfaces
  std::string port;  // decimal, 0 to 65535
};

Error NotAnAddress(const std::string& text, const std::string& reason) {
  return {.message = "listen address '" + text + "': " + reason,
          .hint = "Write host:port, [IPv6 address]:port, or :port for all interfaces."};
}

bool IsPort(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port <= 65535;
}

Result<HostAndPort> Split(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || text.ends_with(']')) return NotAnAddress(text, "has no port");
  HostAndPort parts{.host = text.substr(0, colon), .port = text.substr(colon + 1)};
  if (!IsPort(parts.port)) {
    return NotAnAddress(text, "'" + parts.port + "' is not a port (0 to 65535)");
  }
  if (parts.host.starts_with('[') && parts.host.ends_with(']')) {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
    if (parts.host.find(':') == std::string::npos) {
      return NotAnAddress(text, "'" + parts.host + "' is not an IPv6 address");
    }
    if (parts.host == "::") parts.host.clear();
  } else if (parts.host.find_first_of(":[]") != std::string::npos) {
    return NotAnAddress(text, "an IPv6 address needs brackets");
  }
  return parts;
}

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

const addrinfo* PreferIpv4(const addrinfo* list) {
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET) return entry;
  }
  return list;
}

bool HasZone(const addrinfo& entry) {
  sockaddr_in6 address{};
  if (entry.ai_family != AF_INET6) return false;
  std::memcpy(&address, entry.ai_addr, sizeof(address));
  return address.sin6_scope_id != 0;
}

Error CannotListen(const ListenAddress& address, int reason) {
  Error error{.message = "cannot listen on " + address.configured + ": " +
                         std::generic_category().message(reason)};
  if (reason == EADDRINUSE) {
    error.hint = "Another process has this port; ss -ltnp shows which.";
  } else if (reason == EACCES) {
    error.hint = "Ports below 1024 need the capability CAP_NET_BIND_SERVICE.";
  } else if (reason == EADDRNOTAVAIL) {
    error.hint = "No interface of this machine has this address.";
  }
  return error;
}

const sockaddr* Generic(const ListenAddress& address) {
  return reinterpret_cast<const sockaddr*>(&address.address);
}

// 0, or the errno that says why not.
int TryListen(const ListenAddress& address, UniqueFd& fd) {
  const int family = address.address.ss_family;
  fd.Reset(socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!fd.valid()) return errno;
  const int on = 1;
  const int v6_only = address.all_interfaces ? 0 : 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (family == AF_INET6) {
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only));
  }
  if (bind(fd.get(), Generic(address), address.length) != 0) return errno;
  return listen(fd.get(), 1) == 0 ? 0 : errno;
}

void BecomeAllOfIpv4(ListenAddress& address) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(static_cast<in_port_t>(PortOf(address.address)));
  std::memcpy(&address.address, &v4, sizeof(v4));
  address.length = sizeof(v4);
  address.all_interfaces = false;
}

}  // namespace

Result<ListenAddress> ResolveListenAddress(const std::string& text) {
  auto parts = Split(text);
  if (!parts) return parts.error();
  const bool all = parts->host.empty();
  const char* host = all ? "::" : parts->host.c_str();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* resolved = nullptr;
  const int failure = getaddrinfo(host, parts->port.c_str(), &hints, &resolved);
  const int reason = errno;
  if (failure != 0) {
    return NotAnAddress(text, "cannot resolve '" + parts->host + "': " +
                                  (failure == EAI_SYSTEM ? std::generic_category().message(reason)
                                                         : gai_strerror(failure)));
  }
  const AddressList list(resolved, freeaddrinfo);
  const addrinfo* chosen = PreferIpv4(list.get());
  if (HasZone(*chosen)) return NotAnAddress(text, "addresses with a zone cannot be listened on");
  ListenAddress address{.configured = text, .length = chosen->ai_addrlen, .all_interfaces = all};
  std::memcpy(&address.address, chosen->ai_addr, chosen->ai_addrlen);
  return address;
}

Result<UniqueFd> Bind(ListenAddress& address) {
  UniqueFd fd;
  int failure = TryListen(address, fd);
  if (address.all_interfaces && (failure == EAFNOSUPPORT || failure == EADDRNOTAVAIL)) {
    BecomeAllOfIpv4(address);
    failure = TryListen(address, fd);
  }
  if (failure != 0) return CannotListen(address, failure);
  return fd;
}

int PortOf(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof(v6));
    return ntohs(v6.sin6_port);
  }
  if (address.ss_family != AF_INET) return 0;
  sockaddr_in v4{};
  std::memcpy(&v4, &address, sizeof(v4));
  return ntohs(v4.sin_port);
}

std::string LocalUrl(const std::string& listen_address, int port) {
  std::string host = listen_address.substr(0, listen_address.rfind(':'));
  if (host.empty() || host == "0.0.0.0" || host == "[::]") host = "127.0.0.1";
  return "http://" + host + ":" + std::to_string(port);
}

std::string CivetwebPort(const ListenAddress& address) {
  const std::string port = std::to_string(PortOf(address.address));
  if (address.all_interfaces) return "+" + port;
  char host[NI_MAXHOST] = "";
  getnameinfo(Generic(address), address.length, host, sizeof(host), nullptr, 0, NI_NUMERICHOST);
  const bool v6 = address.address.ss_family == AF_INET6;
  return (v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + port;
}

}  // namespace pgrepl::http
