# SPDX-License-Identifier: Apache-2.0
"""What a program's sessions cost a PostgreSQL server."""

import os
import re
from pathlib import Path

from . import processes

# Whose line it is, by application_name.
SETTINGS = {"log_line_prefix": "%m [%p] %a ", "log_connections": "on", "autovacuum": "off"}


def cpu_seconds(server, application):
    """Of its sessions that are there; the server is up."""
    pids = server.rows(f"SELECT pid FROM pg_stat_activity WHERE application_name = '{application}'")
    return sum(processes.cpu_seconds(int(pid)) for (pid,) in pids)


def ended_cpu_seconds(server):
    """Of all sessions that have ended; autovacuum's workers would be among them."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()
    children = fields[13:15]  # cutime and cstime
    return sum(map(int, children)) / os.sysconf("SC_CLK_TCK")


def connections(log, application):
    """How often it logged in."""
    return len(re.findall(rf"connection authorized: .* application_name={re.escape(application)}\b", log))


def statements(log, application):
    """How many it sent; needs log_statement = all."""
    return len(re.findall(rf"(?m)^\S+ \S+ \S+ \[\d+\] {re.escape(application)} "
                          r"LOG:  (?:statement|execute \S+): ", log))
