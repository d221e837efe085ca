# SPDX-License-Identifier: Apache-2.0
"""postgres_exporter's names: each is recorded, with its labels, once, however many exporters there are."""

import re
import unittest

import yaml

from alerts.tests.rules import ALERTS_FOLDER, METRICS, names_in
from alerts.tests.unit_tests import doubled, promtool

FILE = ALERTS_FOLDER / "compatibility/postgres_exporter.yaml"
DOCUMENT = ALERTS_FOLDER.parent / "docs/compatibility.md"

# p and its standby s1, which is 1200 bytes and 7 s behind; a slot of s1 and a logical one.
SAID = {
    'pgrepl_up{pg_cluster="main",server="p"}': 1,
    'pgrepl_up{pg_cluster="main",server="s1"}': 0,
    'pgrepl_server_info{pg_cluster="main",server="p",version="17.5",address="p:5432"}': 1,
    'pgrepl_server_start_timestamp_seconds{pg_cluster="main",server="p"}': 1700,
    'pgrepl_in_recovery{pg_cluster="main",server="p"}': 0,
    'pgrepl_in_recovery{pg_cluster="main",server="s1"}': 1,
    'pgrepl_lag_seconds{pg_cluster="main",server="s1"}': 7,
    'pgrepl_lag_bytes{pg_cluster="main",server="s1",stage="send"}': 1000,
    'pgrepl_lag_bytes{pg_cluster="main",server="s1",stage="replay"}': 200,
    'pgrepl_lag_bytes{pg_cluster="main",server="s1",stage="total"}': 1300,
    'pgrepl_standby_streaming{pg_cluster="main",server="s1"}': 0,
    'pgrepl_wal_position_bytes{pg_cluster="main",server="p"}': 9000,
    'pgrepl_sender_info{pg_cluster="main",server="p",standby="s1",application_name="a",'
    'client_addr="10.0.0.1",slot_name="s1"}': 1,
    'pgrepl_slot_active{pg_cluster="main",server="p",slot_name="s1",slot_type="physical"}': 1,
    'pgrepl_slot_active{pg_cluster="main",server="p",slot_name="cdc",slot_type="logical"}': 1,
    'pgrepl_slot_active{pg_cluster="main",server="p",slot_name="old",slot_type="logical"}': 0,
    'pgrepl_slot_info{pg_cluster="main",server="p",slot_name="cdc",slot_type="logical",plugin="x",'
    'database="shop"}': 1,
    'pgrepl_slot_retained_bytes{pg_cluster="main",server="p",slot_name="cdc",slot_type="logical"}': 500,
    'pgrepl_slot_confirmed_lag_bytes{pg_cluster="main",server="p",slot_name="cdc",'
    'slot_type="logical"}': 400,
    'pgrepl_slot_confirmed_lag_bytes{pg_cluster="main",server="p",slot_name="old",'
    'slot_type="logical"}': 900,
    'pgrepl_slot_safe_bytes{pg_cluster="main",server="p",slot_name="s1",slot_type="physical"}': 77,
    'pgrepl_slot_wal_status{pg_cluster="main",server="p",slot_name="s1",slot_type="physical",'
    'status="reserved"}': 1,
    'pgrepl_slot_wal_status{pg_cluster="main",server="p",slot_name="s1",slot_type="physical",'
    'status="lost"}': 0,
    'pgrepl_receiver_info{pg_cluster="main",server="s1",sender_host="p",sender_port="5432",'
    'slot_name="s1"}': 1,
    'pgrepl_receiver_status{pg_cluster="main",server="s1",status="streaming"}': 1,
    'pgrepl_receiver_status{pg_cluster="main",server="s1",status="waiting"}': 0,
    'pgrepl_receiver_position_bytes{pg_cluster="main",server="s1",position="start"}': 4000,
    'pgrepl_receiver_position_bytes{pg_cluster="main",server="s1",position="flushed"}': 8000,
    'pgrepl_receiver_position_bytes{pg_cluster="main",server="s1",position="latest_end"}': 8500,
    'pgrepl_receiver_timeline{pg_cluster="main",server="s1"}': 3,
    'pgrepl_receiver_last_message_age_seconds{pg_cluster="main",server="s1"}': 20,
    'pgrepl_archived_total{pg_cluster="main",server="p"}': 12,
    'pgrepl_archive_failed_total{pg_cluster="main",server="p"}': 2,
    'pgrepl_archive_last_success_timestamp_seconds{pg_cluster="main",server="p"}': 10,
    'pgrepl_wal_files{pg_cluster="main",server="p"}': 5,
    'pgrepl_wal_directory_bytes{pg_cluster="main",server="p"}': 80,
    'pgrepl_checkpoints_due_total{pg_cluster="main",server="p",cause="timed"}': 6,
    'pgrepl_checkpoints_due_total{pg_cluster="main",server="p",cause="requested"}': 4,
    'pgrepl_restartpoints_done_total{pg_cluster="main",server="s1"}': 3,
    'pgrepl_setting{pg_cluster="main",server="p",setting="max_connections"}': 100,
    'pgrepl_setting{pg_cluster="main",server="p",setting="max_wal_senders"}': 11,
    'pgrepl_setting{pg_cluster="main",server="p",setting="max_replication_slots"}': 12,
    'pgrepl_setting{pg_cluster="main",server="p",setting="max_worker_processes"}': 13,
    'pgrepl_setting{pg_cluster="main",server="p",setting="max_prepared_transactions"}': 0,
    'pgrepl_setting{pg_cluster="main",server="p",setting="max_locks_per_transaction"}': 64,
}
AT = 60  # seconds of promtool's clock

SENDER = 'application_name="a",client_addr="10.0.0.1",slot_name="s1",standby="s1",state="catchup"'
UPSTREAM = 'upstream_host="p",sender_host="p",slot_name="s1",status="streaming"'
S1 = 'slot_name="s1",slot_type="physical"'
CDC = 'slot_name="cdc",slot_type="logical"'
OLD = 'slot_name="old",slot_type="logical"'
# {name: [(server, its other labels, value)]}
RECORDED = {
    "pg_up": [("p", "", 1), ("s1", "", 0)],
    "pg_static": [("p", 'version="17.5",short_version="17.5"', 1)],
    "pg_postmaster_start_time_seconds": [("p", "", 1700)],
    "pg_replication_is_replica": [("p", "", 0), ("s1", "", 1)],
    "pg_replication_lag_seconds": [("p", "", 0), ("s1", "", 7)],
    "pg_replication_lag": [("p", "", 0), ("s1", "", 7)],
    "pg_replication_slot_slot_is_active": [("p", S1, 1), ("p", CDC, 1), ("p", OLD, 0)],
    "pg_replication_slot_slot_current_wal_lsn": [("p", S1, 9000), ("p", CDC, 9000), ("p", OLD, 9000)],
    "pg_replication_slot_slot_confirmed_flush_lsn": [("p", S1, 0), ("p", CDC, 8600)],
    "pg_replication_slot_safe_wal_size_bytes": [("p", S1, 77)],
    "pg_replication_slot_wal_status": [("p", S1 + ',wal_status="reserved"', 1)],
    "pg_replication_slots_active": [("p", 'slot_name="cdc",database="shop"', 1)],
    "pg_replication_slots_pg_wal_lsn_diff": [("p", 'slot_name="cdc",database="shop"', 500)],
    "pg_stat_replication_pg_wal_lsn_diff": [("p", SENDER, 1200)],
    "pg_stat_replication_pg_current_wal_lsn_bytes": [("p", SENDER, 9000)],
    "pg_stat_wal_receiver_receive_start_lsn": [("s1", UPSTREAM, 4000)],
    "pg_stat_wal_receiver_flushed_lsn": [("s1", UPSTREAM, 8000)],
    "pg_stat_wal_receiver_latest_end_lsn": [("s1", UPSTREAM, 8500)],
    "pg_stat_wal_receiver_received_tli": [("s1", UPSTREAM, 3)],
    "pg_stat_wal_receiver_last_msg_receipt_time": [("s1", UPSTREAM, AT - 20)],
    "pg_stat_archiver_archived_count": [("p", "", 12)],
    "pg_stat_archiver_failed_count": [("p", "", 2)],
    "pg_stat_archiver_last_archive_age": [("p", "", AT - 10)],
    "pg_wal_segments": [("p", "", 5)],
    "pg_wal_size_bytes": [("p", "", 80)],
    "pg_stat_bgwriter_checkpoints_timed_total": [("p", "", 6)],
    "pg_stat_bgwriter_checkpoints_req_total": [("p", "", 4)],
    "pg_stat_checkpointer_num_timed_total": [("p", "", 6)],
    "pg_stat_checkpointer_num_requested_total": [("p", "", 4)],
    "pg_stat_checkpointer_restartpoints_done_total": [("s1", "", 3)],
    "pg_settings_max_connections": [("p", "", 100)],
    "pg_settings_max_wal_senders": [("p", "", 11)],
    "pg_settings_max_replication_slots": [("p", "", 12)],
    "pg_settings_max_worker_processes": [("p", "", 13)],
    "pg_settings_max_prepared_transactions": [("p", "", 0)],
    "pg_settings_max_locks_per_transaction": [("p", "", 64)],
}


class CompatibilityTest(unittest.TestCase):
    maxDiff = None

    def test_each_name_says_what_the_server_says(self):
        self.assertEqual(promtool(FILE.read_text(), [_test()]), "")

    def test_two_exporters_double_nothing(self):
        self.assertEqual(promtool(FILE.read_text(), [doubled(_test())]), "")

    def test_two_that_disagree_for_a_moment_double_nothing(self):
        second = "pgrepl_receiver_status{pg_cluster=\"main\",server=\"s1\",status=\"%s\",instance=\"b\"}"
        test = _test() | {"promql_expr_test": [{
            "expr": "count(pg_stat_wal_receiver_flushed_lsn)", "eval_time": f"{AT}s",
            "exp_samples": [{"labels": "{}", "value": 1}]}]}
        test["input_series"] = test["input_series"] + [
            {"series": second % "waiting", "values": "1x20"},
            {"series": second % "streaming", "values": "0x20"}]
        self.assertEqual(promtool(FILE.read_text(), [test]), "")

    def test_a_server_that_nobody_watches_any_more_is_gone(self):
        test = _test() | {"promql_expr_test": [
            {"expr": name, "eval_time": f"{AT}s", "exp_samples": []} for name in RECORDED]}
        test["input_series"] = [one | {"values": one["values"].partition("x")[0] + " stale"}
                                for one in test["input_series"]]
        self.assertEqual(promtool(FILE.read_text(), [test]), "")

    def test_each_recorded_name_is_tested_and_in_the_document(self):
        public = [rule["record"] for rule in _rules() if ":" not in rule["record"]]
        self.assertEqual(sorted(public), sorted(RECORDED))
        told = re.findall(r"^\| `(pg_\w+)`", DOCUMENT.read_text(), re.MULTILINE)
        self.assertEqual(told, public, "run make proof-compatibility")

    def test_all_that_it_reads_exists(self):
        self.assertEqual(names_in(FILE.read_text()) - METRICS, set())

    def test_only_public_names_carry_the_job(self):
        for rule in _rules():
            labels = {} if ":" in rule["record"] else {"job": "postgres_exporter"}
            self.assertEqual(rule.get("labels", {}), labels, rule["record"])


def _rules():
    return [rule for group in yaml.safe_load(FILE.read_text())["groups"] for rule in group["rules"]]


def _test():
    return {
        "name": "compatibility", "interval": "15s",
        "input_series": [{"series": series, "values": f"{value}x20"} for series, value in SAID.items()],
        "promql_expr_test": [{
            "expr": name, "eval_time": f"{AT}s",
            "exp_samples": [{"labels": _labels(name, *of_server), "value": value}
                            for *of_server, value in samples]} for name, samples in RECORDED.items()]}


def _labels(name, server, others):
    own = f'pg_cluster="main",server="{server}",instance="main/{server}",job="postgres_exporter"'
    return f"{name}{{{own}{',' + others if others else ''}}}"


if __name__ == "__main__":
    unittest.main()
