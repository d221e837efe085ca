// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/gzip.h"

#include <strings.h>
#define ZLIB_CONST  // input is not written to
#include <zlib.h>

#include <algorithm>
#include <charconv>

namespace pgrepl::http {
namespace {

// A header and its trailer take 18 bytes; below this, packets don't get fewer.
constexpr size_t kMinBytes = 1000;

constexpr int kGzipWindowBits = 15 + 16;  // zlib: + 16 asks for a gzip header
constexpr int kMemoryLevel = 8;           // zlib's default, 256 kB while it runs

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// Cuts `text` at the first separator and returns what was before it, trimmed.
std::string_view TakeUntil(std::string_view& text, char separator) {
  const size_t end = std::min(text.find(separator), text.size());
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return Trim(taken);
}

// The weight among parameters such as "q=0.5". What can't be read counts as 0: plain is always
// safe.
double Weight(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = TakeUntil(parameters, ';');
    if (!EqualsIgnoringCase(parameter.substr(0, 2), "q=")) continue;
    double weight = 0;
    const auto [end, error] =
        std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), weight);
    return error == std::errc{} && end == parameter.data() + parameter.size() ? weight : 0;
  }
  return 1;
}

}  // namespace

bool AcceptsGzip(std::string_view accept_encoding) {
  std::optional<double> gzip;
  std::optional<double> any;
  double identity = 0;
  while (!accept_encoding.empty()) {
    std::string_view entry = TakeUntil(accept_encoding, ',');
    const std::string_view coding = TakeUntil(entry, ';');
    const double weight = Weight(entry);
    if (EqualsIgnoringCase(coding, "gzip") || EqualsIgnoringCase(coding, "x-gzip")) gzip = weight;
    if (EqualsIgnoringCase(coding, "identity")) identity = weight;
    if (coding == "*") any = weight;
  }
  const double weight = gzip.value_or(any.value_or(0));
  return weight > 0 && weight >= identity;
}

std::optional<std::string> Gzip(std::string_view text) {
  if (text.size() < kMinBytes) return std::nullopt;
  z_stream stream{};
  // On a page of metrics level 1 takes less than half the default's time and leaves a sixth more.
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindowBits, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return std::nullopt;
  }
  stream.next_in = reinterpret_cast<const Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  std::string packed;
  int result = Z_OK;
  // A page of metrics comes down to a twentieth: room as large as the text would mostly be zeroed in vain.
  while (result == Z_OK && packed.size() < text.size()) {
    const size_t done = packed.size();
    packed.resize(std::min(text.size(), done + text.size() / 16 + kMinBytes));
    stream.next_out = reinterpret_cast<Bytef*>(packed.data() + done);
    stream.avail_out = static_cast<uInt>(packed.size() - done);
    result = deflate(&stream, Z_FINISH);
  }
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return std::nullopt;
  packed.shrink_to_fit();
  return packed;
}

}  // namespace pgrepl::http
