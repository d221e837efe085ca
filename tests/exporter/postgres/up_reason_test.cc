// The words of libpq and the servers that no test can provoke here; for the others see
// connect_test.cc and connect_pgtest.cc.
// SPDX-License-Identifier: Apache-2.0
#include "exporter/postgres/up_reason.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace pgrepl {
namespace {

// The label that a failed connection gets.
std::string_view Reason(std::string_view message, std::string_view sqlstate = "") {
  return Name(Classify(message, sqlstate));
}

constexpr std::string_view kAt = "connection to server at \"db\" (10.0.0.1), port 5432 failed: ";

std::string At(std::string_view rest) { return std::string(kAt).append(rest); }

TEST(UpReasonTest, EveryReasonHasItsOwnLabel) {
  EXPECT_EQ(std::size(kUpReasons), static_cast<std::size_t>(UpReason::kOther) + 1);
  EXPECT_EQ(std::set(std::begin(kUpReasons), std::end(kUpReasons)).size(), std::size(kUpReasons));
  EXPECT_EQ(Name(UpReason::kOk), "ok");
  EXPECT_EQ(Name(UpReason::kHotStandbyOff), "hot_standby_off");
  EXPECT_EQ(Name(UpReason::kOther), "other");
}

TEST(UpReasonTest, TheNetworkFailed) {
  EXPECT_EQ(Reason(At("Connection refused Is the server running on that host and accepting "
                      "TCP/IP connections?")),
            "refused");
  EXPECT_EQ(Reason("could not connect to server: Connection refused"), "refused");  // before 14
  EXPECT_EQ(Reason(At("No route to host")), "unreachable");
  EXPECT_EQ(Reason(At("Network is unreachable")), "unreachable");
  EXPECT_EQ(Reason(At("Cannot assign requested address")), "unreachable");
  EXPECT_EQ(Reason(At("could not receive data from server: Connection reset by peer")),
            "unreachable");
  EXPECT_EQ(Reason(At("Connection timed out")), "timeout");
  EXPECT_EQ(Reason(At("timeout expired")), "timeout");
  EXPECT_EQ(Reason("could not translate host name \"db\" to address: Name or service not known"),
            "dns");
  EXPECT_EQ(Reason("could not translate host name \"db\" to address: Temporary failure in name "
                   "resolution"),
            "dns");
}

TEST(UpReasonTest, TlsFailed) {
  EXPECT_EQ(Reason(At("server does not support SSL, but SSL was required")), "tls");
  EXPECT_EQ(Reason(At("SSL error: certificate verify failed")), "tls");
  EXPECT_EQ(Reason(At("SSL error: tlsv1 alert unknown ca")), "tls");
  EXPECT_EQ(Reason(At("server certificate for \"a\" does not match host name \"b\"")), "tls");
  EXPECT_EQ(Reason(At("could not open certificate file \"/c\": Permission denied")), "tls");
  EXPECT_EQ(Reason(At("certificate present, but not private key file \"/c\"")), "tls");
  EXPECT_EQ(Reason(At("private key file \"/c\" has group or world access; file must have "
                      "permissions u=rw (0600) or less if owned by the current user")),
            "tls");
  EXPECT_EQ(Reason("FATAL:  no pg_hba.conf entry for host \"10.0.0.9\", user \"u\", database "
                   "\"d\", SSL off",  // before 14
                   "28000"),
            "tls");
  EXPECT_EQ(Reason("FATAL:  no pg_hba.conf entry for host \"10.0.0.9\", user \"u\", database "
                   "\"d\", no encryption",
                   "28000"),
            "tls");
}

TEST(UpReasonTest, LoginFailed) {
  EXPECT_EQ(Reason("FATAL:  password authentication failed for user \"u\"", "28P01"), "auth");
  EXPECT_EQ(Reason("FATAL:  no pg_hba.conf entry for host \"10.0.0.9\", user \"u\", database "
                   "\"d\", SSL encryption",
                   "28000"),
            "auth");
  EXPECT_EQ(Reason("FATAL:  role \"u\" does not exist", "28000"), "auth");
  EXPECT_EQ(Reason(At("SCRAM authentication requires libpq version 10 or above")), "auth");
  EXPECT_EQ(Reason(At("GSSAPI continuation error: No credentials")), "auth");
}

TEST(UpReasonTest, OurOwnPasswordSourcesFailed) {
  EXPECT_EQ(Reason("cannot read password file /p: No such file or directory"), "auth");
  EXPECT_EQ(Reason("cannot read password file /p: Permission denied"), "auth");
  EXPECT_EQ(Reason("password_command did not end in time and was killed"), "auth");
  EXPECT_EQ(Reason("cannot start password_command: Resource temporarily unavailable"), "auth");
}

TEST(UpReasonTest, ServerIsOnItsWayUpOrDown) {
  EXPECT_EQ(Reason("FATAL:  the database system is starting up", "57P03"), "starting");
  EXPECT_EQ(Reason("FATAL:  the database system is in recovery mode", "57P03"), "starting");
  EXPECT_EQ(Reason("FATAL:  the database system is shutting down", "57P03"), "shutting_down");
  EXPECT_EQ(Reason("FATAL:  terminating connection due to administrator command", "57P01"),
            "shutting_down");
  EXPECT_EQ(Reason("WARNING:  terminating connection because of crash of another server process",
                   "57P02"),
            "shutting_down");
  EXPECT_EQ(Reason("FATAL:  das Datenbanksystem startet", "57P03"), "starting");  // lc_messages
}

TEST(UpReasonTest, StandbyCannotBeRead) {
  EXPECT_EQ(Reason("FATAL:  the database system is not accepting connections DETAIL:  Hot standby "
                   "mode is disabled.",
                   "57P03"),
            "hot_standby_off");
  EXPECT_EQ(Reason("FATAL:  the database system is not yet accepting connections DETAIL:  "
                   "Consistent recovery state has not been yet reached.",
                   "57P03"),
            "not_consistent");
  EXPECT_EQ(Reason("FATAL:  the database system is not yet accepting connections DETAIL:  Recovery "
                   "snapshot is not yet ready for hot standby.",  // 18
                   "57P03"),
            "not_consistent");
}

// A libpq before 14 tells no SQLSTATE of a login.
TEST(UpReasonTest, WordsDecideWithoutACode) {
  EXPECT_EQ(Reason("FATAL:  the database system is starting up"), "starting");
  EXPECT_EQ(Reason("FATAL:  the database system is shutting down"), "shutting_down");
  EXPECT_EQ(Reason("FATAL:  sorry, too many clients already"), "too_many_connections");
  EXPECT_EQ(Reason("FATAL:  remaining connection slots are reserved for non-replication superuser "
                   "connections"),
            "too_many_connections");
  EXPECT_EQ(Reason("FATAL:  password authentication failed for user \"u\""), "auth");
}

TEST(UpReasonTest, CodesDecideWhateverTheWords) {
  EXPECT_EQ(Reason("FATAL:  sorry, too many clients already", "53300"), "too_many_connections");
  EXPECT_EQ(Reason("FATAL:  too many connections for role \"u\"", "53300"), "too_many_connections");
  EXPECT_EQ(Reason("canceling statement due to statement timeout", "57014"), "timeout");
  EXPECT_EQ(Reason("FATAL:  unsupported startup parameter: options", "08P01"), "pooler");
  EXPECT_EQ(Reason("FATAL:  database \"SSL password\" does not exist", "3D000"), "other");
}

TEST(UpReasonTest, TheRestIsOther) {
  EXPECT_EQ(Reason(""), "other");
  EXPECT_EQ(Reason("out of memory"), "other");
  EXPECT_EQ(Reason("something new in 19"), "other");
  EXPECT_EQ(Reason("FATAL:  something new in 19", "XX000"), "other");
}

TEST(UpReasonTest, HintsAreSentencesWhereThereIsSomethingToDo) {
  for (std::size_t i = 0; i < std::size(kUpReasons); ++i) {
    const auto reason = static_cast<UpReason>(i);
    const std::string_view hint = Hint(reason);
    const bool by_itself = reason == UpReason::kOk || reason == UpReason::kStarting ||
                           reason == UpReason::kNotConsistent ||
                           reason == UpReason::kShuttingDown || reason == UpReason::kOther;
    EXPECT_EQ(hint.empty(), by_itself) << Name(reason);
    EXPECT_EQ(hint.ends_with('.') || hint.ends_with('?'), !by_itself) << hint;
  }
}

}  // namespace
}  // namespace pgrepl
