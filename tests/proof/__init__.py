# SPDX-License-Identifier: Apache-2.0
"""The fault table, proven on real servers: what the exporter says against what is true.

    make proof-truth                      # all rows, and docs/lag-truth.md from what they measured
    make proof-truth PROOF='--only S2,S5'

`row` says what a row is, `lag_rows`, `cause_rows` and `failover_rows` are the rows, `stage` is the
topology they play on, `health` is the long mix without a fault, `report` writes the table, and
`truth` runs them all.

    make proof-majors                     # all majors, roles and rights, and docs/majors.md

`catalog` reads a server's own views, `sources` says what each family must make of them,
`page_check` holds a page against that, `fleet` is a cluster of each major, `matrix` what happens to
them, `upgrade` turns one major into the next, `majors_report` writes the tables, and `majors` runs
it all.
"""
