// The other way of exporter/http/gzip.h, for tests.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <zlib.h>

#include <string>

namespace pgrepl::http {

/// Empty if `packed` is no gzip stream.
inline std::string Gunzip(std::string packed) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string text;
  int result = Z_OK;
  while (result == Z_OK) {
    Bytef bytes[4096];
    stream.next_out = bytes;
    stream.avail_out = sizeof(bytes);
    result = inflate(&stream, Z_NO_FLUSH);
    text.append(reinterpret_cast<const char*>(bytes), sizeof(bytes) - stream.avail_out);
  }
  inflateEnd(&stream);
  return result == Z_STREAM_END ? text : "";
}

}  // namespace pgrepl::http
