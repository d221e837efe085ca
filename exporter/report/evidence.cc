// SPDX-License-Identifier: Apache-2.0
#include "exporter/report/evidence.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "collectors/recovery.h"
#include "exporter/report/tree.h"
#include "exporter/report/words.h"

namespace pgrepl::report {
namespace {

class Evidence {
 public:
  Evidence(const ServerView& server, const ServerView* upstream)
      : server_(server), upstream_(upstream), lag_(*server.lag), told_(lag_.evidence) {}

  std::string Render() {
    AddLag();
    AddPositions();
    AddStages();
    AddLink();
    AddReplay();
    AddSettings();
    AddSlot();
    std::string out;
    for (const auto& [label, text] : lines_) {
      AppendWrapped(text, fmt::format("  {:<11}", label), out);
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
    if (told_.primary) Add("primary", told_.primary->ToString() + PrimaryAhead());
  }

  // Nothing on a diverged timeline, where the two can't be compared.
  [[nodiscard]] std::string PrimaryAhead() const {
    if (!lag_.bytes.total) return "";
    if (*lag_.bytes.total > 0) return ", " + SayBytes(*lag_.bytes.total) + " ahead of `replayed`";
    return told_.replayed > told_.primary ? ", as last known" : ", all of it replayed";
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
      if (stage.value_or(0) <= 0) continue;
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", SayBytes(*stage), words);
    }
    if (!text.empty()) Add("WAL waits", text);
  }

  void AddLink() {
    const Sender* sender = SenderOf(upstream_, server_);
    std::string text(SayLink(lag_));
    const std::string upstream = UpstreamName(server_, upstream_);
    if (!upstream.empty()) text += (lag_.connected ? " from " : "; last from ") + upstream;
    if (upstream_ == nullptr && !upstream.empty()) text += ", which is not configured";
    if (sender != nullptr) {
      text += fmt::format(", {}, sender's pid {}", Plain(sender->sync_state), sender->pid);
      if (!sender->wait_event.empty()) text += " (waits: " + Plain(sender->wait_event) + ")";
    }
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

  const ServerView& server_;
  const ServerView* const upstream_;
  const LagView& lag_;
  const LagEvidence& told_;
  std::vector<std::pair<std::string_view, std::string>> lines_;
};

}  // namespace

std::string EvidenceText(const ServerView& server, const ServerView* upstream) {
  return Evidence(server, upstream).Render();
}

std::string UpstreamName(const ServerView& server, const ServerView* upstream) {
  return Plain(upstream != nullptr ? upstream->name : server.upstream_address);
}

}  // namespace pgrepl::report
