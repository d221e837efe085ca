# SPDX-License-Identifier: Apache-2.0
"""What is in a Debian package, as an SPDX 2.3 document: the distribution's packages that its binary links
or has compiled in, by what is installed where it is built.

    python3 packaging/sbom.py BINARY DEB > sbom.spdx.json

Its time is SOURCE_DATE_EPOCH's, so that the same package has the same document.
"""

import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

CHECKOUT = Path(__file__).resolve().parents[1]
# Libraries that are headers alone, by the package that they come from.
COMPILED_IN = ("libcli11-dev", "nlohmann-json3-dev", "libxxhash-dev")


def main(binary, deb):
    linked = owners(libraries(binary))
    parts = [*describe(linked), *describe(COMPILED_IN), civetweb()]
    digest = hashlib.sha256(Path(deb).read_bytes()).hexdigest()
    name, version, _ = Path(deb).stem.split("_")
    whole = {**package(name, version), "packageFileName": Path(deb).name,
             "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0",
             "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
             "primaryPackagePurpose": "APPLICATION"}
    when = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    json.dump({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": Path(deb).stem,
        "documentNamespace": f"https://spdx.org/spdxdocs/{Path(deb).stem}-{digest}",
        "creationInfo": {"created": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": ["Tool: packaging/sbom.py"]},
        "packages": [whole, *parts],
        "relationships": [relation("SPDXRef-DOCUMENT", "DESCRIBES", whole), *(
            relation(whole["SPDXID"], "DYNAMIC_LINK" if one["name"] in linked else "STATIC_LINK", one)
            for one in parts)]}, sys.stdout, indent=2)
    print()


def libraries(binary):
    return re.findall(r"/[^ ]+", subprocess.run(
        ["ldd", binary], capture_output=True, text=True, check=True).stdout)


def owners(files):
    """The packages of files; dpkg knows each by its place before or after the merge of /usr."""
    places = [place for file in files for place in {file, "/usr" + file, file.removeprefix("/usr")}]
    found = subprocess.run(["dpkg-query", "-S", *places], capture_output=True, text=True, check=False)
    return sorted({line.partition(":")[0] for line in found.stdout.splitlines()
                   if not line.startswith("diversion")})


def describe(names):
    listed = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package}\\t${Version}\\t${Architecture}\\n", *names],
        capture_output=True, text=True, check=True).stdout
    return [package(*line.split("\t")) for line in listed.splitlines()]


def civetweb():
    """From its source, which packaging/install-dependencies.sh has unpacked."""
    first = (CHECKOUT / ".cache/civetweb/debian/changelog").read_text().partition("\n")[0]
    return package("civetweb", re.search(r"\((.*?)\)", first)[1], "source")


def package(name, version, architecture=""):
    """One of the distribution's, if it is of an architecture."""
    about = {"SPDXID": "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name), "name": name,
             "versionInfo": version, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
             "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",
             "copyrightText": "NOASSERTION"}
    if architecture:
        locator = f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={architecture}"
        about["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                  "referenceLocator": locator}]
    return about


def relation(one, kind, other):
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other["SPDXID"]}


if __name__ == "__main__":
    main(*sys.argv[1:])
