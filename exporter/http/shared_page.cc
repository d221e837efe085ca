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
  {
    MutexLock lock(mutex_);
    while (making_) {
      const std::shared_ptr<Making> theirs = making_;
      while (!theirs->ended) ended_.wait(mutex_);
      if (theirs->body) return theirs->body;
    }
    making_ = std::make_shared<Making>();
  }
  try {
    std::shared_ptr<const SharedBody> body = Make();
    End(body);
    return body;
  } catch (...) {
    End(nullptr);
    throw;
  }
}

void SharedPage::End(std::shared_ptr<const SharedBody> body) {
  MutexLock lock(mutex_);
  making_->body = std::move(body);
  making_->ended = true;
  making_.reset();
  ended_.notify_all();
}

// In the memory of an earlier one: to fault in that of a large page takes as long as to write it.
std::shared_ptr<const SharedBody> SharedPage::Make() const {
  std::string text;
  {
    MutexLock lock(spare_->mutex);
    text.swap(spare_->text);
  }
  text.clear();
  render_(text);
  const auto keep_memory = [spare = spare_](SharedBody* body) {
    {
      MutexLock lock(spare->mutex);
      spare->text = std::move(*body).TakeText();
    }
    delete body;
  };
  return {new SharedBody(std::move(text)), keep_memory};
}

}  // namespace pgrepl::http
