// A client that speaks TLS over a plain socket of its own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "tests/exporter/http/certificates.h"
#include "tests/exporter/http/client.h"

namespace pgrepl::http {

struct TlsTerms {
  const Identity* identity = nullptr;  ///< the client's own
  int max_version = 0;                 ///< 0: the newest
  const char* ciphers = nullptr;       ///< of TLS 1.2
};

struct TlsAnswer {
  std::string version;  ///< empty: no handshake
  std::string cipher;
  std::string names;  ///< of the server: the first DNS name
  bool resumable = false;
  std::string text;  ///< empty where the server has refused the client's certificate
};

inline std::string FirstName(X509* certificate) {
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  const ASN1_STRING* name = sk_GENERAL_NAME_value(names, 0)->d.dNSName;
  std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name)),
                   static_cast<std::size_t>(ASN1_STRING_length(name)));
  GENERAL_NAMES_free(names);
  X509_free(certificate);
  return text;
}

inline TlsAnswer GetByTls(int port, const std::string& path, const TlsTerms& terms = {},
                          const std::string& headers = "") {
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()),
                                                             SSL_CTX_free);
  if (terms.max_version != 0) {
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context.get(), terms.max_version);
  }
  if (terms.ciphers != nullptr) SSL_CTX_set_cipher_list(context.get(), terms.ciphers);
  if (terms.identity != nullptr) {
    const auto reader = [](const std::string& text) {
      return std::unique_ptr<BIO, int (*)(BIO*)>(BIO_new_mem_buf(text.data(), -1), BIO_free);
    };
    X509* own =
        PEM_read_bio_X509(reader(terms.identity->certificate).get(), nullptr, nullptr, nullptr);
    EVP_PKEY* key =
        PEM_read_bio_PrivateKey(reader(terms.identity->key).get(), nullptr, nullptr, nullptr);
    SSL_CTX_use_certificate(context.get(), own);
    SSL_CTX_use_PrivateKey(context.get(), key);
    X509_free(own);
    EVP_PKEY_free(key);
  }
  const std::unique_ptr<SSL, void (*)(SSL*)> tls(SSL_new(context.get()), SSL_free);
  const Client client(port);
  SSL_set_fd(tls.get(), client.fd());
  TlsAnswer answer;
  if (SSL_connect(tls.get()) != 1) return answer;
  answer.version = SSL_get_version(tls.get());
  answer.cipher = SSL_get_cipher_name(tls.get());
  answer.names = FirstName(SSL_get1_peer_certificate(tls.get()));
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n";
  SSL_write(tls.get(), request.data(), static_cast<int>(request.size()));
  char bytes[4096];
  int got = 0;
  while ((got = SSL_read(tls.get(), bytes, sizeof(bytes))) > 0) {
    answer.text.append(bytes, static_cast<std::size_t>(got));
  }
  answer.resumable = SSL_SESSION_is_resumable(SSL_get_session(tls.get())) == 1;
  return answer;
}

}  // namespace pgrepl::http
