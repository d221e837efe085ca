# SPDX-License-Identifier: Apache-2.0
"""What a chart can only read inside its own folder: copies of the project's rules and dashboards.

    python3 -m helm.tests.copies    writes them (make chart)
"""

import shutil

from helm.tests.chart import CHART, REPOSITORY

SOURCES = {"rules": "alerts/rules/*.yaml", "compatibility": "alerts/compatibility/*.yaml",
           "dashboards": "grafana/dashboards/*.json"}


NOTE = "Copies of alerts/ and grafana/, made by `make chart`: don't edit.\n"


def wanted():
    """{copy: source}, beside README.md."""
    return {CHART / "files" / folder / source.name: source
            for folder, pattern in SOURCES.items() for source in sorted(REPOSITORY.glob(pattern))}


def main():
    shutil.rmtree(CHART / "files", ignore_errors=True)
    (CHART / "files").mkdir()
    (CHART / "files/README.md").write_text(NOTE)
    for copy, source in wanted().items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)


if __name__ == "__main__":
    main()
