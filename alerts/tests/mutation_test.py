# SPDX-License-Identifier: Apache-2.0
"""Breaks one thing of one rule at a time: a unit test of its group must notice each.

    /usr/bin/python3 -m unittest alerts.tests.mutation_test [-k test_lag]
"""

import json
import os
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from alerts.tests.broken_rules import mutations, unchanged
from alerts.tests.rules import RULES
from alerts.tests.unit_tests import FOLDER, read, subject

# Changes that change nothing, and why: (rule, line, change).
EQUIVALENT = {
}


def promtool(rules, tests):
    """What promtool says when the tests are put to the rules; empty: all pass."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.yaml").write_text(rules)
        # JSON is YAML, too, and quickly written.
        (folder / "test.yaml").write_text(json.dumps({
            "rule_files": ["rules.yaml"], "evaluation_interval": "15s", "tests": tests}))
        done = subprocess.run(["promtool", "test", "rules", folder / "test.yaml"], text=True,
                              env=os.environ | {"GOGC": "off"},  # it ends before memory matters
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout if done.returncode else ""


def noticed(mutation, tests):
    """What the first test says that notices; the likely ones are asked first."""
    about = [test for test in tests if subject(test)[0] in mutation.alerts]
    likely = [test for test in about if subject(test)[1] == mutation.likely]
    rest = [test for test in about if test not in likely]
    return promtool(mutation.rules, likely) or promtool(mutation.rules, rest)


def verdict(mutation, tests):
    """None if a test notices it, else what is wrong."""
    said = noticed(mutation, tests)
    if (mutation.rule, mutation.text.strip(), mutation.change) in EQUIVALENT:
        return f"{mutation}: is noticed, so it is not equivalent" if said else None
    if not said:
        return f"{mutation}: noticed by no test"
    # A rule that cannot be read fails every test, and shows nothing.
    return None if "got:" in said else f"{mutation}: {said}"


class MutationTest(unittest.TestCase):
    maxDiff = None

    def _each_is_noticed(self, group):
        text = (RULES / f"{group}.yaml").read_text()
        tests = read(FOLDER / f"{group}.test.yaml")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            self.assertEqual("".join(pool.map(lambda one: noticed(one, tests), unchanged(text))), "")
            verdicts = list(pool.map(lambda one: verdict(one, tests), mutations(text)))
        self.assertTrue(verdicts)
        wrong = [one for one in verdicts if one]
        if wrong:
            self.fail("\n".join([f"{len(wrong)} of {len(verdicts)}", *wrong]))


def _test_of(group):
    return lambda self: self._each_is_noticed(group)


for _file in sorted(RULES.glob("*.yaml")):
    setattr(MutationTest, f"test_{_file.stem}", _test_of(_file.stem))


if __name__ == "__main__":
    unittest.main()
