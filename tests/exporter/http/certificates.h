// Certificates for tests, made in a millisecond: elliptic curves, valid for a day.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace pgrepl::http {

/// As PEM.
struct Identity {
  std::string certificate;
  std::string key;
};

class Authority {
 public:
  Authority() : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(Make(nullptr, "CN=root")) {}

  /// `names` as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1".
  [[nodiscard]] Identity Issue(const std::string& names) const {
    const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    return {.certificate = Text(*Make(key.get(), names)), .key = Text(*key)};
  }

  [[nodiscard]] std::string certificate() const { return Text(*certificate_); }

 private:
  using Key = std::shared_ptr<EVP_PKEY>;
  using Certificate = std::shared_ptr<X509>;

  // The root itself without a key of another.
  [[nodiscard]] Certificate Make(EVP_PKEY* key, const std::string& names) const {
    static long serial = 0;
    Certificate made(X509_new(), X509_free);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 24 * 60 * 60);
    X509_set_pubkey(made.get(), key != nullptr ? key : key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(key ? "leaf" : "root"), -1,
                               -1, 0);
    X509_set_issuer_name(made.get(), X509_get_subject_name(key ? certificate_.get() : made.get()));
    const int kind = key ? NID_subject_alt_name : NID_basic_constraints;
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, kind, key ? names.c_str() : "critical,CA:TRUE");
    X509_add_ext(made.get(), extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(made.get(), key_.get(), EVP_sha256());
    return made;
  }

  template <typename Write>
  static std::string Written(Write write) {
    const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free);
    write(out.get());
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
  }
  static std::string Text(const X509& certificate) {
    return Written([&](BIO* out) { PEM_write_bio_X509(out, &certificate); });
  }
  static std::string Text(const EVP_PKEY& key) {
    return Written([&](BIO* out) {
      PEM_write_bio_PrivateKey(out, &key, nullptr, nullptr, 0, nullptr, nullptr);
    });
  }

  Key key_;
  Certificate certificate_;
};

}  // namespace pgrepl::http
