# SPDX-License-Identifier: Apache-2.0
"""Plays the whole fault table, and writes what it measured to docs/lag-truth.md.

    python3 -m tests.proof.truth --exporter build/release/exporter/pg_replication_exporter

Three lanes play side by side, each a process with servers and exporters of its own: two with
faults, one with ten minutes of health. Exit code 1 if any bound is broken.
"""

import argparse
import multiprocessing
import signal
import sys
import time
import traceback
from pathlib import Path

from tests.lab.workspace import Workspace

from . import archive_rows, cause_rows, failover_rows, health, lag_rows, report
from .row import Outcome
from .stage import Stage

LANES = ((lag_rows, failover_rows), (cause_rows, archive_rows), (health,))
# What a row that fails may leave behind ends with its stage; nobody waits longer for a lane.
LIMIT_SECONDS = 1500


def main():
    options = _parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    begin = time.monotonic()
    outcomes = _in_order(_play_all(options))
    seconds = time.monotonic() - begin
    if not options.only:
        report.write(outcomes, "make proof-truth", seconds)
    broken = sum(bool(outcome.wrong) for outcome in outcomes)
    print(f"{len(outcomes)} rows in {seconds / 60:.1f} minutes, {broken} broken", flush=True)
    return 1 if broken or not outcomes else 0


def _play_all(options):
    """Outcomes as they come, each printed."""
    queue = multiprocessing.SimpleQueue()
    lanes = [multiprocessing.Process(target=_play_lane, args=(lane, options, queue))
             for lane in LANES]
    for lane in lanes:
        lane.start()
    outcomes, ended = [], 0
    while ended < len(lanes):
        outcome = queue.get()
        if outcome is None:
            ended += 1
        else:
            print(report.line(outcome), flush=True)
            outcomes.append(outcome)
    return outcomes


def _play_lane(lane, options, queue):
    signal.alarm(LIMIT_SECONDS)
    try:
        for act in lane:
            if names := _chosen(act, options.only):
                _play_stage(act, names, options, queue)
    except Exception:  # However a lane ends, the others are waited for.
        queue.put(Outcome("-", f"stage of {', '.join(names)}", "-",
                          wrong=[traceback.format_exc(limit=-3)]))
    except KeyboardInterrupt:
        pass
    finally:
        queue.put(None)


def _play_stage(act, names, options, queue):
    with Workspace(prefix="pgrepl-proof-") as workspace:
        stage = Stage(workspace, options.exporter, act.PLAN, getattr(act, "SETTINGS", None))
        try:
            if act is health:
                queue.put(health.mix(stage, options.healthy_seconds))
                return
            for row in act.rows.rows:
                if row.name in names:
                    queue.put(stage.perform(row))
        finally:
            stage.close()


def _names(act):
    return ["mix"] if act is health else [row.name for row in act.rows.rows]


def _chosen(act, only):
    return [name for name in _names(act) if not only or name in only]


def _in_order(outcomes):
    """S0 to S20, then the causes, then the mix."""
    def place(outcome):
        letter, number = outcome.row[:1], outcome.row[1:]
        return ("SCm-".find(letter), int(number) if number.isdecimal() else 0)
    return sorted(outcomes, key=place)


def _parse(words):
    parser = argparse.ArgumentParser(prog="proof", description=__doc__.split("\n")[0])
    parser.add_argument("--exporter", type=Path, required=True, metavar="BINARY")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="S2,C1,mix",
                        help="these rows, and no table is written")
    parser.add_argument("--healthy-seconds", type=float, default=health.SECONDS)
    options = parser.parse_args(words)
    options.exporter = options.exporter.resolve()
    known = [name for lane in LANES for act in lane for name in _names(act)]
    if unknown := set(options.only or ()) - set(known):
        parser.error(f"no row {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
