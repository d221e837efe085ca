// Checks passwords against bcrypt hashes, by crypt(3). A check costs 50 ms of CPU and more, so what was
// right once is remembered, and a flood of wrong ones finds one check at a time, none of which a
// client with a remembered password waits for. Thread-safe.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "exporter/base/mutex.h"
#include "exporter/http/authorization.h"

namespace pgrepl::http {

using Users = std::map<std::string, std::string, std::less<>>;  ///< name -> bcrypt hash

class Passwords {
 public:
  enum class Verdict {
    kRight,
    kWrong,  ///< an unknown user takes as long as a wrong password
    kBusy,   ///< not looked at: too many others wait, or two from the same address do
  };

  Passwords();

  /// `users` isn't empty. `address` is the client's, without its port.
  Verdict Check(const Users& users, const Credentials& credentials, const std::string& address);

 private:
  using Digest = std::array<unsigned char, 32>;

  [[nodiscard]] Digest Keyed(const std::string& hash, const Credentials& credentials) const;
  bool Enter(const std::string& address);
  void Leave(const std::string& address);

  const Digest secret_;  ///< of this process, so that what is remembered is of no use elsewhere

  Mutex mutex_;
  ConditionVariable free_;
  bool checking_ PGREPL_GUARDED_BY(mutex_) = false;
  std::multiset<std::string> addresses_ PGREPL_GUARDED_BY(mutex_);  ///< waiting or checked
  std::set<Digest> right_ PGREPL_GUARDED_BY(mutex_);
};

}  // namespace pgrepl::http
