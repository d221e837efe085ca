# SPDX-License-Identifier: Apache-2.0
"""HTTP GET."""

import urllib.request


def get(url, seconds=5):
    """The body; an HTTP error or a missed deadline is an OSError."""
    with urllib.request.urlopen(url, timeout=seconds) as response:
        return response.read().decode()


def answers(url):
    """Whether this is served at all, with a good status."""
    try:
        get(url, seconds=1)
    except OSError:
        return False
    return True
