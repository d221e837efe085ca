// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace pgrepl::http {
namespace {

template <typename T, void (*Free)(T*)>
struct Deleter {
  void operator()(T* object) const { Free(object); }
};
using Certificate = std::unique_ptr<X509, Deleter<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY, EVP_PKEY_free>>;

void FreeNames(GENERAL_NAMES* names) { GENERAL_NAMES_free(names); }
using Names = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES, FreeNames>>;

struct BioFree {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

// What a handshake must obey. OpenSSL keeps it with the SSL_CTX, as long as a connection uses that.
struct Policy {
  int verify_mode = SSL_VERIFY_NONE;
  bool verify_chain = false;
  std::vector<std::string> allowed_sans;  // empty: any
  int min_version = TLS1_2_VERSION;
  int max_version = TLS1_3_VERSION;
  std::string ciphers;  // OpenSSL's names and syntax; empty: its own choice
  std::string groups;   // likewise
  bool server_preference = true;
};

void FreePolicy(void* /*parent*/, void* policy, CRYPTO_EX_DATA* /*all*/, int /*index*/,
                long /*unused*/, void* /*unused*/) {
  delete static_cast<Policy*>(policy);
}

int PolicyIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, FreePolicy);
  return index;
}

const Policy& PolicyOf(const SSL_CTX* context) {
  return *static_cast<const Policy*>(SSL_CTX_get_ex_data(context, PolicyIndex()));
}

std::string LastReason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = reason != nullptr ? reason : "OpenSSL doesn't say why";
  ERR_clear_error();
  return text;
}

Error Wrong(const config::Pem& pem, const std::string& why) {
  const std::string file = pem.path.empty() ? "" : " " + pem.path;
  return Error{pem.where + file + ": " + why};
}

// Without it, OpenSSL would ask for a passphrase on the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return 0; }

std::unique_ptr<BIO, BioFree> Reader(const std::string& text) {
  return std::unique_ptr<BIO, BioFree>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::vector<Certificate> Certificates(const std::string& pem) {
  std::vector<Certificate> all;
  const auto reader = Reader(pem);
  while (X509* one = PEM_read_bio_X509(reader.get(), nullptr, NoPassphrase, nullptr)) {
    all.emplace_back(one);
  }
  ERR_clear_error();
  return all;
}

Status UseCertificates(SSL_CTX* context, const config::Pem& pem, const std::string& text) {
  const std::vector<Certificate> chain = Certificates(text);
  if (chain.empty()) return Wrong(pem, "there is no PEM certificate in it");
  if (SSL_CTX_use_certificate(context, chain[0].get()) != 1) return Wrong(pem, LastReason());
  for (std::size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(context, chain[i].get());
  return Ok();
}

Status UseKey(SSL_CTX* context, const config::Pem& pem, const std::string& text) {
  const Key key(PEM_read_bio_PrivateKey(Reader(text).get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  if (!key) return Wrong(pem, "there is no PEM key without a passphrase in it");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return Wrong(pem, "the key is not the certificate's");
  }
  return Ok();
}

Status UseClientCa(SSL_CTX* context, const config::Pem& pem, const std::string& text) {
  if (!pem.given()) {
    SSL_CTX_set_default_verify_paths(context);
    return Ok();
  }
  const std::vector<Certificate> roots = Certificates(text);
  if (roots.empty()) return Wrong(pem, "there is no PEM certificate in it");
  for (const Certificate& root : roots) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root.get());
    SSL_CTX_add_client_CA(context, root.get());
  }
  return Ok();
}

std::string AddressText(const ASN1_OCTET_STRING& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(&bytes) == 4 ? AF_INET : AF_INET6;
  const bool is_address = family == AF_INET || ASN1_STRING_length(&bytes) == 16;
  if (!is_address ||
      inet_ntop(family, ASN1_STRING_get0_data(&bytes), text.data(), text.size()) == nullptr) {
    return {};
  }
  return text.data();
}

// Empty for kinds that nobody can allow. With its length, so that a NUL in a name cuts nothing off.
std::string NameText(const GENERAL_NAME& name) {
  int kind = 0;
  const void* value = GENERAL_NAME_get0_value(&name, &kind);
  if (kind == GEN_IPADD) return AddressText(*static_cast<const ASN1_OCTET_STRING*>(value));
  if (kind != GEN_DNS && kind != GEN_EMAIL && kind != GEN_URI) return {};
  const auto* text = static_cast<const ASN1_STRING*>(value);
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

bool HasAllowedName(const X509* certificate, const std::vector<std::string>& allowed) {
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string name = NameText(*sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty() && std::find(allowed.begin(), allowed.end(), name) != allowed.end()) {
      return true;
    }
  }
  return false;
}

// Instead of OpenSSL's own check, of a certificate that a client has shown; 1 if it may go on.
int VerifyClient(X509_STORE_CTX* chain, void* context) {
  const Policy& policy = PolicyOf(static_cast<const SSL_CTX*>(context));
  if (policy.verify_chain && X509_verify_cert(chain) <= 0) return 0;
  if (policy.allowed_sans.empty() ||
      HasAllowedName(X509_STORE_CTX_get0_cert(chain), policy.allowed_sans)) {
    return 1;
  }
  X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

int VerifyMode(config::ClientAuth auth) {
  switch (auth) {
    case config::ClientAuth::kNone:
      return SSL_VERIFY_NONE;
    case config::ClientAuth::kRequest:
    case config::ClientAuth::kVerifyIfGiven:
      return SSL_VERIFY_PEER;
    case config::ClientAuth::kRequireAny:
    case config::ClientAuth::kRequireAndVerify:
      break;
  }
  return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
}

int VersionNumber(config::TlsVersion version) {
  constexpr int kNumbers[] = {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
  return kNumbers[static_cast<std::size_t>(version)];
}

// TLS 1.3 has suites of its own, which can't be chosen: not here, not in Go.
std::string CipherList(const std::vector<std::string>& suites) {
  std::string list;
  for (const std::string& suite : suites) {
    if (suite.find("_WITH_") == suite.npos) continue;
    list.append(list.empty() ? "" : ":").append(OPENSSL_cipher_name(suite.c_str()));
  }
  return list;
}

Policy MakePolicy(const config::TlsServerConfig& config) {
  using config::ClientAuth;
  Policy policy{.verify_mode = VerifyMode(config.client_auth),
                .verify_chain = config.client_auth == ClientAuth::kVerifyIfGiven ||
                                config.client_auth == ClientAuth::kRequireAndVerify,
                .allowed_sans = config.client_allowed_sans,
                .min_version = VersionNumber(config.min_version),
                .max_version = VersionNumber(config.max_version),
                .ciphers = CipherList(config.cipher_suites),
                .server_preference = config.prefer_server_cipher_suites};
  for (const std::string& curve : config.curves) {
    policy.groups.append(policy.groups.empty() ? "" : ":").append(curve);
  }
  const bool only_13 = !config.cipher_suites.empty() && policy.ciphers.empty();
  if (only_13) policy.min_version = TLS1_3_VERSION;
  return policy;
}

// On a connection, not on its SSL_CTX: a handshake that has begun takes only certificates from
// another one (SSL_set_SSL_CTX).
bool Obey(SSL* connection, const Policy& policy) {
  SSL_set_verify(connection, policy.verify_mode, nullptr);
  if (policy.server_preference) {
    SSL_set_options(connection, SSL_OP_CIPHER_SERVER_PREFERENCE);
  } else {
    SSL_clear_options(connection, SSL_OP_CIPHER_SERVER_PREFERENCE);
  }
  return policy.min_version <= policy.max_version &&
         SSL_set_min_proto_version(connection, policy.min_version) == 1 &&
         SSL_set_max_proto_version(connection, policy.max_version) == 1 &&
         (policy.ciphers.empty() || SSL_set_cipher_list(connection, policy.ciphers.c_str()) == 1) &&
         (policy.groups.empty() || SSL_set1_groups_list(connection, policy.groups.c_str()) == 1);
}

bool CanBeObeyed(SSL_CTX* context) {
  const std::unique_ptr<SSL, Deleter<SSL, SSL_free>> trial(SSL_new(context));
  return trial && Obey(trial.get(), PolicyOf(context));
}

int OnClientHello(SSL* connection, int* alert, void* front) {
  const TlsContext now = static_cast<const TlsFront*>(front)->Now();
  if (now && SSL_set_SSL_CTX(connection, now.get()) != nullptr &&
      Obey(connection, PolicyOf(now.get()))) {
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  *alert = SSL_AD_INTERNAL_ERROR;
  return SSL_CLIENT_HELLO_ERROR;
}

// Who sends plain HTTP to a TLS port learns it. What else came with it is read first, or closing
// would reset the connection and take the answer along.
void RefusePlainHttp(int socket) {
  constexpr std::string_view kAnswer =
      "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Length: 37\r\nConnection: close\r\n\r\nthis port speaks TLS; write https://\n";
  constexpr int kMostReads = 8;
  std::array<char, 4096> rest{};
  for (int i = 0; i < kMostReads; ++i) {
    if (recv(socket, rest.data(), rest.size(), MSG_DONTWAIT) <= 0) break;
  }
  send(socket, kAnswer.data(), kAnswer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  shutdown(socket, SHUT_WR);
}

void OnHandshake(const SSL* connection, int where, int result) {
  const bool failed = where == SSL_CB_ACCEPT_EXIT && result <= 0;
  if (failed && ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_HTTP_REQUEST) {
    RefusePlainHttp(SSL_get_fd(connection));
  }
}

TlsContext NewContext() { return {SSL_CTX_new(TLS_server_method()), SSL_CTX_free}; }

}  // namespace

Result<TlsContext> MakeTlsContext(const config::TlsServerConfig& config,
                                  const TlsMaterial& material) {
  ERR_clear_error();
  TlsContext context = NewContext();
  if (!context) return Error{config.where + ": " + LastReason()};
  // Else a TLS 1.2 client is given the name of a session that nobody keeps.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_ex_data(context.get(), PolicyIndex(), new Policy(MakePolicy(config)));
  SSL_CTX_set_cert_verify_callback(context.get(), VerifyClient, context.get());
  for (const Status& done : {UseCertificates(context.get(), config.cert, material.cert),
                             UseKey(context.get(), config.key, material.key),
                             UseClientCa(context.get(), config.client_ca, material.client_ca)}) {
    if (!done) return done.error();
  }
  if (CanBeObeyed(context.get())) return context;
  return Error{config.where +
               ": OpenSSL has no such combination of versions, cipher suites and curves (" +
               LastReason() + ")"};
}

TlsFront::TlsFront(Current current) : current_(std::move(current)), context_(NewContext()) {
  SSL_CTX* const front = context_.get();
  SSL_CTX_set_client_hello_cb(front, OnClientHello, this);
  SSL_CTX_set_info_callback(front, OnHandshake);
  SSL_CTX_set_options(front, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_num_tickets(front, 0);
  SSL_CTX_set_session_cache_mode(front, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(front, SSL_MODE_RELEASE_BUFFERS);  // 34 kB less for each connection that waits
  // Below it, OnClientHello decides.
  SSL_CTX_set_min_proto_version(front, TLS1_VERSION);
}

TlsFront::~TlsFront() = default;

}  // namespace pgrepl::http
