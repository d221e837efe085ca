#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails on tracked source files that are too long, badly named or unmarked.

    files.py [ROOT]

No file over 400 lines; no name that says nothing; an SPDX line within the first ten; ASCII, so that
what one reads is what is compiled; no path of anybody's machine.
"""

import pathlib
import re
import subprocess
import sys

SOURCE = {".cc", ".h", ".py", ".sh", ".cmake", ".def", ".ts"}
LONGEST = 400
NAMELESS = re.compile(r"(^|[/_-])(utils?|common|misc|helpers?|manager)([./_-]|$)")
FOREIGN_PATH = re.compile(r"(?<![\w.])/(work|farm|home/\w+)/")


def offences(path, text):
    """What is wrong with the file of this repository path and text."""
    if NAMELESS.search(path):
        yield "its name says nothing"
    lines = text.splitlines()
    if len(lines) > LONGEST:
        yield f"{len(lines)} lines, more than {LONGEST}: is it one noun?"
    if not any("SPDX-License-Identifier: Apache-2.0" in line for line in lines[:10]):
        yield "no SPDX line"
    for number, line in enumerate(lines, 1):
        if not line.isascii():
            yield f"line {number} is not ASCII: escape it"
    if FOREIGN_PATH.search(text):
        yield "a path of somebody's machine"


def tracked(root):
    listed = subprocess.run(["git", "ls-files"], cwd=root, check=True, capture_output=True,
                            text=True)
    files = [root / path for path in listed.stdout.splitlines()]
    return [file for file in files
            if (file.suffix in SOURCE or file.name == "CMakeLists.txt") and file.exists()]


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = [f"{file.relative_to(root)}: {why}"
             for file in tracked(root)
             for why in offences(file.relative_to(root).as_posix(),
                                 file.read_text(encoding="utf-8"))]
    print("\n".join(found) if found else "files: all named, marked and short enough")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
