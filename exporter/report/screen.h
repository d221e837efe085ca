// A picture of a cluster as lines of a terminal, and as lines of a log. Pure.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "exporter/report/picture.h"
#include "exporter/terminal/line.h"

namespace pgrepl::report {

struct ScreenOptions {
  int columns = 80;
  bool unicode = true;
  std::string note;  ///< beside the time: "held", or why the picture is an old one
};

/// Without the line about keys. At least two lines; no line is wider than `columns` where those
/// are 40 or more.
std::vector<terminal::Line> ScreenOf(const PicturedCluster& cluster, double at,
                                     const ScreenOptions& options);

/// A line for each server, each beginning with the time in UTC: for pipes and logs.
std::string LogLines(const Picture& picture);

}  // namespace pgrepl::report
