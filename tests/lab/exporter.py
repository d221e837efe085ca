# SPDX-License-Identifier: Apache-2.0
"""The program under test, through its binary."""

import json
import time

from .page import parse
from .process import Process
from .web import answers, get


class Exporter(Process):
    """Runs with a configuration on a port of its own; serves its page before the constructor ends.

    The configuration is a dictionary (JSON is YAML too), or text.
    """

    def __init__(self, workspace, binary, config, flags=(), port=None, name="exporter"):
        self.port = port or workspace.ports.take()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config_file = workspace.folder / f"{name}.yaml"
        self.config_file.write_text(
            config if isinstance(config, str) else json.dumps(config, indent=2) + "\n")
        super().__init__(workspace, name, [
            binary, f"--config.file={self.config_file}",
            f"--web.listen-address=127.0.0.1:{self.port}", *flags])
        self.wait_until(lambda: answers(self.url + "/-/healthy"), "serves")

    def get(self, path="/metrics", seconds=5):
        """The body of a page; an HTTP error or a missed deadline is an exception."""
        return get(self.url + path, seconds)

    def scrape(self, seconds=5):
        begin = time.monotonic()
        text = self.get(seconds=seconds)
        seconds = time.monotonic() - begin
        # It is as of some moment between asking and the answer.
        return parse(text, seconds, at=begin + seconds / 2)

    def wait_for(self, condition, what, seconds=15):
        """Scrapes until condition(page) holds; returns that page."""
        def fulfilled():
            page = self.scrape()
            return page if condition(page) else None
        return self.wait_until(fulfilled, what, seconds)
