// SPDX-License-Identifier: Apache-2.0
#include "exporter/terminal/terminal.h"

#include <langinfo.h>
#include <ncurses.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <string_view>

namespace pgrepl::terminal {
namespace {

constexpr short kGoodPair = 1, kWarningPair = 2, kCriticalPair = 3;
constexpr short kOwnBackground = -1;

bool WantsColour() {
  const char* said = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe)
  return said == nullptr || *said == '\0';
}

// Text has no control characters, so a letter is what isn't the rest of one.
bool BeginsLetter(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::string_view FirstLetters(std::string_view text, int count) {
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (BeginsLetter(text[end]) && count-- == 0) break;
  }
  return text.substr(0, end);
}

class Curses : public Terminal {
 public:
  explicit Curses(SCREEN* screen) : screen_(screen) {
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    curs_set(0);
    has_colour_ = WantsColour() && has_colors();
    if (!has_colour_) return;
    start_color();
    use_default_colors();
    init_pair(kGoodPair, COLOR_GREEN, kOwnBackground);
    init_pair(kWarningPair, COLOR_YELLOW, kOwnBackground);
    init_pair(kCriticalPair, COLOR_RED, kOwnBackground);
  }
  ~Curses() override {
    endwin();
    delscreen(screen_);
  }
  Curses(const Curses&) = delete;
  Curses& operator=(const Curses&) = delete;

  [[nodiscard]] Size size() const override { return {getmaxy(stdscr), getmaxx(stdscr)}; }
  [[nodiscard]] bool has_unicode() const override {
    return std::string_view(nl_langinfo(CODESET)) == "UTF-8";
  }

  void Draw(const std::vector<Line>& lines) override {
    werase(stdscr);
    const int rows = std::min(size().rows, static_cast<int>(lines.size()));
    for (int row = 0; row < rows; ++row) DrawLine(row, lines[static_cast<std::size_t>(row)]);
    wrefresh(stdscr);
  }

  Key Await(Duration longest) override {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(longest).count();
    wtimeout(stdscr, static_cast<int>(std::max<std::int64_t>(wait, 0)));
    switch (wgetch(stdscr)) {
      case 'q':
      case 'Q':
        return Key::kQuit;
      case '\t':
      case 'n':
        return Key::kNext;
      case ' ':
        return Key::kHold;
      case KEY_UP:
      case 'k':
        return Key::kUp;
      case KEY_DOWN:
      case 'j':
        return Key::kDown;
      case KEY_RESIZE:
        return Key::kResized;
      default:
        return Key::kNone;
    }
  }

 private:
  void DrawLine(int row, const Line& line) const {
    wmove(stdscr, row, 0);
    int room = size().columns;
    for (const Span& span : line) {
      const std::string_view text = FirstLetters(span.text, room);
      room -= static_cast<int>(std::count_if(text.begin(), text.end(), BeginsLetter));
      wattrset(stdscr, static_cast<int>(AttributesOf(span.style)));
      waddnstr(stdscr, text.data(), static_cast<int>(text.size()));
    }
    wattrset(stdscr, A_NORMAL);
  }

  // Without colour what is wrong is bold or reversed.
  [[nodiscard]] attr_t AttributesOf(Style style) const {
    switch (style) {
      case Style::kPlain:
        return A_NORMAL;
      case Style::kDim:
        return A_DIM;
      case Style::kBold:
        return A_BOLD;
      case Style::kGood:
        return has_colour_ ? static_cast<attr_t>(COLOR_PAIR(kGoodPair)) : A_NORMAL;
      case Style::kWarning:
        return has_colour_ ? static_cast<attr_t>(COLOR_PAIR(kWarningPair)) : A_BOLD;
      case Style::kCritical:
        return has_colour_ ? static_cast<attr_t>(COLOR_PAIR(kCriticalPair)) | A_BOLD : A_REVERSE;
    }
    return A_NORMAL;
  }

  SCREEN* const screen_;
  bool has_colour_ = false;
};

}  // namespace

bool IsInteractive() { return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1; }

Result<std::unique_ptr<Terminal>> Terminal::Open() {
  std::setlocale(LC_CTYPE, "");  // NOLINT(concurrency-mt-unsafe)
  // initscr would end the program.
  SCREEN* const screen = newterm(nullptr, stdout, stdin);
  if (screen == nullptr) {
    const char* name = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe)
    return Error{std::string("the terminal is not known: TERM=") + (name == nullptr ? "" : name),
                 "", "Set TERM to one that is (xterm, screen), or ask for --plain lines."};
  }
  return std::unique_ptr<Terminal>(std::make_unique<Curses>(screen));
}

}  // namespace pgrepl::terminal
