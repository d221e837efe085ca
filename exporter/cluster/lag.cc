// SPDX-License-Identifier: Apache-2.0
#include "exporter/cluster/lag.h"

#include <algorithm>
#include <variant>

namespace pgrepl::cluster {
namespace {

double SecondsSince(Time then, Time now) { return std::max(0.0, Seconds(now - then)); }

// All that is sure: it may have missed transactions since it was last seen without any to replay.
LagView Unknown(const LagInputs& in) {
  return {.seconds = SecondsSince(in.caught_up_at, in.now),
          .known = false,
          .bound = LagBound::kAtLeast,
          .source = LagSource::kNone};
}

LagSource SourceOf(const LagInputs& in) {
  if (in.by_archive) return LagSource::kArchive;
  const bool told = in.reference == Reference::kReceiver || in.reference == Reference::kRelay;
  return told ? LagSource::kReceiver : LagSource::kHistory;
}

LagView CaughtUpView(const LagInputs& in) {
  if (in.reference == Reference::kUnreachable) return Unknown(in);
  const bool known = in.reference != Reference::kDead && in.reference != Reference::kRelay;
  return {.seconds = 0,
          .known = known,
          .bound = known ? LagBound::kExact : LagBound::kAtLeast,
          .source = SourceOf(in)};
}

LagView BehindView(const LagInputs& in, const Crossing& crossing) {
  if (crossing.earliest == Time::min()) {  // it was behind before the history begins
    LagView view = Unknown(in);
    view.source = SourceOf(in);
    return view;
  }
  // One that can't be seen may stand still.
  const double growth = in.fresh ? in.growth : 1;
  LagView view{.seconds = SecondsSince(crossing.at, in.sampled_at) +
                          growth * SecondsSince(std::max(in.sampled_at, crossing.at), in.now),
               .known = crossing.bound == Bound::kExact,
               .bound = crossing.bound == Bound::kAtLeast ? LagBound::kAtLeast : LagBound::kExact,
               .source = SourceOf(in)};
  if (view.bound == LagBound::kExact && !crossing.transactions_known) {
    view.bound = LagBound::kAtMost;
  }
  if (in.reference != Reference::kPrimary && in.reference != Reference::kReceiver) {
    view.known = false;
    view.bound = LagBound::kAtLeast;
  }
  return view;
}

LagView StandingView(const LagInputs& in) {
  if (const auto* crossing = std::get_if<Crossing>(&in.standing)) return BehindView(in, *crossing);
  if (const auto* diverged = std::get_if<Diverged>(&in.standing)) {
    return {.seconds = SecondsSince(diverged->since, in.now),
            .known = diverged->seen,
            .bound = diverged->seen ? LagBound::kExact : LagBound::kAtLeast,
            .source = LagSource::kHistory};
  }
  if (std::holds_alternative<CaughtUp>(in.standing)) return CaughtUpView(in);
  return Unknown(in);
}

}  // namespace

LagView EvaluateLag(const LagInputs& inputs) {
  if (!inputs.position_known) return Unknown(inputs);
  LagView view = StandingView(inputs);
  const double since_caught_up = SecondsSince(inputs.caught_up_at, inputs.now);
  const bool follows = !std::holds_alternative<Diverged>(inputs.standing);
  if (inputs.replaying_again && follows && view.seconds > since_caught_up) {
    view.seconds = since_caught_up;
    view.known = false;
    view.bound = LagBound::kAtMost;
  }
  return view;
}

}  // namespace pgrepl::cluster
