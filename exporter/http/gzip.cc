// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/gzip.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "exporter/http/preferences.h"

namespace pgrepl::http {
namespace {

// A header and its trailer take 18 bytes; below this, packets don't get fewer.
constexpr size_t kMinBytes = 1000;

// On a page of metrics a sixth of what zlib's fastest takes, and smaller than by that. The next level
// takes longer and leaves as much.
constexpr int kLevel = 1;

// ISA-L looks at no less at once: smaller pieces it would copy, and look at several times.
constexpr std::size_t kGather = 64 * 1024;

// ISA-L 2.30 leaves the upper halves of the vector registers in use. Until they are cleared all that this
// thread does with the lower halves waits for them: a page took twice the time to write.
#if defined(__x86_64__)
__attribute__((target("avx"))) void ClearUpperHalves() { __builtin_ia32_vzeroupper(); }
bool HasUpperHalves() { return __builtin_cpu_supports("avx") != 0; }
#else
void ClearUpperHalves() {}
bool HasUpperHalves() { return false; }
#endif

class Packer {
 public:
  /// Of `size` bytes in all.
  explicit Packer(std::size_t size) : size_(size) {
    isal_deflate_init(stream_.get());
    stream_->level = kLevel;
    stream_->level_buf = workspace_.get();
    stream_->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
    stream_->gzip_flag = IGZIP_GZIP;
  }
  ~Packer() {
    if (HasUpperHalves()) ClearUpperHalves();
  }
  Packer(const Packer&) = delete;
  Packer& operator=(const Packer&) = delete;

  /// False once it has not become smaller.
  [[nodiscard]] bool Take(std::string_view piece, bool is_last) {
    // It is not written to.
    stream_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(piece.data()));
    stream_->avail_in = static_cast<std::uint32_t>(piece.size());
    stream_->end_of_stream = is_last ? 1 : 0;
    while (stream_->avail_in > 0 || (is_last && stream_->internal_state.state != ZSTATE_END)) {
      if (stream_->avail_out == 0 && !MakeRoom()) return false;
      if (isal_deflate(stream_.get()) != COMP_OK) return false;
    }
    return true;
  }
  [[nodiscard]] std::string Packed() && {
    packed_.resize(stream_->total_out);
    packed_.shrink_to_fit();
    return std::move(packed_);
  }

 private:
  // A page of metrics comes down to a twentieth: room as large as the text would mostly be zeroed in vain.
  bool MakeRoom() {
    const std::size_t done = packed_.size();
    if (done >= size_) return false;
    packed_.resize(std::min(size_, done + size_ / 16 + kMinBytes));
    stream_->next_out = reinterpret_cast<std::uint8_t*>(packed_.data() + done);
    stream_->avail_out = static_cast<std::uint32_t>(packed_.size() - done);
    return true;
  }

  const std::size_t size_;
  const std::unique_ptr<isal_zstream> stream_ = std::make_unique<isal_zstream>();
  const std::unique_ptr<std::uint8_t[]> workspace_ =
      std::make_unique_for_overwrite<std::uint8_t[]>(ISAL_DEF_LVL1_DEFAULT);
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
  std::string gathered;
  gathered.reserve(std::min(size, kGather));
  for (const std::string_view piece : pieces) {
    if (gathered.size() + piece.size() > kGather) {
      if (!packer.Take(gathered, /*is_last=*/false)) return std::nullopt;
      gathered.clear();
    }
    if (piece.size() >= kGather) {
      if (!packer.Take(piece, /*is_last=*/false)) return std::nullopt;
    } else {
      gathered += piece;
    }
  }
  if (!packer.Take(gathered, /*is_last=*/true)) return std::nullopt;
  return std::move(packer).Packed();
}

}  // namespace pgrepl::http
