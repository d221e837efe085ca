// The terminal that a person looks at: pictures out, keys in. ncurses is fenced in here. One at a
// time, one thread. Its end, also by a signal, leaves the terminal as it was.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "exporter/base/clock.h"
#include "exporter/base/result.h"
#include "exporter/terminal/line.h"

namespace pgrepl::terminal {

struct Size {
  int rows = 24;
  int columns = 80;
};

enum class Key { kNone, kQuit, kNext, kHold, kUp, kDown, kResized };

/// Both ends are terminals, so that somebody looks.
bool IsInteractive();

class Terminal {
 public:
  /// Colour where the terminal has it and NO_COLOR isn't set (no-color.org).
  static Result<std::unique_ptr<Terminal>> Open();
  virtual ~Terminal() = default;

  [[nodiscard]] virtual Size size() const = 0;
  /// It can show letters beyond ASCII.
  [[nodiscard]] virtual bool has_unicode() const = 0;
  /// From the top; what doesn't fit is cut.
  virtual void Draw(const std::vector<Line>& lines) = 0;
  /// The next key, or kNone once that time is over.
  virtual Key Await(Duration longest) = 0;
};

}  // namespace pgrepl::terminal
