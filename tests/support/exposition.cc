// SPDX-License-Identifier: Apache-2.0
#include "tests/support/exposition.h"

#include <sstream>

namespace pgrepl {
namespace {

std::string WithoutHelp(const Page& page) {
  std::istringstream text(page.Render(TextFormat::kPrometheus));
  std::string out;
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("# HELP ")) out += line + "\n";
  }
  return out;
}

}  // namespace

const Collector& Of(CollectorId id) { return *Collectors()[static_cast<std::size_t>(id)]; }

Result<FactPtr> Decode(CollectorId id, const Rows& rows) { return Of(id).decode(Of(id), rows); }

std::string OutcomeOf(CollectorId id, const Result<Rows>& answer) {
  const Result<FactPtr> fact = answer ? Decode(id, *answer) : answer.error();
  if (!fact) return fact.error().sqlstate;
  const auto hidden = HiddenOf(id, *answer);
  return hidden ? "without " + hidden->sqlstate : "works";
}

std::optional<Error> HiddenOf(CollectorId id, const Rows& rows) {
  if (Of(id).hidden == nullptr) return std::nullopt;
  return Of(id).hidden(Decode(id, rows).value().get());
}

std::string Exposition(CollectorId id, const Rows& rows) {
  const Result<FactPtr> fact = Decode(id, rows);
  if (!fact) return "refused: " + fact.error().message;
  ServerView server;
  server.labels = R"(server="p")";
  server.facts[static_cast<std::size_t>(id)] = fact->get();
  return Exposition(id, server);
}

std::string Exposition(CollectorId id, const ServerView& server) {
  Page page(Of(id).families);
  Samples samples(page, server.labels);
  Of(id).emit(server.facts[static_cast<std::size_t>(id)], server, samples);
  return WithoutHelp(page);
}

std::string Exposition(CollectorId id, const ClusterView& cluster) {
  Page page(Of(id).families);
  Samples samples(page, cluster.labels);
  Of(id).emit_cluster(cluster, samples);
  return WithoutHelp(page);
}

}  // namespace pgrepl
