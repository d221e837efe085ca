# SPDX-License-Identifier: Apache-2.0
"""A laboratory for streaming replication: real servers, real faults, the truth beside them.

    with Workspace() as workspace:
        cluster = Cluster(workspace)
        with cluster.s1.replay_paused():
            ...

`workspace` ends whatever was started in it, `cluster` builds a topology with the setup kit,
`majors` one of any PostgreSQL major without it, `postgres` is one server and the faults it can
suffer, `faults` are those that take more than one,
`failover` changes who is primary, `relay` is a link that can fail, `receiver` streams without a
server behind it, `load` writes, `truth` samples the servers many times a second (`stall` knows when
the machine itself stood still), and `comparison` holds the exporter's page against that. `exporter`,
`prometheus`, `alertmanager` and `promtool` run the real programs, `mailbox` takes mail; what listens
on a port is a `listener`. `demo` puts it all on a screen.

Python's standard library only.
"""
