# SPDX-License-Identifier: Apache-2.0
"""Packets that the kernel loses on their way to and from a port of loopback, by nftables. Needs root."""

from contextlib import contextmanager

from .process import run


def can_be_lost():
    """Whether this machine lets us: a container's root often has no right to."""
    try:
        with lost(1, 1):
            return True
    except (OSError, RuntimeError):
        return False


@contextmanager
def lost(port, percent):
    """Of a hundred packets each way so many, by chance, while the block lasts."""
    table = f"inet pgrepl_{port}"
    rules = "\n".join(f"tcp {side} {port} numgen random mod 100 <= {percent - 1} drop" for side in ("dport", "sport"))
    run(["nft", "-f", "-"], text=f"""table {table} {{
  chain input {{
    type filter hook input priority 0
    {rules}
  }}
}}
""")
    try:
        yield
    finally:
        run(["nft", f"delete table {table}"])
