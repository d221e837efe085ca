// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/watch.h"

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/report/choose.h"
#include "exporter/report/clusters.h"
#include "exporter/report/picture.h"
#include "exporter/report/screen.h"
#include "exporter/report/words.h"

namespace pgrepl::cli {
namespace {

using terminal::Key;
using terminal::Line;
using terminal::Style;

Result<report::Picture> Look(const Document& document) {
  const Result<std::string> text = document();
  if (!text) return text.error();
  Result<report::Picture> picture = report::ReadPicture(*text);
  if (picture && picture->clusters.empty()) return Error{"no cluster is watched there"};
  return picture;
}

// What is shown of which cluster, from which line on.
class Show {
 public:
  Show(report::Picture picture, terminal::Terminal& terminal)
      : picture_(std::move(picture)), terminal_(terminal) {}

  [[nodiscard]] bool held() const { return held_; }

  void Take(Result<report::Picture> picture) {
    why_old_ = picture ? "" : report::Plain(picture.error().message);
    if (picture) picture_ = std::move(*picture);
    shown_ %= picture_.clusters.size();
  }

  void Obey(Key key) {
    if (key == Key::kNext) shown_ = (shown_ + 1) % picture_.clusters.size();
    if (key == Key::kNext) first_ = 0;
    if (key == Key::kHold) held_ = !held_;
    if (key == Key::kUp) first_ = first_ == 0 ? 0 : first_ - 1;
    if (key == Key::kDown) ++first_;
  }

  void Draw() {
    const terminal::Size size = terminal_.size();
    std::vector<Line> lines = report::ScreenOf(
        picture_.clusters[shown_], picture_.at,
        {.columns = size.columns, .unicode = terminal_.has_unicode(), .note = Note()});
    const auto room = static_cast<std::size_t>(std::max(1, size.rows - 1));
    first_ = std::min(first_, lines.size() > room ? lines.size() - room : 0);
    lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(first_));
    const std::size_t hidden = lines.size() > room ? lines.size() - room : 0;
    lines.resize(room);
    lines.push_back(Keys(hidden));
    terminal_.Draw(lines);
  }

 private:
  [[nodiscard]] std::string Note() const { return held_ ? "held" : why_old_; }

  [[nodiscard]] Line Keys(std::size_t hidden) const {
    std::string text = "q quit  space hold";
    if (picture_.clusters.size() > 1) {
      text += "  tab next cluster (" + std::to_string(shown_ + 1) + " of " +
              std::to_string(picture_.clusters.size()) + ")";
    }
    if (hidden > 0 || first_ > 0) text += "  up, down: " + std::to_string(hidden) + " more lines";
    return {{std::move(text), Style::kDim}};
  }

  report::Picture picture_;
  terminal::Terminal& terminal_;
  std::size_t shown_ = 0, first_ = 0;
  bool held_ = false;
  std::string why_old_;
};

}  // namespace

Document DocumentOfExporter(const config::Command& command, const Get& get) {
  const std::string url = UrlOf(command);
  const Parameters parameters = {{"cluster", command.cluster}};
  return [url, parameters, get]() -> Result<std::string> {
    const Result<Answer> answer = get(url, "/api/v1/clusters", parameters);
    if (!answer) return Unreachable(answer.error());
    if (answer->status == 200 && answer->content_type == "application/json") return answer->body;
    const bool refused = answer->status == 404 && answer->content_type == "text/plain";
    if (refused && answer->body != "Not Found\n") {
      return Error{PlainLines(answer->body.substr(0, answer->body.find('\n')))};
    }
    return Stranger(url, *answer);
  };
}

Document DocumentOfView(const config::Command& command, const View& view) {
  return [command, view]() -> Result<std::string> {
    const std::vector<ClusterView> clusters = view();
    const auto chosen = report::ChooseClusters(clusters, command.cluster);
    if (!chosen) return chosen.error();
    return report::ClustersJson(*chosen, "", WallSeconds());
  };
}

Status WatchAsLines(const config::Command& command, const Document& document, const Write& write) {
  bool first = true;
  while (true) {
    const Result<report::Picture> picture = Look(document);
    if (!picture && first) return picture.error();
    const std::string lines =
        picture ? report::LogLines(*picture) : report::Plain(picture.error().message) + "\n";
    if (!write(lines)) return Ok();
    first = false;
    std::this_thread::sleep_for(command.interval);
  }
}

Status WatchOnTerminal(const config::Command& command, const Document& document,
                       terminal::Terminal& terminal) {
  Result<report::Picture> first = Look(document);
  if (!first) return first.error();
  Show show(std::move(*first), terminal);
  Time next = Now() + command.interval;
  while (true) {
    show.Draw();
    const Key key = terminal.Await(next - Now());
    if (key == Key::kQuit) return Ok();
    show.Obey(key);
    if (Now() < next) continue;
    next = Now() + command.interval;
    if (!show.held()) show.Take(Look(document));
  }
}

}  // namespace pgrepl::cli
