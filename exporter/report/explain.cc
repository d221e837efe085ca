// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/explain.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "collectors/recovery.h"
#include "exporter/report/advice.h"
#include "exporter/report/tree.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

constexpr std::size_t kLineWidth = 96;
constexpr std::string_view kIndent = "  ";

// Breaks between words; a word that is too long gets a line of its own.
void AppendWrapped(std::string_view text, std::string_view first, std::string& out) {
  std::string line(first);
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (line.size() + word.size() > kLineWidth && line.size() > first.size()) {
      out += line.erase(line.find_last_not_of(' ') + 1) + "\n";
      line.assign(first.size(), ' ');
    }
    line.append(word) += ' ';
  }
  out += line.erase(line.find_last_not_of(' ') + 1) + "\n";
}

/// The lines below the advice, each a label and what is known of it.
class Evidence {
 public:
  Evidence(const ClusterView& cluster, const ServerView& server)
      : server_(server), lag_(*server.lag), told_(lag_.evidence) {
    for (const ServerView& one : cluster.servers) {
      for (const EdgeView& edge : one.edges) {
        if (edge.standby == server.name) upstream_ = &one;
      }
    }
  }

  [[nodiscard]] std::string Upstream() const {
    return Plain(upstream_ != nullptr ? upstream_->name : server_.upstream_address);
  }

  std::string Render() {
    AddLag();
    AddPositions();
    AddStages();
    AddLink();
    AddReplay();
    AddSettings();
    AddSlot();
    if (server_.configured && !server_.up) AddDown();
    std::string out;
    for (const auto& [label, text] : lines_) {
      AppendWrapped(text, fmt::format("{}{:<11}", kIndent, label), out);
    }
    return out;
  }

 private:
  void Add(std::string_view label, std::string text) {
    lines_.emplace_back(label, std::move(text));
  }

  [[nodiscard]] std::string HowSure() const {
    if (lag_.known) return "measured";
    if (lag_.bound == LagBound::kAtMost) return "a bound: it may be less";
    if (lag_.bound == LagBound::kExact) return "not sure: against the last known position";
    if (!lag_.caught_up_once) return "a bound: it was not seen caught up since watching began";
    return "a bound: what the primary writes now can't be seen";
  }

  void AddLag() {
    Add("lag", fmt::format("{} ({}); the alert fires above {}", SayLag(lag_), HowSure(),
                           SayDuration(lag_.threshold)));
    constexpr std::string_view kSources[] = {"the primary's WAL positions over time, as watched",
                                             "what its upstream's sender says",
                                             "the primary's end of WAL as a receiver was told it",
                                             "the last archived segment",
                                             "the time of the last replayed transaction",
                                             "nothing: nobody tells the primary's position"};
    Add("against", std::string(kSources[static_cast<std::size_t>(lag_.source)]));
  }

  void AddPositions() {
    if (!told_.replayed) {
      Add("replayed", "not known");
    } else {
      Add("replayed", fmt::format("{}, read {} ago", told_.replayed->ToString(),
                                  SayDuration(told_.sampled_seconds_ago)));
    }
    if (told_.received) Add("received", told_.received->ToString() + Ahead(told_.replayed));
    if (told_.primary) {
      Add("primary", told_.primary->ToString() +
                         (lag_.bytes.total
                              ? fmt::format(", {} ahead of `replayed`", SayBytes(*lag_.bytes.total))
                              : ""));
    }
  }

  [[nodiscard]] std::string Ahead(const std::optional<Lsn>& replayed) const {
    if (!replayed) return "";
    const double waits = BytesBetween(*replayed, *told_.received);
    return waits == 0 ? ", all of it replayed" : fmt::format(", {} to replay", SayBytes(waits));
  }

  void AddStages() {
    const LagBytes& bytes = lag_.bytes;
    std::string text;
    for (const auto& [stage, words] :
         {std::pair(bytes.send, "to be sent"), std::pair(bytes.write, "on the way"),
          std::pair(bytes.flush, "to be flushed"), std::pair(bytes.replay, "to be replayed")}) {
      if (stage) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", SayBytes(*stage), words);
    }
    if (!text.empty()) Add("WAL waits", text);
  }

  void AddLink() {
    const Sender* sender = SenderOf(upstream_, server_);
    std::string text(SayLink(lag_));
    const std::string upstream = Upstream();
    if (!upstream.empty()) text += (lag_.connected ? " from " : "; last from ") + upstream;
    if (upstream_ == nullptr && !upstream.empty()) text += ", which is not configured";
    if (sender != nullptr) text += ", " + Plain(sender->sync_state);
    if (told_.silent_seconds) {
      text += fmt::format("; silent for {}, though WAL waits", SayDuration(*told_.silent_seconds));
    }
    Add("link", text);
    if (told_.upstream_lacks_seconds && *told_.upstream_lacks_seconds > 0) {
      Add("upstream", fmt::format("{} itself lacks the WAL of the last {}", upstream,
                                  SayDuration(*told_.upstream_lacks_seconds)));
    }
    const auto* receiver = FactOf<ReceiverFact>(server_, CollectorId::kReceiver);
    if (receiver == nullptr) return;
    if (receiver->conninfo_set == false) Add("settings", "primary_conninfo is not set");
    if (receiver->restore_command_set == true) Add("archive", "restore_command is set");
  }

  void AddReplay() {
    const auto* position = FactOf<PositionFact>(server_, CollectorId::kLag);
    if (position != nullptr && !position->pause_state.empty()) {
      Add("replay", Plain(position->pause_state));
    }
    if (lag_.apply_delay.value_or(0) > 0) {
      Add("delay", "recovery_min_apply_delay = " + SayDuration(*lag_.apply_delay));
    }
    if (!told_.wait_event.empty()) {
      Add("startup", fmt::format("replay waits for {}/{}", Plain(told_.wait_event_type),
                                 Plain(told_.wait_event)));
    }
    if (told_.oldest_transaction) {
      Add("sessions", fmt::format("the oldest transaction on it is open for {}",
                                  SayDuration(*told_.oldest_transaction)));
    }
  }

  void AddSettings() {
    const auto* own = FactOf<SettingsFact>(server_, CollectorId::kSettings);
    if (own == nullptr || server_.primary_settings == nullptr) return;
    for (std::size_t i = 0; i < kStandbySettings.size(); ++i) {
      const std::int64_t here = own->values[i], there = server_.primary_settings->values[i];
      if (here >= there) continue;
      Add("too low", fmt::format("{} = {}, on the primary {}", kStandbySettings[i], here, there));
    }
  }

  void AddSlot() {
    if (!told_.slot_name.empty()) {
      Add("slot", Plain(told_.slot_name) + (told_.slot_wal_status.empty()
                                                ? ""
                                                : ", wal_status " + Plain(told_.slot_wal_status)));
    }
    if (!told_.wal_margin) return;
    Add("WAL kept",
        *told_.wal_margin < 0
            ? fmt::format("{} that it needs are gone at its upstream", SayBytes(-*told_.wal_margin))
            : fmt::format("its upstream still has the {} before what it needs next",
                          SayBytes(*told_.wal_margin)));
  }

  void AddDown() {
    std::string text = SayState(server_);
    const std::string_view hint = server_.tried ? Hint(server_.reason) : "";
    if (!hint.empty()) text.append(". ").append(hint);
    Add("server", text + (told_.replayed ? " Figures are the last known." : ""));
  }

  const ServerView& server_;
  const LagView& lag_;
  const LagEvidence& told_;
  const ServerView* upstream_ = nullptr;
  std::vector<std::pair<std::string_view, std::string>> lines_;
};

std::string ExplainPrimary(const ClusterView& cluster, const ServerView& server) {
  std::vector<std::string_view> standbys;
  for (const ServerView& one : cluster.servers) {
    if (one.role == Role::kStandby) standbys.emplace_back(one.name);
  }
  const std::string name = Plain(server.name);
  std::string out = fmt::format("{} of {} is a primary ({}): it lags behind nobody.\n", name,
                                Plain(cluster.name), SayState(server));
  if (server.diverged == true) {
    out +=
        "It has WAL that the newest timeline left behind at a failover: stop it, then pg_rewind "
        "or pg_basebackup.\n";
  }
  return out + (standbys.empty() ? "No standby of it is known.\n"
                                 : "Ask for one of its standbys: " + List(standbys) + "\n");
}

std::string Headline(const ClusterView& cluster, const ServerView& server) {
  const LagView& lag = *server.lag;
  const std::string_view role = server.role ? "" : " (never reached, its role isn't known)";
  return fmt::format("{} of {}{}: lag {}, {}\n", Plain(server.name), Plain(cluster.name), role,
                     SayLag(lag), lag.cause == LagCause::kNone ? "no cause" : Name(lag.cause));
}

}  // namespace

std::string Explain(const Chosen& chosen) {
  const auto& [cluster, server] = chosen;
  if (server->role == Role::kPrimary || !server->lag) return ExplainPrimary(*cluster, *server);
  Evidence evidence(*cluster, *server);
  std::string out = Headline(*cluster, *server) + "\n";
  const Advice advice = AdviceOn(server->lag->cause, Plain(server->name), evidence.Upstream());
  AppendWrapped(advice.meaning, kIndent, out);
  if (!advice.remedy.empty()) AppendWrapped(advice.remedy, "  -> ", out);
  return out + "\n" + evidence.Render();
}

}  // namespace pgrepl::report
