# SPDX-License-Identifier: Apache-2.0
"""Figures as a table: on the terminal, and in docs/performance.md."""

import os
import subprocess
import time
from dataclasses import dataclass

from tests.lab.workspace import REPOSITORY

from . import processes

_DOCUMENT = REPOSITORY / "docs/performance.md"


class Circumstances:
    """Of a run that begins with it: under which its figures were measured."""

    def __init__(self):
        self._before = processes.load_average()

    def at_end(self, command):
        return {
            "machine": processes.machine(),
            "load average": f"{self._before} before, {processes.load_average()} after",
            "commit": _git("describe", "--always", "--dirty", "--abbrev=10"),
            "date": time.strftime("%Y-%m-%d"),
            "command": f"`{command}`",
        }


@dataclass(frozen=True)
class Figure:
    """One row. A figure without a bound has nothing to keep."""
    what: str
    value: str
    bound: str = ""
    kept: bool = True


def table(figures):
    """Of Figures, with their bounds."""
    return aligned([("figure", "measured", "bound")] + [
        (figure.what, figure.value, f"{figure.bound}, {'kept' if figure.kept else 'BROKEN'}"
         if figure.bound else "") for figure in figures])


def aligned(rows):
    """Markdown of a head and its rows, the columns aligned for the terminal."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    head, *rest = rows
    return "".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |\n"
                   for row in (head, ["-" * width for width in widths], *rest))


def text(circumstances, *tables):
    """What is printed and written."""
    return "\n".join(["".join(f"- {name}: {value}\n" for name, value in circumstances.items()), *tables])


def write(program, written):
    """Puts it between the program's marks in the document."""
    begin, end = (f"<!-- bench/{program}.py: {mark} -->\n" for mark in ("begin", "end"))
    head, rest = _DOCUMENT.read_text().split(begin)
    _DOCUMENT.write_text(f"{head}{begin}\n{written}\n{end}{rest.split(end)[1]}")


def relative(path):
    """As it is typed in the checkout."""
    return os.path.relpath(path, REPOSITORY)


def _git(*words):
    return subprocess.run(["git", *words], cwd=REPOSITORY, check=True, capture_output=True,
                          text=True).stdout.strip()
