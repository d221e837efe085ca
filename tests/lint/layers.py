#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails on an #include that breaks the order of the layers or a third party's fence.

    layers.py [ROOT]

The order is that of docs/architecture.md: a layer includes itself and what stands on a lower level.
"""

import pathlib
import re
import sys

LEVELS = [
    {"exporter/base"},
    {"exporter/config", "exporter/metrics", "exporter/postgres"},
    {"collectors"},
    {"exporter/collect"},
    {"exporter/cluster"},
    {"exporter/http", "exporter/cli"},
    {"exporter"},  # fleet and main: the wiring
]
LEVEL_OF = {layer: level for level, layers in enumerate(LEVELS) for layer in layers}

# Header prefix -> the one folder that may include it.
FENCES = {
    "libpq": "exporter/postgres",
    "postgres_ext.h": "exporter/postgres",
    "civetweb": "exporter/http",
    "zlib.h": "exporter/http",
    "openssl/": "exporter/http",
    "nlohmann/": "exporter/http",
    "crypt.h": "exporter/http",
    "yaml-cpp/": "exporter/config",
    "CLI/": "exporter/config",
    "prometheus/": "exporter/metrics",
    "spdlog/": "exporter/base",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


def offence(folder, quote, header):
    """What is wrong with this include in a file of this folder, or None."""
    for prefix, home in FENCES.items():
        if header.startswith(prefix) and folder != home:
            return f"{header} belongs to {home} alone"
    if quote == "<":
        return None
    target = header.rsplit("/", 1)[0]
    if target not in LEVEL_OF:
        return f'"{header}" is of no known layer; includes start at the root of the repository'
    if target != folder and LEVEL_OF[target] >= LEVEL_OF[folder]:
        return f"{folder} must not include {target}"
    return None


def offences(root):
    for layer in LEVEL_OF:
        for path in sorted((root / layer).glob("*.*")):
            if path.suffix not in (".h", ".cc"):
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                found = INCLUDE.match(line)
                # collectors.def is the list itself.
                if not found or found[2].endswith(".def"):
                    continue
                why = offence(layer, found[1], found[2])
                if why:
                    yield f"{path.relative_to(root)}:{number}: {why}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = list(offences(root))
    print("\n".join(found) if found else "layers: every include points the right way")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
