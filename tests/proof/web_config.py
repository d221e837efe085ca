# SPDX-License-Identifier: Apache-2.0
"""--web.config.file against an exporter in Go that uses exporter-toolkit: which files each takes, and how each
answers then. Writes docs/web-config.md."""

import argparse
import base64
import re
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests.lab.process import Process, run
from tests.lab.workspace import REPOSITORY, Workspace

from .web_config_cases import CASES

PEER = REPOSITORY / "tests" / "proof" / "web_config_peer"
DOCUMENT = REPOSITORY / "docs" / "web-config.md"
CONFIG = '{"clusters": [{"name": "main", "servers": [{"name": "p", "conninfo": "host=127.0.0.1 port=1"}]}]}'
START, END = "<!-- make proof-web-config writes from here -->\n", "<!-- to here -->\n"


def write_certificates(folder):
    """What the cases name; client.crt is for prometheus.example."""
    def identity(name, names):
        run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
             f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr"])
        extensions = folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n")
        run(["openssl", "x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / "ca.crt", "-CAkey",
             folder / "ca.key", "-CAcreateserial", "-days", "1", "-extfile", extensions,
             "-out", folder / f"{name}.crt"])
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
         "-subj", "/CN=root", "-keyout", folder / "ca.key", "-out", folder / "ca.crt"])
    identity("server", "IP:127.0.0.1")
    identity("other", "DNS:other.example")
    identity("client", "DNS:prometheus.example")
    (folder / "empty.crt").write_text("")


class Served:
    """A server on one of the cases, until the `with` block ends; `refused` is what it said instead."""

    def __init__(self, workspace, case, argv):
        """argv(port, file) starts it; it says that it listens in its log."""
        self.folder, self.port = workspace.folder, workspace.ports.take()
        self.tls = "cert" in case.text
        file = self.folder / "web.yml"
        file.write_text(case.text)
        name = f"{len(list(self.folder.glob('*.log')))}"
        self.process = Process(workspace, name, argv(self.port, file))
        self.refused = None

    def __enter__(self):
        try:
            self.process.wait_until(lambda: re.search("(?i)listening|enabled|disabled", self.process.log)
                                    and self.ask(None) is not None, "serves", 5)
        except RuntimeError:
            self.refused = self.process.log.strip().splitlines()[-1]
        return self

    def __exit__(self, *_):
        self.process.stop()

    def ask(self, password, certificate=None):
        """The status of GET /-/healthy; 0 where TLS fails, None where nobody listens."""
        context = None
        if self.tls:
            context = ssl.create_default_context(cafile=self.folder / "ca.crt")
            if certificate:
                context.load_cert_chain(self.folder / f"{certificate}.crt", self.folder / f"{certificate}.key")
        scheme = "https" if self.tls else "http"
        request = urllib.request.Request(f"{scheme}://127.0.0.1:{self.port}/-/healthy")
        if password is not None:
            pair = base64.b64encode(f"prom:{password}".encode()).decode()
            request.add_header("Authorization", f"Basic {pair}")
        try:
            with urllib.request.urlopen(request, timeout=5, context=context) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code
        except ConnectionRefusedError:
            return None
        except OSError as failed:
            return None if isinstance(getattr(failed, "reason", None), ConnectionRefusedError) else 0

    def answers(self):
        """Without and with passwords and certificates."""
        return [self.ask(None), self.ask("wrong"), self.ask("secret"),
                self.ask("secret", "client"), self.ask("secret", "other")] if self.tls else [
                    self.ask(None), self.ask("wrong"), self.ask("secret")]


def ours(binary, folder):
    config = folder / "config.yml"
    config.write_text(CONFIG)
    return lambda port, file: [binary, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{port}",
                               f"--web.config.file={file}"]


def compare(workspace, binary, peer):
    """A row of the table for each case, and what is wrong."""
    rows, wrong = [], []
    programs = (ours(binary, workspace.folder), lambda port, file: [peer, f"127.0.0.1:{port}", file])
    for case in CASES:
        told = []
        for argv in programs:
            with Served(workspace, case, argv) as server:
                told.append((server.refused, None if server.refused else server.answers()))
        (we_refused, we), (go_refused, go) = told
        if (we_refused is None) != case.taken:
            wrong.append(f"{case.name}: we {'refuse: ' + we_refused if we_refused else 'take it'}")
        differs = (we_refused is None) != (go_refused is None) or we != go
        if differs != bool(case.why):
            wrong.append(f"{case.name}: we {we_refused or we}, Go {go_refused or go}, and why: '{case.why}'")
        rows.append(f"| {case.name} | {'refused' if go_refused else 'taken'} | "
                    f"{'refused' if we_refused else 'taken'} | {case.why} |")
        print(rows[-1], flush=True)
    return rows, wrong


def document(rows, version):
    text = DOCUMENT.read_text(encoding="utf-8")
    head, tail = text.split(START)[0], text.split(END)[1]
    table = [f"Held against exporter-toolkit {version} by `make proof-web-config`: {len(rows)} files. Where both take "
             "one, both answer alike: without a password, with a wrong and with the right one, without a certificate, "
             "with an allowed and with another one.", "",
             "| file | exporters in Go | this one | why |", "|---|---|---|---|", *rows, ""]
    DOCUMENT.write_text(head + START + "\n".join(table) + END + tail, encoding="utf-8")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--exporter", type=Path, required=True)
    given = options.parse_args()
    if not shutil.which("go"):
        sys.exit("proof-web-config: needs Go, to build what it compares with")
    version = re.search(r"exporter-toolkit (v\S+)", (PEER / "go.mod").read_text())[1]
    with Workspace() as workspace:
        peer = workspace.folder / "peer"
        subprocess.run(["go", "build", "-o", peer, "."], cwd=PEER, check=True)
        write_certificates(workspace.folder)
        rows, wrong = compare(workspace, given.exporter.resolve(), peer)
    if wrong:
        sys.exit("proof-web-config: not as said:\n" + "\n".join(wrong))
    document(rows, version)
    return 0


if __name__ == "__main__":
    sys.exit(main())
