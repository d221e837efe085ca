# SPDX-License-Identifier: Apache-2.0
"""Web configurations, good and bad, and what is to be made of them.

The files that they name are beside them: server.crt with server.key, other.key, ca.crt, empty.crt.
"""

from dataclasses import dataclass

SECRET = "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"  # of "secret"
TLS = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
VERIFY = TLS + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"
USERS = f"basic_auth_users:\n  prom: {SECRET}\n"


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    taken: bool = True  # by us
    why: str = ""  # where an exporter in Go does otherwise: why we do


CASES = (
    Case("an empty file", ""),
    Case("a comment alone", "# nothing\n"),
    Case("an empty section", "tls_server_config: {}\n"),
    Case("a key that isn't known", "tls_server_confg: {}\n", False),
    Case("a key that isn't known, deeper", TLS + "  certfile: x\n", False),
    Case("a key twice", USERS + USERS, False),
    Case("a list", "- a\n", False),
    Case("not YAML", "a: [\n", False),
    Case("certificate and key", TLS),
    Case("certificate without a key", "tls_server_config:\n  cert_file: server.crt\n", False),
    Case("key without a certificate", "tls_server_config:\n  key_file: server.key\n", False),
    Case("certificate file missing", "tls_server_config:\n  cert_file: x.crt\n  key_file: server.key\n", False),
    Case("certificate file empty", "tls_server_config:\n  cert_file: empty.crt\n  key_file: server.key\n", False),
    Case("key of another certificate", "tls_server_config:\n  cert_file: server.crt\n  key_file: other.key\n", False),
    Case("certificate as text and as file", TLS + "  cert: x\n", False,
         "the file would count and the text not; one of them is a mistake"),
    Case("clients verified", VERIFY),
    Case("clients verified, by name", VERIFY + "  client_allowed_sans: [prometheus.example]\n"),
    Case("clients by name, unverified", TLS + "  client_auth_type: RequireAnyClientCert\n"
         "  client_allowed_sans: [prometheus.example]\n"),
    Case("clients by name, if they like", TLS + "  client_auth_type: VerifyClientCertIfGiven\n"
         "  client_allowed_sans: [prometheus.example]\n", False,
         "who comes without a certificate has no name; Go's next version refuses it, too"),
    Case("clients by name, not asked", TLS + "  client_allowed_sans: [prometheus.example]\n", False,
         "the names would be compared with nothing; Go's next version refuses it, too"),
    Case("an older word for the policy", TLS + "  client_auth_type: RequireClientCert\n"),
    Case("a policy that isn't known", TLS + "  client_auth_type: Verify\n", False),
    Case("a client CA without a policy", TLS + "  client_ca_file: ca.crt\n", False),
    Case("a client CA file missing", VERIFY.replace("ca.crt", "x.crt"), False),
    Case("a client CA file empty", VERIFY.replace("ca.crt", "empty.crt"), False,
         "nobody could ever be verified by it"),
    Case("TLS 1.3 only", TLS + "  min_version: TLS13\n"),
    Case("TLS 1.2 only", TLS + "  max_version: TLS12\n"),
    Case("TLS 1.0 and later", TLS + "  min_version: TLS10\n"),
    Case("TLS 1.1 at most", TLS + "  min_version: TLS10\n  max_version: TLS11\n", False,
         "OpenSSL, as distributions build it, does no handshake below TLS 1.2"),
    Case("versions the wrong way round", TLS + "  min_version: TLS13\n  max_version: TLS12\n", False,
         "no handshake could ever succeed"),
    Case("a version that isn't known", TLS + "  min_version: TLS14\n", False),
    Case("cipher suites", TLS + "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n"),
    Case("cipher suites of TLS 1.3", TLS + "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n",
         why="Go's HTTP/2 insists on one of TLS 1.2"),
    Case("a cipher suite with a known flaw", TLS + "  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n", False),
    Case("curves", TLS + "  curve_preferences: [X25519, CurveP256, CurveP384, CurveP521]\n"),
    Case("a curve that isn't known", TLS + "  curve_preferences: [P256]\n", False),
    Case("the client's order of suites", TLS + "  prefer_server_cipher_suites: false\n"),
    Case("HTTP/2 wanted", TLS + "http_server_config:\n  http2: true\n"),
    Case("HTTP/2 not wanted", TLS + "http_server_config:\n  http2: false\n"),
    Case("a switch that is neither", "http_server_config:\n  http2: maybe\n", False),
    Case("headers", "http_server_config:\n  headers:\n    X-Frame-Options: deny\n"
         "    Strict-Transport-Security: max-age=1\n    X-Content-Type-Options: nosniff\n"
         "    X-XSS-Protection: '0'\n    Content-Security-Policy: default-src 'self'\n"),
    Case("another header", "http_server_config:\n  headers:\n    Server: x\n", False),
    Case("a header with a value it can't have",
         "http_server_config:\n  headers:\n    X-Frame-Options: allow\n", False),
    Case("a header of two lines",
         "http_server_config:\n  headers:\n    X-XSS-Protection: \"0\\r\\nSet-Cookie: a\"\n", False,
         "Go writes blanks for the line ends"),
    Case("a user", USERS),
    Case("a user, TLS", TLS + USERS),
    Case("users without one", "basic_auth_users:\n", False,
         "no password would be asked for, which whoever wrote it hardly meant"),
    Case("a password in plain text", "basic_auth_users:\n  prom: secret\n", False),
    Case("a hash by another algorithm", "basic_auth_users:\n  prom: " + SECRET.replace("$2y$", "$1$") + "\n", False,
         "Go takes what follows for bcrypt"),
    Case("a hash cut off", "basic_auth_users:\n  prom: " + SECRET[:-5] + "\n", False),
    Case("a hash with a letter that none has", "basic_auth_users:\n  prom: '" + SECRET[:-1] + "!'\n", False,
         "no password could ever match"),
    Case("a hash that takes a day", "basic_auth_users:\n  prom: " + SECRET.replace("$04$", "$31$") + "\n", False,
         "each request would take that day"),
    Case("a user's name with a colon", f"basic_auth_users:\n  'a:b': {SECRET}\n", False,
         "HTTP Basic can't say it"),
    Case("a rate limit", "rate_limit:\n  interval: 100ms\n  burst: 20\n"),
    Case("a rate limit without a burst", "rate_limit:\n  interval: 1s\n", False,
         "no request would ever be answered"),
)
