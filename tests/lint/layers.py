#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails on an #include that breaks the order of the layers or a third party's fence.

    layers.py [ROOT]

The order is that of docs/architecture.md: a layer includes itself and what stands on a lower level.
A collector includes its own header and those that all of them share, never another's.
"""

import pathlib
import re
import sys

LEVELS = [
    {"exporter/base"},
    {"exporter/config", "exporter/metrics", "exporter/postgres", "exporter/terminal"},
    {"collectors", "exporter/discover"},
    {"exporter/collect"},
    {"exporter/cluster"},
    {"exporter/report"},
    {"exporter/http", "exporter/cli"},
    {"exporter"},  # fleet and main: the wiring
]
LEVEL_OF = {layer: level for level, layers in enumerate(LEVELS) for layer in layers}

# Header prefix -> the folder that may include it.
FENCES = {
    "libpq": "exporter/postgres",
    "postgres_ext.h": "exporter/postgres",
    "civetweb": "exporter/http",
    "isa-l/igzip_lib.h": "exporter/http",
    "openssl/": "exporter/http",
    "curl/": "exporter/discover",
    # Written there, read here.
    "nlohmann/": ("exporter/report", "exporter/discover"),
    "crypt.h": "exporter/http",
    "yaml-cpp/": "exporter/config",
    "CLI/": "exporter/config",
    "xxhash.h": "exporter/config",
    "prometheus/": "exporter/metrics",
    "spdlog/": "exporter/base",
    "systemd/": "exporter/base",
    "ncurses": "exporter/terminal",
    "langinfo.h": "exporter/terminal",
}
# fmt is everyone's. The rest is the operating system's; what is neither gets a home above.
OPEN = re.compile(
    r"fmt/.*|(arpa|linux|net|netinet|sys)/.*"
    r"|(dirent|fcntl|malloc|netdb|poll|resolv|signal|spawn|strings|time|unistd)\.h")
SHARED_BY_COLLECTORS = {"collectors/collector.h", "collectors/registry.h", "collectors/view.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


def offence(path, quote, header):
    """What is wrong with this include in the file of this repository path, or None."""
    folder = path.rpartition("/")[0]
    if folder not in LEVEL_OF:
        return f"{folder} is no known layer"
    if quote == "<":
        return _fence_offence(folder, header)
    target = header.rpartition("/")[0]
    if target not in LEVEL_OF:
        return f'"{header}" is of no known layer; includes start at the root of the repository'
    if target != folder:
        upwards = LEVEL_OF[target] >= LEVEL_OF[folder]
        return f"{folder} must not include {target}" if upwards else None
    own = path.rpartition(".")[0] + ".h"
    if folder == "collectors" and path.endswith(".cc"):
        if header != own and header not in SHARED_BY_COLLECTORS:
            return f"a collector must not include {header}, another's"
    return None


def _fence_offence(folder, header):
    for prefix, home in FENCES.items():
        if header.startswith(prefix):
            homes = home if isinstance(home, tuple) else (home,)
            return None if folder in homes else f"{header} belongs to {' and '.join(homes)} alone"
    is_standard = "." not in header and "/" not in header
    return None if is_standard or OPEN.fullmatch(header) else f"{header} has no home in FENCES"


def offences(root):
    for path in sorted([*root.glob("exporter/**/*.*"), *root.glob("collectors/**/*.*")]):
        if path.suffix not in (".h", ".cc"):
            continue
        name = path.relative_to(root).as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = INCLUDE.match(line)
            # collectors.def is the list itself.
            if not found or found[2].endswith(".def"):
                continue
            if why := offence(name, found[1], found[2]):
                yield f"{name}:{number}: {why}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = list(offences(root))
    print("\n".join(found) if found else "layers: every include points the right way")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
