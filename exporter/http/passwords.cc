// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/passwords.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace pgrepl::http {
namespace {

// Each holds one of the server's workers.
constexpr std::size_t kMostWaiting = 6;
constexpr std::size_t kMostOfOneAddress = 2;
constexpr std::size_t kMostRemembered = 100;

std::array<unsigned char, 32> RandomBytes() {
  std::array<unsigned char, 32> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("no random bytes from OpenSSL");
  }
  return bytes;
}

bool Matches(const std::string& hash, const std::string& password) {
  const auto scratch = std::make_unique<crypt_data>();  // 32 kB
  const char* computed = crypt_r(password.c_str(), hash.c_str(), scratch.get());
  const bool right = computed != nullptr && std::string_view(computed).size() == hash.size() &&
                     CRYPTO_memcmp(computed, hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(scratch.get(), sizeof(crypt_data));
  return right;
}

// The cost stands behind "$2y$", in two digits.
bool IsCheaper(const Users::value_type& a, const Users::value_type& b) {
  return a.second.substr(4, 2) < b.second.substr(4, 2);
}

}  // namespace

Passwords::Passwords() : secret_(RandomBytes()) {}

Passwords::Verdict Passwords::Check(const Users& users, const Credentials& credentials,
                                    const std::string& address) {
  const auto found = users.find(credentials.user);
  const bool known = found != users.end();
  const std::string& hash =
      known ? found->second : std::max_element(users.begin(), users.end(), IsCheaper)->second;
  const Digest digest = Keyed(hash, credentials);
  {
    const MutexLock lock(mutex_);
    if (known && right_.contains(digest)) return Verdict::kRight;
  }
  if (!Enter(address)) return Verdict::kBusy;
  bool right = false;
  try {
    right = Matches(hash, credentials.password) && known;
  } catch (...) {
    Leave(address);
    throw;
  }
  Leave(address);
  if (!right) return Verdict::kWrong;
  const MutexLock lock(mutex_);
  if (right_.size() >= kMostRemembered) right_.clear();
  right_.insert(digest);
  return Verdict::kRight;
}

Passwords::Digest Passwords::Keyed(const std::string& hash, const Credentials& credentials) const {
  // A hash has no NUL and a user none either (authorization.h): no two triples are one text.
  std::string text = hash + '\0' + credentials.user + '\0' + credentials.password;
  Digest digest{};
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), nullptr);
  OPENSSL_cleanse(text.data(), text.size());
  return digest;
}

// Until it is this one's turn.
bool Passwords::Enter(const std::string& address) {
  const MutexLock lock(mutex_);
  if (addresses_.size() >= kMostWaiting || addresses_.count(address) >= kMostOfOneAddress) {
    return false;
  }
  addresses_.insert(address);
  while (checking_) free_.wait(mutex_);
  checking_ = true;
  return true;
}

void Passwords::Leave(const std::string& address) {
  {
    const MutexLock lock(mutex_);
    checking_ = false;
    addresses_.erase(addresses_.find(address));
  }
  free_.notify_one();
}

}  // namespace pgrepl::http
