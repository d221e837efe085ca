# SPDX-License-Identifier: Apache-2.0
"""Who lists the members of a cluster: stand-ins for Patroni's REST API and Kubernetes' API server."""

import json
import ssl
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .listener import Listener
from .process import run


class MemberList(Listener):
    """Answers with what `describe(members)` makes of its `members`, a list of (name, port), while its
    `with` block lasts; with 503 where they are None, and with 401 or 404 to whoever doesn't ask for
    `path` with `token`."""

    def __init__(self, port, path, describe, token=None, certificate=None):
        self.members = []
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                told = self.headers.get("Authorization")
                if token and told != f"Bearer {token}":
                    self.send_error(401)
                elif urllib.parse.unquote(self.path) != path:
                    self.send_error(404)
                elif outer.members is None:
                    self.send_error(503)
                else:
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(json.dumps(describe(outer.members)).encode())

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        super().__init__(server, "members")


def patroni(port):
    return MemberList(port, "/cluster", lambda members: {"members": [
        {"name": name, "host": "127.0.0.1", "port": at, "role": "replica", "state": "running"}
        for name, at in members]})


def kubernetes(workspace, port, namespace, service, token):
    """Its certificate is in the folder `credentials` of the workspace, beside the token."""
    folder = workspace.directory("credentials")
    (folder / "token").write_text(token + "\n")
    run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-keyout", folder / "key.pem", "-out", folder / "ca.crt",
         "-subj", "/CN=kubernetes", "-addext", "subjectAltName=IP:127.0.0.1"])
    path = (f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
            f"?labelSelector=kubernetes.io/service-name={service}")
    return MemberList(
        port, path, lambda members: {"kind": "EndpointSliceList", "items": [
            {"ports": [{"port": at}], "endpoints": [
                {"addresses": ["127.0.0.1"], "targetRef": {"kind": "Pod", "name": name}}]}
            for name, at in members]},
        token=token, certificate=(folder / "ca.crt", folder / "key.pem"))
