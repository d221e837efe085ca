// Can this build of civetweb serve TLS and IPv6? Says what is wrong on stdout and exits 1.
// A TLS handshake is carried through because a civetweb that loads OpenSSL by outdated names
// accepts the options and crashes there.
// SPDX-License-Identifier: Apache-2.0
#include <civetweb.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

static void Require(int ok, const char* otherwise) {
  if (ok) return;
  puts(otherwise);
  exit(1);
}

static void WriteCertificate(const char* path) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  FILE* file = fopen(path, "w");
  Require(file && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) &&
              PEM_write_X509(file, certificate) && fclose(file) == 0,
          "cannot write a certificate for the probe");
}

static int Handshake(int port) {
  char address[32];
  snprintf(address, sizeof address, "127.0.0.1:%d", port);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  BIO* connection = BIO_new_ssl_connect(context);
  BIO_set_conn_hostname(connection, address);
  return BIO_do_handshake(connection) == 1;
}

int main(void) {
  const char* options[] = {"listening_ports", "127.0.0.1:0s", "num_threads", "1",
                           "ssl_certificate", "probe.pem",    NULL};
  struct mg_callbacks callbacks = {0};
  struct mg_server_port port = {0};
  Require(mg_init_library(MG_FEATURES_TLS) & MG_FEATURES_TLS, "it cannot load OpenSSL");
  Require(mg_check_feature(MG_FEATURES_IPV6), "it is built without IPv6");
  WriteCertificate("probe.pem");
  struct mg_context* server = mg_start(&callbacks, NULL, options);
  Require(server != NULL, "it cannot listen with TLS");
  Require(mg_get_server_ports(server, 1, &port) == 1 && Handshake(port.port),
          "a TLS handshake with it fails");
  mg_stop(server);
  return 0;
}
