# SPDX-License-Identifier: Apache-2.0
"""Waiting for a condition, with a deadline."""

import time


class TookTooLong(AssertionError):
    """Something awaited did not come: inside a test, a failure of that test."""


def wait_until(condition, what, seconds=15, every=0.05):
    """Calls condition() until it is true, and returns what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() >= deadline:
            raise TookTooLong(f"not within {seconds} s: {what}")
        time.sleep(every)
