// Something on a port of loopback that is no PostgreSQL server in good health. Serves one client at
// a time, on a thread of its own that ends with the object.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "exporter/base/unique_fd.h"

namespace pgrepl {

class Stranger {
 public:
  enum class Manner {
    kRefuses,     ///< nobody listens on the port, and nobody else will
    kHangsUp,     ///< accepts, and closes
    kStares,      ///< accepts, and is silent
    kStaresOnce,  ///< stares at the first for half a second and hangs up; then as kAnswers
    kAnswers,     ///< accepts, waits for words, says its answer, and closes
    kDrips,       ///< as kAnswers, a byte each 20 ms, without end
  };

  explicit Stranger(Manner manner, std::string answer = "");
  ~Stranger();
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  /// "host=127.0.0.1 port=N sslmode=disable": without TLS the first words are the login.
  [[nodiscard]] std::string conninfo() const;
  [[nodiscard]] int port() const { return port_; }
  /// That it has accepted so far.
  [[nodiscard]] int clients() const { return clients_; }

 private:
  void Serve();
  void Answer(int client) const;

  Manner manner_;
  std::string answer_;
  UniqueFd listener_;
  int port_ = 0;
  std::atomic<int> clients_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

/// What PostgreSQL sends instead of letting one in: the protocol's ErrorResponse.
std::string Refusal(std::string_view sqlstate, std::string_view message,
                    std::string_view detail = "");

}  // namespace pgrepl
