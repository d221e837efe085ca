// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/gzip.h"

#define ZLIB_CONST  // input is not written to
#include <zlib.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "exporter/http/preferences.h"

namespace pgrepl::http {
namespace {

// A header and its trailer take 18 bytes; below this, packets don't get fewer.
constexpr size_t kMinBytes = 1000;

constexpr int kGzipWindowBits = 15 + 16;  // zlib: + 16 asks for a gzip header
constexpr int kMemoryLevel = 8;           // zlib's default, 256 kB while it runs

class Packer {
 public:
  /// Of `size` bytes in all.
  explicit Packer(std::size_t size) : size_(size) {
    // On a page of metrics level 1 takes less than half the default's time and leaves a sixth more.
    ready_ = deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, kGzipWindowBits, kMemoryLevel,
                          Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~Packer() { deflateEnd(&stream_); }
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;

  /// False once it has not become smaller.
  [[nodiscard]] bool Take(std::string_view piece, int flush) {
    stream_.next_in = reinterpret_cast<const Bytef*>(piece.data());
    stream_.avail_in = static_cast<uInt>(piece.size());
    int result = Z_OK;
    while (ready_ && result != Z_STREAM_END && (stream_.avail_in > 0 || flush == Z_FINISH)) {
      if (stream_.avail_out == 0 && !MakeRoom()) return false;
      result = deflate(&stream_, flush);
    }
    return ready_;
  }
  [[nodiscard]] std::string Packed() && {
    packed_.resize(stream_.total_out);
    packed_.shrink_to_fit();
    return std::move(packed_);
  }

 private:
  // A page of metrics comes down to a twentieth: room as large as the text would mostly be zeroed in vain.
  bool MakeRoom() {
    const std::size_t done = packed_.size();
    if (done >= size_) return false;
    packed_.resize(std::min(size_, done + size_ / 16 + kMinBytes));
    stream_.next_out = reinterpret_cast<Bytef*>(packed_.data() + done);
    stream_.avail_out = static_cast<uInt>(packed_.size() - done);
    return true;
  }

  const std::size_t size_;
  z_stream stream_{};
  bool ready_ = false;
  std::string packed_;
};

}  // namespace

bool AcceptsGzip(std::string_view accept_encoding) {
  const std::vector<Preference> codings = Preferences(accept_encoding);
  std::optional<double> weight = WeightOf(codings, "gzip");
  if (const auto old_name = WeightOf(codings, "x-gzip"))
    weight = std::max(weight.value_or(0), *old_name);
  if (!weight) weight = WeightOf(codings, "*");
  return weight > 0 && weight >= WeightOf(codings, "identity");
}

std::optional<std::string> Gzip(std::span<const std::string_view> pieces) {
  std::size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  if (size < kMinBytes) return std::nullopt;
  Packer packer(size);
  for (const std::string_view piece : pieces) {
    if (!packer.Take(piece, Z_NO_FLUSH)) return std::nullopt;
  }
  if (!packer.Take("", Z_FINISH)) return std::nullopt;
  return std::move(packer).Packed();
}

}  // namespace pgrepl::http
