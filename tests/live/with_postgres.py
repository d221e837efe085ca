# SPDX-License-Identifier: Apache-2.0
"""Runs programs beside a throwaway primary and its standby.

    python3 -m tests.live.with_postgres PROGRAM...

The programs (tests/**/*_pgtest.cc) find the servers through their environment:

    PGREPL_TEST_CONNINFO          the primary, as the role that the exporter has
    PGREPL_TEST_STANDBY_CONNINFO  the standby, as that role
    PGREPL_TEST_ADMIN_CONNINFO    the primary, as a superuser

GTEST_FILTER chooses among their tests as usual.
"""

import subprocess
import sys

from tests.lab.cluster import Cluster, Standby
from tests.lab.workspace import Workspace

_ADMIN_PASSWORD = "lab-admin"
_HBA = "host all all 127.0.0.1/32 scram-sha-256\n"


def main(programs):
    with Workspace() as workspace:
        cluster = Cluster(workspace, plan=[Standby("s1", slot=True)])
        _admit_admin(cluster)
        environment = workspace.environment | _conninfos(cluster)
        failed = [program for program in programs
                  if subprocess.run([program], env=environment, check=False).returncode != 0]
        if failed:
            print(cluster.p.log[-2000:], file=sys.stderr)
    for program in failed:
        print(f"FAILED: {program}", file=sys.stderr)
    return 1 if failed else 0


def _admit_admin(cluster):
    """Tests make roles of their own, and all of them come in by password."""
    for server in cluster.servers.values():
        hba = server.data / "pg_hba.conf"
        hba.write_text(_HBA + hba.read_text())
        server.execute("SELECT pg_reload_conf()")
    cluster.p.execute(
        f"CREATE ROLE pgrepl_test_admin SUPERUSER LOGIN PASSWORD '{_ADMIN_PASSWORD}'")
    cluster.wait_caught_up()


def _conninfos(cluster):
    password = cluster.monitor_password_file.read_text().strip()
    return {
        "PGREPL_TEST_CONNINFO": f"{cluster.monitor_conninfo(cluster.p)} password={password}",
        "PGREPL_TEST_STANDBY_CONNINFO":
            f"{cluster.monitor_conninfo(cluster.s1)} password={password}",
        "PGREPL_TEST_ADMIN_CONNINFO":
            f"host=127.0.0.1 port={cluster.p.port} user=pgrepl_test_admin dbname=postgres "
            f"password={_ADMIN_PASSWORD}"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
