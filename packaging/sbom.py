# SPDX-License-Identifier: Apache-2.0
"""What is in the binary, as an SPDX 2.3 document: packages of the distribution, linked or compiled in.

    python3 packaging/sbom.py BINARY VERSION > sbom.spdx.json

Its time is SOURCE_DATE_EPOCH's, so that the same binary has the same document.
"""

import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
# Libraries that are headers alone, by the package that they come from.
COMPILED_IN = ("libcli11-dev", "nlohmann-json3-dev", "libxxhash-dev")


def main(binary, version):
    linked = sorted(set(filter(None, map(owner, libraries(binary)))))
    packages = [describe(name) for name in [*linked, *COMPILED_IN]] + [civetweb()]
    digest = hashlib.sha256(Path(binary).read_bytes()).hexdigest()
    root = {"SPDXID": "SPDXRef-exporter", "name": "pg_replication_exporter", "versionInfo": version,
            "downloadLocation": "NOASSERTION", "licenseConcluded": "Apache-2.0",
            "licenseDeclared": "Apache-2.0", "copyrightText": "NOASSERTION", "filesAnalyzed": False,
            "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
            "primaryPackagePurpose": "APPLICATION"}
    when = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    json.dump({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"pg_replication_exporter-{version}",
        "documentNamespace": f"https://spdx.org/spdxdocs/pg_replication_exporter-{version}-{digest}",
        "creationInfo": {"created": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": ["Tool: packaging/sbom.py"]},
        "documentDescribes": [root["SPDXID"]], "packages": [root, *packages],
        "relationships": [
            {"spdxElementId": root["SPDXID"], "relatedSpdxElement": one["SPDXID"],
             "relationshipType": "DYNAMIC_LINK" if one["name"] in linked else "STATIC_LINK"}
            for one in packages]}, sys.stdout, indent=2)
    print()


def libraries(binary):
    return re.findall(r"/[^ ]+", subprocess.run(
        ["ldd", binary], capture_output=True, text=True, check=True).stdout)


def owner(library):
    """The package of a library; dpkg knows it by its place before or after the merge of /usr."""
    for path in (library, "/usr" + library, library.removeprefix("/usr")):
        done = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout.partition(":")[0]
    return None


def describe(name):
    version, architecture, source = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}\\t${Architecture}\\t${source:Package}\\n", name],
        capture_output=True, text=True, check=True).stdout.splitlines()[0].split("\t")
    return package(name, version, f"pkg:deb/debian/{source}@{version}?arch={architecture}")


def civetweb():
    first = (CHECKOUT / ".cache/civetweb/debian/changelog").read_text().partition("\n")[0]
    version = re.search(r"\((.*?)\)", first)[1]
    return package("civetweb", version, f"pkg:deb/debian/civetweb@{version}?arch=source")


def package(name, version, purl):
    return {"SPDXID": "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name), "name": name,
            "versionInfo": version, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",
            "copyrightText": "NOASSERTION",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": purl}]}


if __name__ == "__main__":
    main(*sys.argv[1:])
