#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs each fuzz target by libFuzzer, for some seconds; with --write, tells docs/fuzzing.md what came of it.

What it finds on the way lies in build/fuzz/found/TARGET; what breaks a target, beside it. The corpora of
tests/fuzz/corpus are only read.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "fuzz"
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
FILE = ROOT / "docs" / "fuzzing.md"
OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}


def what_it_is(name):
    """The first comment of the target's source."""
    lines = (ROOT / "tests" / "fuzz" / f"{name}_fuzz.cc").read_text(encoding="utf-8").splitlines()
    words = []
    for line in lines:
        if not line.startswith("// ") or "SPDX" in line:
            break
        words.append(line[3:])
    return " ".join(words)


def fuzz(name, seconds):
    found = BUILD / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    done = subprocess.run(
        [BUILD / "tests" / "fuzz" / f"fuzz_{name}", found, CORPUS / name, f"-max_total_time={seconds}",
         "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=1",
         f"-artifact_prefix={BUILD / 'found' / (name + '-')}"],
        env=os.environ | OPTIONS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    (BUILD / "found" / f"{name}.log").write_text(done.stdout, encoding="utf-8")
    runs = re.search(r"number_of_executed_units: (\d+)", done.stdout)
    edges = re.findall(r"cov: (\d+)", done.stdout)
    row = {
        "name": name, "broke": done.returncode != 0, "seconds": round(time.monotonic() - begin),
        "runs": int(runs[1]) if runs else 0, "edges": int(edges[-1]) if edges else 0,
        "seeds": len(list((CORPUS / name).iterdir()))}
    verdict = f"BROKE, see {BUILD / 'found' / (name + '.log')}" if row["broke"] else "held"
    print(f"{name}: {row['runs']} runs in {row['seconds']} s, {row['edges']} edges: {verdict}", flush=True)
    return row


def commit():
    return subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True,
                          capture_output=True, check=True).stdout.strip()


def document(rows, begun_at):
    """A target that was not run keeps its row."""
    table = {line.split(" | ")[0].strip("| "): line for line in
             (FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else [])
             if line.endswith(" |") and not line.startswith(("| target", "|---"))}
    for row in rows:
        verdict = "**broke**" if row["broke"] else "held"
        table[row["name"]] = (
            f"| {row['name']} | {what_it_is(row['name'])} | {row['seeds']} | {row['seconds']} | "
            f"{row['runs']:,} | {row['edges']:,} | {verdict} | {begun_at} |")
    lines = ["# Fuzzing", "", "Written by `make proof-fuzz`; do not edit.", "",
             "Each target of `tests/fuzz` under libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer. `make fuzz` is "
             "a minute of each; `make test` runs each over its corpus.", "",
             "| target | what holds | seeds | seconds | runs | edges | | commit |",
             "|---|---|--:|--:|--:|--:|---|---|", *(table[name] for name in sorted(table))]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    options.add_argument("--jobs", type=int, default=os.cpu_count(), help="at a time")
    options.add_argument("--write", action="store_true", help="write docs/fuzzing.md")
    options.add_argument("targets", nargs="*", help="only these")
    given = options.parse_args()
    begun_at = commit()
    names = given.targets or sorted(folder.name for folder in CORPUS.iterdir())
    with ThreadPoolExecutor(given.jobs) as pool:
        rows = list(pool.map(lambda name: fuzz(name, given.seconds), names))
    if given.write:
        document(rows, begun_at)
    return 1 if any(row["broke"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
