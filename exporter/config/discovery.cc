// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/discovery.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "exporter/config/nearest.h"

namespace pgrepl::config {
namespace {

constexpr int kHighestPort = 65535;

std::string Url(const Value& value) {
  std::string url = Text(value);
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    Fail(value.node.Mark(),
         fmt::format("{} is no URL; write http://HOST:PORT or https://HOST:PORT", Quoted(url)));
  }
  while (url.ends_with('/')) url.pop_back();
  return url;
}

// It gets each member's host and port behind it, and a URI would be one value of it.
std::string CommonConninfo(const Value& value) {
  std::string conninfo = Text(value);
  if (conninfo.find("://") != conninfo.npos) {
    Fail(value.node.Mark(), "conninfo is a URI; write keywords, without host and port");
  }
  return conninfo;
}

void ReadPort(const Value& value, Discovery& discovery) {
  discovery.port = CountBetween(value, 1, kHighestPort);
}

struct DnsEntry {
  std::string name;
  Discovery* discovery;
};

constexpr Key<DnsEntry> kDnsKeys[] = {
    {"name", [](const Value& value, DnsEntry& entry) { entry.name = Name(value); }},
    {"port", [](const Value& value, DnsEntry& entry) { ReadPort(value, *entry.discovery); }},
};

void ReadDns(const Value& value, Discovery& discovery) {
  DnsEntry entry{.name = {}, .discovery = &discovery};
  ReadMap(value.node, "dns", kDnsKeys, entry);
  if (entry.name.empty()) Fail(value.node.Mark(), "dns has no name; add 'name: ...'");
  discovery.dns = entry.name;
}

struct KubernetesEntry {
  KubernetesSource source;
  Discovery* discovery;
};

constexpr Key<KubernetesEntry> kKubernetesKeys[] = {
    {"namespace",
     [](const Value& value, KubernetesEntry& entry) { entry.source.name_space = Name(value); }},
    {"service",
     [](const Value& value, KubernetesEntry& entry) { entry.source.service = Name(value); }},
    {"port", [](const Value& value, KubernetesEntry& entry) { ReadPort(value, *entry.discovery); }},
    {"api", [](const Value& value, KubernetesEntry& entry) { entry.source.api = Url(value); }},
    {"credentials",
     [](const Value& value, KubernetesEntry& entry) { entry.source.credentials = Text(value); }},
};

void ReadKubernetes(const Value& value, Discovery& discovery) {
  KubernetesEntry entry{.source = {}, .discovery = &discovery};
  ReadMap(value.node, "kubernetes", kKubernetesKeys, entry);
  if (entry.source.service.empty()) {
    Fail(value.node.Mark(), "kubernetes has no service; add 'service: ...'");
  }
  discovery.kubernetes = entry.source;
}

constexpr Key<Discovery> kKeys[] = {
    {"patroni",
     [](const Value& value, Discovery& discovery) {
       for (const YAML::Node& node : Items(value)) {
         discovery.patroni.push_back(Url({value.key, node}));
       }
     }},
    {"dns", ReadDns},
    {"kubernetes", ReadKubernetes},
    {"ca_file", [](const Value& value, Discovery& discovery) { discovery.ca_file = Text(value); }},
    {"conninfo", [](const Value& value,
                    Discovery& discovery) { discovery.server.conninfo = CommonConninfo(value); }},
    {"password_file", [](const Value& value,
                         Discovery& discovery) { discovery.server.password_file = Text(value); }},
    {"interval",
     [](const Value& value, Discovery& discovery) {
       discovery.interval = Interval(value, {1s, 1h});
     }},
};

}  // namespace

Discovery ReadDiscovery(const Value& value) {
  Discovery discovery;
  ReadMap(value.node, "discover", kKeys, discovery);
  const int sources = (discovery.patroni.empty() ? 0 : 1) + (discovery.dns.empty() ? 0 : 1) +
                      (discovery.kubernetes ? 1 : 0);
  if (sources != 1) {
    Fail(value.node.Mark(), "discover needs one of patroni, dns and kubernetes");
  }
  if (discovery.server.conninfo.empty()) {
    Fail(value.node.Mark(),
         "discover has no conninfo; add what all members have in common, as 'conninfo: "
         "user=pgrepl_monitor dbname=postgres'");
  }
  return discovery;
}

}  // namespace pgrepl::config
