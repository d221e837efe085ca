// SPDX-License-Identifier: Apache-2.0
#include "exporter/config/web_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>

#include "exporter/config/document.h"
#include "exporter/config/nearest.h"
#include "exporter/config/plain_text.h"
#include "exporter/config/yaml_map.h"

namespace pgrepl::config {
namespace {

using namespace std::chrono_literals;

template <typename T>
struct Word {
  std::string_view word;
  T value;
};

constexpr Word<ClientAuth> kClientAuths[] = {
    {"NoClientCert", ClientAuth::kNone},
    {"RequestClientCert", ClientAuth::kRequest},
    {"RequireAnyClientCert", ClientAuth::kRequireAny},
    {"RequireClientCert", ClientAuth::kRequireAny},  // older exporters' word
    {"VerifyClientCertIfGiven", ClientAuth::kVerifyIfGiven},
    {"RequireAndVerifyClientCert", ClientAuth::kRequireAndVerify},
};
constexpr Word<TlsVersion> kVersions[] = {{"TLS10", TlsVersion::k10},
                                          {"TLS11", TlsVersion::k11},
                                          {"TLS12", TlsVersion::k12},
                                          {"TLS13", TlsVersion::k13}};
constexpr Word<std::string_view> kCurves[] = {
    {"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}, {"X25519", "X25519"}};
// What tls.CipherSuites() of Go lists: those without a known flaw.
constexpr std::string_view kCipherSuites[] = {
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
};

// A header that may be set, and its only values, if it has such.
struct KnownHeader {
  std::string_view name;
  std::string_view values[2];
};
constexpr KnownHeader kHeaders[] = {{"Content-Security-Policy", {}},
                                    {"Strict-Transport-Security", {}},
                                    {"X-Content-Type-Options", {"nosniff", "nosniff"}},
                                    {"X-Frame-Options", {"deny", "sameorigin"}},
                                    {"X-XSS-Protection", {}}};

// A check of one costs twice as much for each step: 16 takes seconds, 31 a day.
constexpr int kLeastCost = 4;
constexpr int kMostCost = 16;
constexpr std::size_t kMostUsers = 1000;
constexpr int kMostBurst = 1'000'000;

template <typename T, std::size_t N>
T OneOf(const Value& value, const Word<T> (&words)[N]) {
  const std::string text = Text(value);
  std::vector<std::string_view> known;
  for (const Word<T>& word : words) {
    if (word.word == text) return word.value;
    known.push_back(word.word);
  }
  Fail(value.node.Mark(), Unknown(value.key, text, known));
}

std::vector<Value> Members(const Value& value) {
  std::vector<Value> members;
  for (const YAML::Node& item : Items(value)) members.push_back({value.key, item});
  return members;
}

std::string PlainText(const Value& value) {
  std::string text = Text(value);
  if (HasControlCharacter(text)) {
    Fail(value.node.Mark(), fmt::format("{} has a control character", value.key));
  }
  return text;
}

std::string Where(const Value& value) {
  return fmt::format("{}:{}: {}", value.node.Mark().line + 1, value.node.Mark().column + 1,
                     value.key);
}

void ReadPem(const Value& value, Pem& pem, bool is_path) {
  if (pem.given()) {
    Fail(value.node.Mark(),
         fmt::format("{} comes beside the same as text or file; leave one of them out", value.key));
  }
  pem = {.path = is_path ? PlainText(value) : "",
         .text = is_path ? "" : Text(value),
         .where = Where(value)};
}

void ReadCipherSuites(const Value& value, TlsServerConfig& tls) {
  for (const Value& item : Members(value)) {
    const std::string name = Text(item);
    if (std::find(std::begin(kCipherSuites), std::end(kCipherSuites), name) ==
        std::end(kCipherSuites)) {
      Fail(item.node.Mark(), Unknown("cipher suite", name, kCipherSuites));
    }
    tls.cipher_suites.push_back(name);
  }
}

constexpr Key<TlsServerConfig> kTlsKeys[] = {
    {"cert", [](const Value& value, TlsServerConfig& tls) { ReadPem(value, tls.cert, false); }},
    {"cert_file", [](const Value& value, TlsServerConfig& tls) { ReadPem(value, tls.cert, true); }},
    {"key", [](const Value& value, TlsServerConfig& tls) { ReadPem(value, tls.key, false); }},
    {"key_file", [](const Value& value, TlsServerConfig& tls) { ReadPem(value, tls.key, true); }},
    {"client_ca",
     [](const Value& value, TlsServerConfig& tls) { ReadPem(value, tls.client_ca, false); }},
    {"client_ca_file",
     [](const Value& value, TlsServerConfig& tls) { ReadPem(value, tls.client_ca, true); }},
    {"client_auth_type",
     [](const Value& value, TlsServerConfig& tls) {
       tls.client_auth = OneOf(value, kClientAuths);
     }},
    {"client_allowed_sans",
     [](const Value& value, TlsServerConfig& tls) {
       for (const Value& item : Members(value)) tls.client_allowed_sans.push_back(PlainText(item));
     }},
    {"cipher_suites", ReadCipherSuites},
    {"curve_preferences",
     [](const Value& value, TlsServerConfig& tls) {
       for (const Value& item : Members(value)) tls.curves.emplace_back(OneOf(item, kCurves));
     }},
    {"min_version",
     [](const Value& value, TlsServerConfig& tls) { tls.min_version = OneOf(value, kVersions); }},
    {"max_version",
     [](const Value& value, TlsServerConfig& tls) { tls.max_version = OneOf(value, kVersions); }},
    {"prefer_server_cipher_suites",
     [](const Value& value, TlsServerConfig& tls) {
       tls.prefer_server_cipher_suites = Switch(value);
     }},
};

// What is wrong with keys that are good one by one; empty when nothing is.
std::string Complaint(const TlsServerConfig& tls) {
  if (!tls.cert.given()) return "TLS needs a certificate; add cert_file";
  if (!tls.key.given()) return "TLS needs the certificate's key; add key_file";
  if (tls.client_ca.given() && tls.client_auth == ClientAuth::kNone) {
    return "clients' certificates are not asked for; add 'client_auth_type: "
           "RequireAndVerifyClientCert', or leave client_ca_file out";
  }
  const bool has_certificate = tls.client_auth == ClientAuth::kRequireAny ||
                               tls.client_auth == ClientAuth::kRequireAndVerify;
  if (!tls.client_allowed_sans.empty() && !has_certificate) {
    return "client_allowed_sans needs 'client_auth_type: RequireAndVerifyClientCert', or clients "
           "would do without a certificate";
  }
  if (tls.max_version < tls.min_version) return "max_version is below min_version";
  if (tls.max_version < TlsVersion::k12) return "max_version must be TLS12 or TLS13";
  return "";
}

void ReadTls(const Value& value, WebConfig& config) {
  TlsServerConfig tls;
  ReadMap(value.node, "tls_server_config", kTlsKeys, tls);
  // As Go's exporters: what says nothing of certificates asks for no TLS.
  const bool wanted = tls.cert.given() || tls.key.given() || tls.client_ca.given() ||
                      tls.client_auth != ClientAuth::kNone;
  if (const std::string complaint = Complaint(tls); wanted && !complaint.empty()) {
    Fail(value.node.Mark(), complaint);
  }
  tls.where = Where(value);
  if (wanted) config.tls = std::move(tls);
}

void ReadHeader(const KnownHeader& header, const Value& value, WebConfig& config) {
  const std::string text = PlainText(value);
  const bool is_free = header.values[0].empty();
  if (!is_free && text != header.values[0] && text != header.values[1]) {
    Fail(value.node.Mark(), Unknown(value.key, text, header.values));
  }
  config.headers[value.key] = text;
}

void ReadHeaders(const Value& value, WebConfig& config) {
  std::vector<std::string_view> names;
  for (const KnownHeader& header : kHeaders) names.push_back(header.name);
  ReadKeys(value.node, "headers", names, [&](const Value& one) {
    for (const KnownHeader& header : kHeaders) {
      if (header.name == one.key) ReadHeader(header, one, config);
    }
  });
}

constexpr Key<WebConfig> kHttpKeys[] = {
    {"http2", [](const Value& value, WebConfig& /*config*/) { Switch(value); }},
    {"headers", ReadHeaders},
};

// "$2y$10$" and 53 characters: 22 of salt, 31 of hash.
bool IsBcrypt(std::string_view text, int& cost) {
  constexpr std::string_view kAlphabet =
      "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const auto is_digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 60 || !text.starts_with("$2") || text[3] != '$' || text[6] != '$' ||
      std::string_view("aby").find(text[2]) == std::string_view::npos || !is_digit(4) ||
      !is_digit(5)) {
    return false;
  }
  cost = (text[4] - '0') * 10 + (text[5] - '0');
  return text.find_first_not_of(kAlphabet, 7) == text.npos;
}

std::string Hash(const Value& value) {
  const std::string hash = Text(value);
  int cost = 0;
  if (!IsBcrypt(hash, cost)) {
    Fail(value.node.Mark(),
         "the password must be a bcrypt hash; write what 'htpasswd -nBC 10 \"\"' prints after the "
         "colon");
  }
  if (cost < kLeastCost || cost > kMostCost) {
    Fail(value.node.Mark(),
         fmt::format("the bcrypt hash has cost {}; {} to {} will do, 10 is usual", cost, kLeastCost,
                     kMostCost));
  }
  return hash;
}

// Names are the user's, so any key is known.
void ReadUsers(const Value& value, WebConfig& config) {
  if (!value.node.IsMap()) {
    Fail(value.node.Mark(), "basic_auth_users must be a map of 'name: bcrypt hash' lines");
  }
  Siblings siblings;
  for (const auto& entry : value.node) {
    const std::string name = PlainText({"a user's name", entry.first});
    siblings.Add("user", name, entry.first.Mark());
    if (name.find(':') != name.npos) {
      Fail(entry.first.Mark(), "a user's name can't have a colon");
    }
    if (config.users.size() == kMostUsers) {
      Fail(entry.first.Mark(), fmt::format("more than {} users", kMostUsers));
    }
    config.users[name] = Hash({"the password of " + Quoted(name), entry.second});
  }
}

constexpr Key<RateLimit> kRateKeys[] = {
    {"interval",
     [](const Value& value, RateLimit& limit) {
       if (Text(value) != "0") limit.interval = Interval(value, {1ms, 24h});
     }},
    {"burst", [](const Value& value,
                 RateLimit& limit) { limit.burst = CountBetween(value, 1, kMostBurst); }},
};

void ReadRateLimit(const Value& value, WebConfig& config) {
  ReadMap(value.node, "rate_limit", kRateKeys, config.rate_limit);
  if (config.rate_limit.interval.count() > 0 && config.rate_limit.burst == 0) {
    Fail(value.node.Mark(), "rate_limit needs a burst, or nothing would be answered");
  }
}

constexpr Key<WebConfig> kKeys[] = {
    {"tls_server_config", ReadTls},
    {"http_server_config",
     [](const Value& value, WebConfig& config) {
       ReadMap(value.node, "http_server_config", kHttpKeys, config);
     }},
    {"basic_auth_users", ReadUsers},
    {"rate_limit", ReadRateLimit},
};

void Complete(Pem& pem, const std::string& path) {
  if (!pem.given()) return;
  pem.where = path + ":" + pem.where;
  // An absolute path stays itself.
  if (!pem.path.empty()) pem.path = std::filesystem::path(path).parent_path() / pem.path;
}

}  // namespace

Result<WebConfig> ParseWebConfig(const std::string& text, const std::string& path) {
  WebConfig config;
  const auto problem = ReadDocument(text, path, [&](const YAML::Node& root) {
    if (root.IsNull()) return;  // an empty file asks for nothing
    ReadMap(root, "web config", kKeys, config);
  });
  if (problem) return *problem;
  if (config.tls) {
    for (Pem* pem : {&config.tls->cert, &config.tls->key, &config.tls->client_ca}) {
      Complete(*pem, path);
    }
    config.tls->where = path + ":" + config.tls->where;
  }
  return config;
}

}  // namespace pgrepl::config
