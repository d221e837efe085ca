# SPDX-License-Identifier: Apache-2.0
"""promtool's unit tests, as data: `<alert>: fires|silent|vanishes ...` in `<group>.test.yaml`."""

import re
from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parent
KINDS = ("fires", "silent", "vanishes")


class _Loader(yaml.SafeLoader):
    """In which 0x20 is what promtool takes it for, 20 more zeros, and no hexadecimal number."""
    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:int"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?\d+$"), list("-0123456789"))


def read(file):
    return yaml.load(file.read_text(), _Loader)["tests"]


def all_tests():
    return [test for file in sorted(FOLDER.glob("*.test.yaml")) for test in read(file)]


def subject(test):
    """The alert that it is about, and what it shows of it."""
    alert, _, rest = test.get("name", "").partition(": ")
    return alert, rest.partition(" ")[0]
