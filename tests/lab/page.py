# SPDX-License-Identifier: Apache-2.0
"""A metrics page in the text format 0.0.4, read into Python."""

import re
from dataclasses import dataclass

_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?')
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True)
class Page:
    """What one scrape said: {name: {labels: value}}, the labels a frozenset of pairs."""
    text: str
    families: dict
    seconds: float
    at: float = 0.0  # on the time.monotonic() clock

    def series(self, name, **labels):
        """{labels: value} of the samples that carry at least these labels."""
        wanted = labels.items()
        return {pairs: value for pairs, value in self.families.get(name, {}).items()
                if wanted <= pairs}

    def value(self, name, **labels):
        """The value of the only such sample; None if there is none."""
        found = list(self.series(name, **labels).values())
        if len(found) > 1:
            raise LookupError(f"{len(found)} samples of {name} carry {labels}")
        return found[0] if found else None

    def state(self, name, label, **labels):
        """Of a one-hot family, the state that is 1; None unless it is exactly one."""
        on = [dict(pairs)[label] for pairs, value in self.series(name, **labels).items() if value]
        return on[0] if len(on) == 1 else None

    def identities(self):
        """Name and labels of every sample."""
        return {(name, pairs) for name, samples in self.families.items() for pairs in samples}


def parse(text, seconds=0.0, at=0.0):
    """Strict where it matters to us: a line that is no sample, or comes twice, is an error."""
    families = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = _SAMPLE.fullmatch(line)
        if match is None:
            raise ValueError(f"not a sample: {line}")
        name, labels, value = match.groups()
        pairs = frozenset((key, _ESCAPE.sub(_unescape, escaped))
                          for key, escaped in _LABEL.findall(labels or ""))
        samples = families.setdefault(name, {})
        if pairs in samples:
            raise ValueError(f"twice on the page: {line}")
        samples[pairs] = float(value)
    return Page(text, families, seconds, at)


def _unescape(match):
    return {"n": "\n"}.get(match.group(1), match.group(1))
