# SPDX-License-Identifier: Apache-2.0
"""A real browser that looks at the page: Chromium, driven by browser.mjs."""

import json
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
CHROMIUM = shutil.which("chromium")


def missing():
    """Why there is no browser here; empty when there is one."""
    if CHROMIUM is None:
        return "chromium is not installed: make browser"
    if not (FOLDER / "node_modules/playwright-core").exists():
        return "playwright-core is not installed: make browser"
    return ""


class Browser:
    """One page that stays open, for a `with` block."""

    def __enter__(self):
        self._process = subprocess.Popen(
            ["node", FOLDER / "browser.mjs", CHROMIUM], cwd=FOLDER, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def open(self, url):
        return self._ask({"open": url})

    def see(self, **how):
        """What is on it now. `picture` is a file to write, `check` asks axe-core as well."""
        return self._ask({"see": how})

    def _ask(self, command):
        print(json.dumps(command, default=str), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        if "failed" in answer:
            raise RuntimeError(f"{command}: {answer['failed']}")
        return answer
