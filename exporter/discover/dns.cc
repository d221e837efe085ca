// SPDX-License-Identifier: Apache-2.0
#include "exporter/discover/dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <sys/socket.h>

#include <array>
#include <memory>

namespace pgrepl::discover {
namespace {

constexpr int kUsualPort = 5432;

struct AddressDeleter {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

bool IsAddress(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> out{};
  return inet_pton(AF_INET, host.c_str(), out.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), out.data()) == 1;
}

std::string NameInfo(const addrinfo& found, int flags) {
  std::array<char, NI_MAXHOST> host{};
  const bool known = getnameinfo(found.ai_addr, found.ai_addrlen, host.data(), host.size(), nullptr,
                                 0, flags) == 0;
  return known ? host.data() : "";
}

// An address has no name but by the reverse zone, which Kubernetes keeps for Pods.
Result<Members> FromAddresses(const std::string& name, int port) {
  const addrinfo hints{
      .ai_flags = AI_ADDRCONFIG, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* list = nullptr;
  if (const int problem = getaddrinfo(name.c_str(), nullptr, &hints, &list); problem != 0) {
    return Error{"cannot resolve " + name + ": " + gai_strerror(problem)};
  }
  const std::unique_ptr<addrinfo, AddressDeleter> owner(list);
  Members members;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    const std::string address = NameInfo(*one, NI_NUMERICHOST);
    const std::string reverse = NameInfo(*one, NI_NAMEREQD);
    members.push_back(
        {.name = MemberName(reverse.empty() ? address : reverse), .host = address, .port = port});
  }
  return members;
}

Result<Members> FromRecords(const std::string& name, std::optional<int> port) {
  // The resolver's state belongs to this thread.
  std::array<unsigned char, NS_MAXMSG> answer{};
  const int size = res_query(name.c_str(), ns_c_in, ns_t_srv, answer.data(), answer.size());
  ns_msg message{};
  if (size < 0 || ns_initparse(answer.data(), size, &message) != 0) {
    return Error{"cannot resolve the SRV records of " + name + ": " + hstrerror(h_errno)};
  }
  Members members;
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record{};
    constexpr int kPort = 4, kTarget = 6;  // behind priority and weight, 16 bits each
    if (ns_parserr(&message, ns_s_an, i, &record) != 0 || ns_rr_type(record) != ns_t_srv) continue;
    std::array<char, NS_MAXDNAME> target{};
    const unsigned char* data = ns_rr_rdata(record);
    if (ns_rr_rdlen(record) <= kTarget) continue;
    if (dn_expand(ns_msg_base(message), ns_msg_end(message), data + kTarget, target.data(),
                  target.size()) < 0) {
      continue;
    }
    members.push_back({.name = MemberName(target.data()),
                       .host = target.data(),
                       .port = port.value_or(static_cast<int>(ns_get16(data + kPort)))});
  }
  return members;
}

}  // namespace

std::string MemberName(const std::string& host) {
  return IsAddress(host) ? host : host.substr(0, host.find('.'));
}

Result<Members> FromDns(const config::Discovery& discovery) {
  if (discovery.dns.starts_with('_')) return FromRecords(discovery.dns, discovery.port);
  return FromAddresses(discovery.dns, discovery.port.value_or(kUsualPort));
}

}  // namespace pgrepl::discover
