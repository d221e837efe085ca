# SPDX-License-Identifier: Apache-2.0
"""Scrapes, timed from connect to the end of the answer."""

import math
import socket
import time

# What Prometheus sends; it takes gzip unless told not to.
_REQUEST = (
    "GET /metrics HTTP/1.1\r\n"
    "Host: 127.0.0.1\r\n"
    "Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"
    "Accept-Encoding: {encoding}\r\n"
    "Connection: close\r\n"
    "\r\n")
GZIP, PLAIN = (_REQUEST.format(encoding=name).encode() for name in ("gzip", "identity"))


def scrape(port, request=GZIP, timeout=30):
    """Seconds, and the bytes of the whole answer."""
    # What is read is thrown away: to keep 20 MB costs the client more than the exporter has to make them.
    chunk = bytearray(1 << 18)
    begin = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        connection.sendall(request)
        size = connection.recv_into(chunk)
        start = bytes(chunk[:200])
        while count := connection.recv_into(chunk):
            size += count
    seconds = time.perf_counter() - begin
    if not start.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"not a page: {start!r}")
    return seconds, size


def scrape_for(port, seconds, pause):
    """One after the other, with a pause between them. The seconds of each."""
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        times.append(scrape(port)[0])
        time.sleep(pause)
    return times


def percentile(values, share):
    """The smallest value that this share of them doesn't exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]
