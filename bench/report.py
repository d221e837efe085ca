# SPDX-License-Identifier: Apache-2.0
"""Figures as a table: on the terminal, and in docs/performance.md."""

from dataclasses import dataclass

from tests.lab.workspace import REPOSITORY

_DOCUMENT = REPOSITORY / "docs/performance.md"
_BEGIN, _END = "<!-- bench/scrape.py: begin -->\n", "<!-- bench/scrape.py: end -->\n"


@dataclass(frozen=True)
class Figure:
    """One row. A figure without a bound has nothing to keep."""
    what: str
    value: str
    bound: str = ""
    kept: bool = True


def table(figures):
    """Markdown, its columns aligned for the terminal."""
    rows = [("figure", "measured", "bound")]
    rows += [(figure.what, figure.value, f"{figure.bound}, {'kept' if figure.kept else 'BROKEN'}"
              if figure.bound else "") for figure in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    rows.insert(1, tuple("-" * width for width in widths))
    return "".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |\n"
                   for row in rows)


def write(circumstances, figures):
    """Puts them between the marks in the document."""
    text = _DOCUMENT.read_text()
    head, rest = text.split(_BEGIN)
    tail = rest.split(_END)[1]
    lines = "".join(f"- {name}: {value}\n" for name, value in circumstances.items())
    _DOCUMENT.write_text(f"{head}{_BEGIN}\n{lines}\n{table(figures)}\n{_END}{tail}")
