// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/roster.h"

#include <algorithm>
#include <utility>

namespace pgrepl::cluster {
namespace {

// So that a sender whose configured server is only just being reached gets no name of its own.
constexpr Duration kListedAfter = std::chrono::seconds(4);
constexpr std::size_t kMaxStandbys = 200;

// Slot names can't have dashes: a server named db-1 uses slot db_1.
bool SameName(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return x == y || (x == '-' && y == '_') || (x == '_' && y == '-');
         });
}

std::string_view PermanentSlot(const Sender& sender) {
  return sender.temporary_slot ? std::string_view() : std::string_view(sender.slot_name);
}

std::string_view BaseOf(const Sender& sender) {
  const std::string_view slot = PermanentSlot(sender);
  return slot.empty() ? std::string_view(sender.application_name) : slot;
}

// 0: it isn't that server's. Seen names must agree; the address only decides between equals, since
// proxies and several addresses of one host are common.
int Fit(const SenderAt& at, const Identity& server) {
  const Sender& sender = *at.sender;
  if (server.seen) {
    const bool same_slot = sender.slot_name == server.slot_name;
    const bool same_application = sender.application_name == server.application_name;
    if (!same_slot || !same_application) return 0;
    return 10 + (sender.slot_name.empty() ? 0 : 4) +
           (at.upstream_address == server.upstream ? 2 : 0) +
           (sender.client_addr == server.host ? 1 : 0);
  }
  if (SameName(PermanentSlot(sender), server.name)) return 8;
  return SameName(sender.application_name, server.name) ? 6 : 0;
}

struct Candidate {
  int fit;
  std::size_t sender;
  std::size_t server;
};

// Best first.
std::vector<Candidate> Candidates(const std::vector<SenderAt>& senders,
                                  const std::vector<Identity>& servers) {
  std::vector<Candidate> out;
  for (std::size_t s = 0; s < senders.size(); ++s) {
    for (std::size_t i = 0; i < servers.size(); ++i) {
      const int fit = i == senders[s].upstream ? 0 : Fit(senders[s], servers[i]);
      if (fit > 0) out.push_back({fit, s, i});
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Candidate& a, const Candidate& b) { return a.fit > b.fit; });
  return out;
}

}  // namespace

std::vector<Match> MatchSenders(const std::vector<SenderAt>& senders,
                                const std::vector<Identity>& servers) {
  std::vector<Candidate> candidates = Candidates(senders, servers);
  std::vector<Match> matches(senders.size());
  std::vector<bool> taken(servers.size(), false);
  for (const Candidate& best : candidates) {
    Match& match = matches[best.sender];
    if (match.server || taken[best.server]) continue;
    match.ambiguous =
        std::any_of(candidates.begin(), candidates.end(), [&](const Candidate& other) {
          return other.fit == best.fit && other.sender == best.sender &&
                 other.server != best.server && !taken[other.server];
        });
    if (match.ambiguous) continue;
    match.server = best.server;
    taken[best.server] = true;
  }
  return matches;
}

void Roster::Reconfigure(std::vector<std::string> configured_names, Duration remember) {
  configured_ = std::move(configured_names);
  remember_ = remember;
  for (Standby& standby : standbys_) {
    if (std::find(configured_.begin(), configured_.end(), standby.name) == configured_.end())
      continue;
    Unlist(standby);
  }
}

void Roster::Unlist(Standby& standby) {
  standby.listed = false;
  standby.last_seen = Time{};
}

std::vector<std::size_t> Roster::Assign(const std::vector<SenderAt>& senders, Time now) {
  std::vector<bool> taken(standbys_.size(), false);
  std::vector<std::optional<std::size_t>> known(senders.size());
  // One that moved takes what those leave that stayed.
  for (const Likeness least : {Likeness::kAddress, Likeness::kName}) {
    for (std::size_t i = 0; i < senders.size(); ++i) {
      if (known[i]) continue;
      known[i] = Find(*senders[i].sender, least, taken);
      if (known[i]) taken[*known[i]] = true;
    }
  }
  std::vector<std::size_t> assigned;
  for (std::size_t i = 0; i < senders.size(); ++i) {
    const Sender& sender = *senders[i].sender;
    assigned.push_back(known[i] ? *known[i] : Create(std::string(BaseOf(sender)), now));
    Standby& standby = standbys_[assigned.back()];
    standby.client_addr = sender.client_addr;
    standby.pid = sender.pid;
    standby.last_seen = now;
  }
  return assigned;
}

std::optional<std::size_t> Roster::Find(const Sender& sender, Likeness least,
                                        const std::vector<bool>& taken) const {
  std::optional<std::size_t> best;
  Likeness of_best{};
  for (std::size_t i = 0; i < standbys_.size(); ++i) {
    const Standby& standby = standbys_[i];
    if (standby.base != BaseOf(sender) || (i < taken.size() && taken[i])) continue;
    const Likeness likeness = standby.pid == sender.pid                   ? Likeness::kConnection
                              : standby.client_addr == sender.client_addr ? Likeness::kAddress
                                                                          : Likeness::kName;
    if (likeness < least || (best && likeness <= of_best)) continue;
    best = i;
    of_best = likeness;
  }
  return best;
}

void Roster::Disown(const Sender& sender) {
  const auto index = Find(sender, Likeness::kAddress, {});
  if (index) Unlist(standbys_[*index]);
}

void Roster::Confirm(std::size_t index) {
  Standby& standby = standbys_[index];
  standby.listed = standby.listed || standby.last_seen - standby.first_seen >= kListedAfter;
}

std::size_t Roster::Create(const std::string& base, Time now) {
  const std::string stem = base.empty() ? "standby" : base;
  std::string name = stem;
  for (int ordinal = 2; IsTaken(name); ++ordinal) name = stem + "-" + std::to_string(ordinal);
  standbys_.push_back({.name = std::move(name), .base = base, .first_seen = now});
  return standbys_.size() - 1;
}

bool Roster::IsTaken(std::string_view name) const {
  return std::find(configured_.begin(), configured_.end(), name) != configured_.end() ||
         std::any_of(standbys_.begin(), standbys_.end(),
                     [&](const Standby& standby) { return standby.name == name; });
}

bool Roster::GoesOn(const Standby& gone, Time now) const {
  return std::any_of(standbys_.begin(), standbys_.end(), [&](const Standby& standby) {
    return standby.base == gone.base && standby.last_seen == now;
  });
}

std::vector<std::size_t> Roster::Forget(Time now) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < standbys_.size(); ++i) {
    const Duration gone = now - standbys_[i].last_seen;
    // One that never made it to the page was a passing connection.
    const Duration passing = GoesOn(standbys_[i], now) ? Duration{} : std::chrono::seconds(10);
    const Duration remember = standbys_[i].listed ? remember_ : passing;
    if (gone <= remember && kept.size() < kMaxStandbys) kept.push_back(i);
  }
  std::vector<Standby> remaining;
  for (const std::size_t i : kept) remaining.push_back(std::move(standbys_[i]));
  standbys_ = std::move(remaining);
  return kept;
}

}  // namespace pgrepl::cluster
