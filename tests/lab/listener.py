# SPDX-License-Identifier: Apache-2.0
"""Something that listens on a port, in the background."""

import threading


class Listener:
    """Runs one of `socketserver`'s for as long as its `with` block lasts."""

    def __init__(self, server, name):
        server.daemon_threads = True
        self._server = server
        # A daemon, so that it ends with us.
        self._thread = threading.Thread(target=server.serve_forever, name=name, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
