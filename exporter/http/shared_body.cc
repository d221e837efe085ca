// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/shared_body.h"

#include "exporter/http/gzip.h"

namespace pgrepl::http {

const std::optional<std::string>& SharedBody::Packed() const {
  std::call_once(packing_, [this] { packed_ = Gzip(pieces_); });
  return packed_;
}

}  // namespace pgrepl::http
