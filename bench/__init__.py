# SPDX-License-Identifier: Apache-2.0
"""What the exporter costs: micro.cc measures functions, scrape.py the running program.

    python3 -m bench.scrape --exporter build/release/exporter/pg_replication_exporter
"""
