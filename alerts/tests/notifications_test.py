# SPDX-License-Identifier: Apache-2.0
"""What arrives, and how often: a real Alertmanager, and whom it calls."""

import time
import unittest
from contextlib import ExitStack
from datetime import datetime, timezone

from alerts.tests.alertmanager import (BEGAN, SHIPPED, alert, edited, with_bases,
                                       with_real_receivers, written)
from tests.lab.alertmanager import PLACEHOLDER, Alertmanager, Sink
from tests.lab.mailbox import Mailbox
from tests.lab.waiting import wait_until
from tests.lab.workspace import Workspace

# Long enough for a notification that must not come.
_SILENCE = 2  # seconds

ALWAYS = """
time_intervals:
  - name: maintenance
    time_intervals: [{times: [{start_time: "00:00", end_time: "24:00"}]}]
"""


class NotificationsTest(unittest.TestCase):
    def setUp(self):
        stack = ExitStack()
        self.addCleanup(stack.close)
        self.workspace = stack.enter_context(Workspace())
        self.sink = stack.enter_context(Sink(self.workspace.ports.take()))
        self.mailbox = stack.enter_context(Mailbox(self.workspace.ports.take()))

    def start(self, text, template=None):
        site = self.workspace.directory("site")
        return Alertmanager(self.workspace, written(site, text, template), self.sink)

    def received(self, number):
        """This many notifications, and no more: each the receiver, cluster, status and alerts."""
        wait_until(lambda: len(self.sink.notifications) >= number, f"{number} notifications", 15)
        time.sleep(_SILENCE)
        return sorted((one["receiver"], one["groupLabels"].get("pg_cluster", ""), one["status"],
                       sorted(alert["labels"]["alertname"] for alert in one["alerts"]))
                      for one in self.sink.notifications)

    def test_one_cluster_is_one_notification_and_two_are_two(self):
        self.start(edited(SHIPPED.read_text(), group_wait="1s")).take([
            alert("PostgresNoPrimary", "critical", pg_cluster="a"),
            alert("PostgresWalDiskFullSoon", "critical", pg_cluster="a", server="s1"),
            alert("PostgresReceiverDown", pg_cluster="a", server="s1"),
            alert("PostgresNoPrimary", "critical", pg_cluster="b"),
            alert("PostgresReplicationLagHigh", pg_cluster="b", server="s1"),
            alert("PostgresReplicationLagHigh", pg_cluster="b", server="s2"),
            alert("PostgresReplicationExporterDown", job="pg", instance="x:9717"),
            alert("PostgresExporterClockSkew", job="pg", instance="y:9717")])
        self.assertEqual(self.received(5), [
            ("pager", "a", "firing", ["PostgresNoPrimary", "PostgresWalDiskFullSoon"]),
            ("pager", "b", "firing", ["PostgresNoPrimary"]),
            ("tickets", "", "firing", ["PostgresExporterClockSkew"]),
            ("tickets", "", "firing", ["PostgresReplicationExporterDown"]),
            ("tickets", "b", "firing", ["PostgresReplicationLagHigh"] * 2)])

    def test_what_is_over_is_told_but_of_events_and_of_the_watchdog(self):
        alertmanager = self.start(edited(SHIPPED.read_text(), group_wait="0s", group_interval="1s"))
        alerts = [alert("PostgresNoPrimary", "critical", pg_cluster="a"),
                  alert("PostgresReplayPaused", pg_cluster="a", server="s1"),
                  alert("PostgresSomethingHappened", "info", pg_cluster="a"),
                  alert("PostgresReplicationWatchdog", "none")]
        alertmanager.take(alerts)
        self.assertEqual([(who, status) for who, _, status, _ in self.received(4)], [
            ("info", "firing"), ("pager", "firing"), ("tickets", "firing"), ("watchdog", "firing")])
        now = datetime.now(timezone.utc)
        alertmanager.take([one | {"endsAt": now.isoformat()} for one in alerts])
        resolved = [who for who, _, status, _ in self.received(6) if status == "resolved"]
        self.assertEqual(resolved, ["pager", "tickets"])

    def test_maintenance_holds_warnings_back_and_no_page(self):
        text = edited(SHIPPED.read_text(), group_wait="1s")
        begin, end = text.index("\ntime_intervals:"), text.index("\ninhibit_rules:")
        self.start(text[:begin] + ALWAYS + text[end:]).take([
            alert("PostgresSplitBrain", "critical", pg_cluster="a"),
            alert("PostgresReplayPaused", pg_cluster="a", server="s1"),
            alert("PostgresSomethingHappened", "info", pg_cluster="a")])
        self.assertEqual(self.received(1), [("pager", "a", "firing", ["PostgresSplitBrain"])])

    def real_receivers(self):
        """The shipped file with receivers.yml, and its services on this machine."""
        text = edited(with_real_receivers(), group_wait="0s", smarthost=self.mailbox.address,
                      require_tls="false")
        secrets = self.workspace.directory("secrets")
        (secrets / "pagerduty_routing_key").write_text("the routing key\n")
        (secrets / "slack_webhook_url").write_text(self.sink.url + "\n")
        (secrets / "smtp_password").write_text("the password")
        for name in ("events", "watchdog"):
            text = text.replace(f"https://{name}.example.com/postgresql", PLACEHOLDER)
            (secrets / f"{name}_token").write_text("a token\n")
        text = text.replace("/etc/alertmanager/secrets", str(secrets))
        return f"global: {{pagerduty_url: '{self.sink.url}'}}\n{text}"

    def told(self, template=None):
        """What PagerDuty, Slack and a mailbox get to know of a page and a warning."""
        self.alertmanager = self.start(self.real_receivers(), template)
        self.alertmanager.take([
            alert("PostgresNoPrimary", "critical", pg_cluster="shop & co") | BEGAN,
            alert("PostgresSlotInactive", pg_cluster="main", server="p", slot_name="s1") | BEGAN])
        wait_until(lambda: len(self.sink.notifications) >= 2 and self.mailbox.messages,
                   "all are told", 15)
        page, = (one for one in self.sink.notifications if "routing_key" in one)
        slack, = (one for one in self.sink.notifications if "attachments" in one)
        return page, slack, self.mailbox.messages[0]

    def test_a_site_with_no_addresses_gets_paths_and_no_broken_link(self):
        page, slack, mail = self.told()
        self.assertEqual(page["routing_key"], "the routing key")
        self.assertEqual(self.mailbox.passwords, {"the password"})
        self.assertEqual(page.get("links") or [], [])
        payload = page["payload"]
        self.assertEqual(payload["summary"], "[FIRING:1] shop & co critical: PostgresNoPrimary")
        self.assertEqual((payload["severity"], payload["component"]), ("critical", "shop & co"))
        self.assertEqual(payload["custom_details"]["firing"].strip().splitlines(), [
            "PostgresNoPrimary: summary of PostgresNoPrimary",
            "description of PostgresNoPrimary",
            "Since: 2026-01-02 03:04:05 UTC",
            "Runbook: alerts/runbooks/PostgresNoPrimary.md",
            f"Silence: {self.external_url()}/#/silences/new?filter="
            "%7Balertname%3D%22PostgresNoPrimary%22%2Cpg_cluster%3D%22shop%20%26%20co%22%7D"])
        attachment, = slack["attachments"]
        self.assertEqual((slack["channel"], attachment["color"]), ("#postgresql", "warning"))
        for title, text in ((attachment["title"], attachment["text"]),
                            (mail["Subject"], _text(mail))):
            self.assertEqual(title, "[FIRING:1] main warning: PostgresSlotInactive")
            self.assertIn("\ndescription of PostgresSlotInactive\n", text)
            self.assertIn("\nRunbook: alerts/runbooks/PostgresSlotInactive.md\n", text)
            self.assertNotIn("Dashboard", text)

    def test_a_site_with_addresses_gets_links(self):
        site = with_bases("https://git.example/x", "https://grafana.example")
        page, slack, mail = self.told(site)
        # Half an hour before 2026-01-02 03:04:05 UTC, and half an hour after.
        window = "&from=1767321245000&to=1767324845000"
        dashboard = "https://grafana.example/d/pgrepl-cluster?var-cluster="
        self.assertEqual(
            [(link["text"], link["href"]) for link in page["links"]],
            [("Runbook", "https://git.example/x/alerts/runbooks/PostgresNoPrimary.md"),
             ("Dashboard", f"{dashboard}shop+%26+co{window}")])
        for text in (slack["attachments"][0]["text"], _text(mail)):
            self.assertIn(
                "\nRunbook: https://git.example/x/alerts/runbooks/PostgresSlotInactive.md\n"
                f"Dashboard: {dashboard}main{window}\nSilence: ",
                text)

    def external_url(self):
        """As Alertmanager makes it up, from the host's name and its port."""
        links = {one["client_url"].partition("/#")[0] for one in self.sink.notifications
                 if "client_url" in one}
        url, = links
        self.assertTrue(url.endswith(f":{self.alertmanager.port}"), url)
        return url


def _text(mail):
    """Of a message that has no other form."""
    part, = mail.iter_parts()
    if part.get_content_type() != "text/plain":
        raise ValueError(part.get_content_type())
    return part.get_content().replace("\r\n", "\n")


if __name__ == "__main__":
    unittest.main()
