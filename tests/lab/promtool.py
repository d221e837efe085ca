# SPDX-License-Identifier: Apache-2.0
"""Prometheus' own opinion of our page."""

import subprocess


def check_metrics(text):
    """Its complaints about a metrics page, one line each; empty is clean."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    complaints = done.stdout.splitlines()
    if done.returncode and not complaints:
        complaints = [f"promtool exited with {done.returncode}"]
    return complaints
