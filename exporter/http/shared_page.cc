// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/shared_page.h"

#include <utility>

#include "exporter/http/gzip.h"

namespace pgrepl::http {

const std::optional<std::string>& SharedBody::Packed() const {
  std::call_once(packing_, [this] { packed_ = Gzip(text_); });
  return packed_;
}

std::shared_ptr<const SharedBody> SharedPage::Get() {
  std::shared_ptr<SharedBody> before;
  {
    MutexLock lock(mutex_);
    while (making_) {
      const int count = count_;
      made_.wait(mutex_, [&]() PGREPL_REQUIRES(mutex_) { return count_ != count; });
      if (last_) return last_;
    }
    making_ = true;
    before = std::exchange(last_, nullptr);
  }
  // What it throws is this request's; those that wait try for themselves.
  std::shared_ptr<SharedBody> body;
  const auto finish = [&] {
    MutexLock lock(mutex_);
    making_ = false;
    ++count_;
    last_ = body;
    made_.notify_all();
  };
  try {
    body = Make(std::move(before));
  } catch (...) {
    finish();
    throw;
  }
  finish();
  return body;
}

// In the memory of the last one, once its readers are done: a large page is thousands of fresh pages of
// memory else.
std::shared_ptr<SharedBody> SharedPage::Make(std::shared_ptr<SharedBody> before) const {
  std::string text;
  if (before && before.use_count() == 1) text = std::move(*before).TakeText();
  before.reset();
  text.clear();
  render_(text);
  return std::make_shared<SharedBody>(std::move(text));
}

}  // namespace pgrepl::http
