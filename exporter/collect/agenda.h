// What is due when on one server, and by which statement: by version and role, and by what this
// server has turned out to lack or refuse. Scheduler thread only, never waits.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "collectors/registry.h"
#include "exporter/base/clock.h"
#include "exporter/base/result.h"

namespace pgrepl {

class Agenda {
 public:
  struct Options {
    CollectorSet collectors = {};
    bool has_archive_directory = false;
    Duration interval;
    Duration slow_interval;
  };

  explicit Agenda(Options options)
      : options_(std::move(options)), entries_(options_.collectors.size()) {}

  /// A new connection, maybe with another server: everything is due, by the newest statement. It is no
  /// reason to ask a foreign query again, which may be expensive, nor a listing that is postponed.
  void Connect(int version, Time now);
  /// The same in another role.
  void ChangeRole(Time now);
  /// It answers again on the same connection: what it has not refused is due.
  void Resume(Time now);
  /// Whether the archive's directory is not local to us.
  void AskServerForDirectory(bool ask) { ask_server_for_directory_ = ask; }

  /// It is enabled, and there is what its statements need.
  [[nodiscard]] bool Has(std::size_t collector) const;
  /// nullptr: none fits the version and this role, or none is left.
  [[nodiscard]] const Statement* StatementOf(std::size_t collector, Role role) const;
  [[nodiscard]] bool IsDue(std::size_t collector, Role role, Time now) const;
  /// A listing or a foreign query, the one that has waited longest: each may take most of what is left
  /// until the next pulse.
  [[nodiscard]] std::optional<std::size_t> DueListing(Role role, Time now) const;

  /// It ran: due again when its cadence or interval says; a foreign query that failed not at once.
  void Ran(std::size_t collector, bool success, Time now);
  /// The server has answered its statement with this error. True: it lacks something, and the next
  /// older statement is due at once; it costs what only newer ones ask for.
  bool PassOver(std::size_t collector, Role role, const Error& error, Time now);
  /// After Ran: what the server refuses is tried again more and more rarely, and so is a listing of
  /// a directory that is too large; what it lacks, on the next connection.
  void Postpone(std::size_t collector, const Error& error, Time now);
  /// After Ran: the session ended while this listing was asked. As when it takes too long.
  void Suspect(std::size_t collector, Time now);

 private:
  struct Entry {
    Time due{};
    int passed_over = 0;  ///< statements that this server lacks something for
    int refusals = 0;     ///< in a row
  };

  void TryMoreRarely(Entry& entry, Time now);

  Options options_;
  int version_ = 0;
  bool ask_server_for_directory_ = false;
  std::vector<Entry> entries_;  ///< parallel to the collectors
};

}  // namespace pgrepl
