// Which standby a WAL sender serves. A sender is matched with a configured server by what that
// server's receiver calls itself; the others are standbys too, named by their permanent slot, else
// by their application_name, and remembered after they vanish. Names never carry pid, port or
// address.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/senders.h"
#include "exporter/base/clock.h"

namespace pgrepl::cluster {

/// How a configured server shows up at its upstream, as last seen; empty where never seen.
struct Identity {
  std::string name;              ///< the configured one; matches a slot or application_name
  std::string slot_name;         ///< pg_stat_wal_receiver.slot_name
  std::string application_name;  ///< pg_stat_wal_receiver.conninfo's
  std::string upstream;          ///< "sender_host:sender_port"
  std::string host;              ///< the address it answers on
  bool seen = false;             ///< the three above come from a receiver
};

/// A sender of kind standby and the server it was seen on.
struct SenderAt {
  std::size_t upstream = 0;  ///< index of the configured server
  std::string upstream_address;
  const Sender* sender = nullptr;
};

struct Match {
  std::optional<std::size_t> server;  ///< index of the configured server it serves
  bool ambiguous = false;             ///< it fits two equally well, and is given to neither
};

/// One per sender. A server is given to one sender only, the one that fits it best.
std::vector<Match> MatchSenders(const std::vector<SenderAt>& senders,
                                const std::vector<Identity>& servers);

/// The standbys that are not configured.
class Roster {
 public:
  struct Standby {
    std::string name;
    std::string base;         ///< slot or application_name
    std::string client_addr;  ///< of the last connection; with pid it tells two of one name apart
    std::int64_t pid = 0;
    Time first_seen{};
    Time last_seen{};
    bool listed = false;  ///< on the page: once it has stayed for a few seconds, and replied
  };

  Roster(std::vector<std::string> configured_names, Duration remember)
      : configured_(std::move(configured_names)), remember_(remember) {}

  /// A standby that is configured from now on is none of its own any more.
  void Reconfigure(std::vector<std::string> configured_names, Duration remember);

  /// Gives each of these senders its standby, an index into standbys(). Indexes stay valid until
  /// Forget.
  std::vector<std::size_t> Assign(const std::vector<SenderAt>& senders, Time now);

  /// Its standby has replied since it is watched. The sender of a standby that came back by another
  /// connection goes on for wal_sender_timeout, and would look like a second one that lags.
  void Confirm(std::size_t index);

  /// It serves a configured server after all: what was listed in its place goes with Forget.
  void Disown(const Sender& sender);

  /// Drops those that vanished too long ago, and reports which remain: the old index of each.
  std::vector<std::size_t> Forget(Time now);

  [[nodiscard]] const std::vector<Standby>& standbys() const { return standbys_; }

 private:
  /// By what a sender is known again: the name alone, the same address, the very connection.
  enum class Likeness { kName, kAddress, kConnection };

  [[nodiscard]] std::optional<std::size_t> Find(const Sender& sender, Likeness least,
                                                const std::vector<bool>& taken) const;
  /// Somebody of its name is there: it was one's last connection, which overlapped with the next. Had
  /// it a place here, a few of them together would have stayed long enough to be listed.
  [[nodiscard]] bool GoesOn(const Standby& gone, Time now) const;
  /// It goes with the next Forget.
  static void Unlist(Standby& standby);
  std::size_t Create(const std::string& base, Time now);
  [[nodiscard]] bool IsTaken(std::string_view name) const;

  std::vector<std::string> configured_;
  Duration remember_;
  std::vector<Standby> standbys_;
};

}  // namespace pgrepl::cluster
