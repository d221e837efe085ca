# SPDX-License-Identifier: Apache-2.0
"""promtool's unit tests, as data: `<alert>: fires|silent|vanishes ...` in `<group>.test.yaml`."""

from pathlib import Path

import yaml

FOLDER = Path(__file__).resolve().parent
KINDS = ("fires", "silent", "vanishes")


def read(file):
    return yaml.safe_load(file.read_text())["tests"]


def all_tests():
    return [test for file in sorted(FOLDER.glob("*.test.yaml")) for test in read(file)]


def subject(test):
    """The alert that it is about, and what it shows of it."""
    alert, _, rest = test.get("name", "").partition(": ")
    return alert, rest.partition(" ")[0]
