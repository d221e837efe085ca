# SPDX-License-Identifier: Apache-2.0
"""Whether the exporter under test watches itself (make proof-sanitizers): it keeps freed memory then, to see who
touches it, and takes no library that stands before its own."""

import os

IS_ON = bool(os.environ.get("PGREPL_SANITIZER"))
