# SPDX-License-Identifier: Apache-2.0
"""Rules with one thing broken each, from the text of a rule file.

Relies on our style: one `key: value` a line, and each clause of an expression on lines of its own that
begin with and, unless or or.
"""

import re
from dataclasses import dataclass

EVALUATION_SECONDS = 15
SECONDS = {"s": 1, "m": 60, "h": 3600}

_RULE = re.compile(r"^      - (alert|record): (\S+)")
_KEY = re.compile(r"^        (\w+):")
_HOLD = re.compile(r"^(        (?:for|keep_firing_for): )(\d+)([smh])$")
_THRESHOLD = re.compile(r"\b([0-9.]+)(?= # \w+)")
_STATE = re.compile(r"(?<=== )[01]\b")
_BOUND = re.compile(r"(?<=[ )])[<>]=?(?= |$)")
_ALTERNATIVES = re.compile(r'(?<==~")[\w|]+(?=")')
_CLAUSE = re.compile(r"( *)(and|unless|or)\b")


@dataclass(frozen=True)
class Mutation:
    rule: str
    line: int  # from 1
    text: str  # of that line
    change: str
    alerts: tuple  # whose tests may notice
    rules: str  # the file without any others

    @property
    def likely(self):
        """The kind of test that notices first, as a rule: what is looser breaks silence."""
        return "silent" if self.change == "removed" or self.change.endswith("=") else "fires"

    def __str__(self):
        return f"{self.rule}, line {self.line}: `{self.text.strip()}` {self.change}"


@dataclass(frozen=True)
class Rule:
    name: str
    records: bool
    begin: int  # its lines, from 0
    end: int


def rules_in(lines):
    starts = [(number, *found.groups()) for number, line in enumerate(lines)
              if (found := _RULE.match(line))]
    ends = [start[0] for start in starts[1:]] + [len(lines)]
    return [Rule(name, kind == "record", begin, end)
            for (begin, kind, name), end in zip(starts, ends)]


def mutations(text):
    lines = text.splitlines()
    rules = rules_in(lines)
    for rule in rules:
        alerts = _depending(lines, rules, rule)
        for number, change, replaced in _changes(lines, rule):
            yield Mutation(rule.name, number + 1, lines[number], change,
                           tuple(alert.name for alert in alerts),
                           _changed(lines, rules, alerts, number, replaced))


def unchanged(text):
    """Each rule alone, as it is: what its mutations are compared with."""
    lines = text.splitlines()
    rules = rules_in(lines)
    for rule in rules:
        alerts = _depending(lines, rules, rule)
        yield Mutation(rule.name, rule.begin + 1, lines[rule.begin], "as it is",
                       tuple(alert.name for alert in alerts),
                       _changed(lines, rules, alerts, rule.begin, (0, [])))


def _depending(lines, rules, rule):
    """The alert itself, or those of what is recorded."""
    alerts = [one for one in rules if not one.records]
    if not rule.records:
        return [rule]
    return [one for one in alerts if rule.name in "\n".join(lines[one.begin:one.end])] or alerts


def _changed(lines, rules, alerts, number, replaced):
    """What is recorded and these alerts (fewer are evaluated faster) with a change.

    `replaced` are (how many lines, by what), from `number` on.
    """
    count, by = replaced
    kept = lines[:rules[0].begin]
    for rule in rules:
        if rule.begin <= number < rule.end:
            kept += lines[rule.begin:number] + by + lines[number + count:rule.end]
        elif rule.records or rule in alerts:
            kept += lines[rule.begin:rule.end]
    return "\n".join(kept) + "\n"


def _changes(lines, rule):
    """Line, what is changed there, and (how many lines, by what)."""
    key = "record" if rule.records else "alert"
    for number in range(rule.begin, rule.end):
        line = lines[number]
        key = found[1] if (found := _KEY.match(line)) else key
        if key == "expr" and not line.lstrip().startswith("#"):
            for change, by in _in_expression(line):
                yield number, change, (1, [by])
            if _CLAUSE.match(line):
                yield number, "removed", _without_clause(lines, number)
        elif found := _HOLD.match(line):
            for change, by in _other_durations(found):
                yield number, change, (1, by)
        elif key == "labels" and "severity:" in line:
            other = "warning" if "critical" in line else "critical"
            yield number, f"made {other}", (1, [re.sub(r"\w+$", other, line)])


def _in_expression(line):
    code = line.partition(" #")[0]
    for found in _THRESHOLD.finditer(line):
        for factor in (1.1, 0.9):
            other = f"{float(found[0]) * factor:.10g}"
            yield f"with {other}", _spliced(line, found, other)
    for found in _STATE.finditer(code):
        other = str(1 - int(found[0]))
        yield f"with == {other}", _spliced(line, found, other)
    for found in _BOUND.finditer(code):
        other = found[0].removesuffix("=") if "=" in found[0] else found[0] + "="
        yield f"with {other}", _spliced(line, found, other)
    for found in _ALTERNATIVES.finditer(code):
        names = found[0].split("|")
        for name in names if len(names) > 1 else []:
            yield f"without {name}", _spliced(line, found, "|".join(n for n in names if n != name))


def _spliced(line, found, by):
    return line[:found.start()] + by + line[found.end():]


def _other_durations(found):
    seconds = int(found[2]) * SECONDS[found[3]]
    yield "doubled", [f"{found[1]}{2 * seconds}s"]
    # Half of one evaluation is as good as one.
    if seconds > EVALUATION_SECONDS:
        yield "halved", [f"{found[1]}{seconds // 2}s"]
    else:
        yield "removed", []


def _without_clause(lines, number):
    indent, operator = _CLAUSE.match(lines[number]).groups()
    end = number + (2 if lines[number].strip() == operator else 1)
    while _open_brackets(lines[number:end]) > 0 or _indent(lines[end]) > len(indent):
        end += 1
    rest = _behind_operand("\n".join(lines[number:end]))
    return end - number, [indent + rest] if rest else []


def _indent(line):
    return len(line) - len(line.lstrip())


def _open_brackets(lines):
    return sum(line.count("(") - line.count(")") for line in lines)


def _behind_operand(clause):
    """What is in its last line and not its own: a comma, or brackets that it didn't open."""
    depth = 0
    for at, char in enumerate(clause):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth < 0:
            return clause[at:]
    return "," if clause.endswith(",") else ""
