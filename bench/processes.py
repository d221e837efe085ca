# SPDX-License-Identifier: Apache-2.0
"""What the kernel says of running processes and of this machine."""

import os
import platform
import re
import subprocess
from pathlib import Path

_SEGMENTS = re.compile(r"data_segs_(out|in):(\d+)")


def cpu_seconds(pid):
    """On the CPU so far, all threads that still live; in nanoseconds' steps, unlike /proc/PID/stat."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def memory_megabytes(pid):
    """{'RssAnon': ..., 'VmRSS': ..., 'VmHWM': ...}"""
    status = Path(f"/proc/{pid}/status").read_text()
    return {name: int(kilobytes) / 1024
            for name, kilobytes in re.findall(r"^(\w+):\s+(\d+) kB$", status, re.MULTILINE)}


def data_segments(pid, port):
    """TCP segments with data that this process sent to and got from this port; None without ss.

    On loopback a segment holds up to 64 kB, so what is flushed at once is one segment.
    """
    try:
        lines = subprocess.run(
            ["ss", "--tcp", "--info", "--processes", "--numeric", "--no-header", "--oneline",
             "state", "established", f"dport = :{port}"],
            check=True, capture_output=True, text=True).stdout.splitlines()
    except FileNotFoundError:
        return None
    (line,) = [line for line in lines if f"pid={pid}," in line]
    counts = {"out": 0, "in": 0} | dict(_SEGMENTS.findall(line))
    return int(counts["out"]), int(counts["in"])


def busy_seconds():
    """Of all cores together, since boot: what any process used, stolen time included."""
    user, nice, system, _, _, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def machine():
    """Its processor, cores and kernel."""
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (f"{os.cpu_count()} cores ({model.group(1) if model else platform.machine()}), "
            f"{memory:.0f} GB, Linux {platform.release()}")


def load_average():
    return " ".join(f"{load:.1f}" for load in os.getloadavg())
