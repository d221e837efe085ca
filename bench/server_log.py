# SPDX-License-Identifier: Apache-2.0
"""What a server's log says of the exporter's session."""

import re

# The prefix tells whose line it is; connections are logged from the start.
SETTINGS = {"log_line_prefix": "%m [%p] %u ", "log_connections": "on", "log_disconnections": "on"}

_OURS = r" \[\d+\] pgrepl_monitor LOG:  "
_CONNECTION = re.compile(_OURS + "connection authorized: .* application_name=pg_replication_exporter")
_EXECUTION = re.compile(_OURS + r"execute \w+: (.*)")
# Every round of the exporter begins with it.
_FIRST = "SELECT pg_is_in_recovery()"


def connections(log):
    """How often the exporter logged in; the setup kit tries the same role."""
    return len(_CONNECTION.findall(log))


def rounds(log):
    """The number of statements in each of the exporter's rounds; needs log_statement = all."""
    counts = []
    for statement in _EXECUTION.findall(log):
        if statement == _FIRST:
            counts.append(0)
        if counts:
            counts[-1] += 1
    return counts
