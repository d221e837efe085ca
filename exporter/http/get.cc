// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/get.h"

#include <netdb.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <system_error>

#include "exporter/base/unique_fd.h"
#include "exporter/http/url.h"

namespace pgrepl::http {
namespace {

constexpr std::size_t kLargestAnswer = std::size_t{16} << 20;

using AddressList = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

std::string Reason(int failure) { return std::generic_category().message(failure); }

/// A socket and the moment until which it may take. Functions return 0, or the errno that says why
/// not; ETIMEDOUT past the deadline.
class Exchange {
 public:
  explicit Exchange(Time deadline) : deadline_(deadline) {}

  int Connect(const addrinfo& address) {
    fd_.Reset(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd_.valid()) return errno;
    if (connect(fd_.get(), address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (const int late = WaitFor(POLLOUT)) return late;
    int failure = 0;
    socklen_t size = sizeof(failure);
    getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
    return failure;
  }

  int Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
      if (sent > 0 || errno == EINTR) continue;
      if (errno != EAGAIN) return errno;
      if (const int late = WaitFor(POLLOUT)) return late;
    }
    return 0;
  }

  int ReceiveAll(std::string& out) {
    std::array<char, 65536> bytes{};
    while (out.size() < kLargestAnswer) {
      const ssize_t got = recv(fd_.get(), bytes.data(), bytes.size(), 0);
      if (got == 0) return 0;
      if (got > 0) out.append(bytes.data(), static_cast<std::size_t>(got));
      if (got > 0 || errno == EINTR) {
        if (Now() >= deadline_) return ETIMEDOUT;
        continue;
      }
      if (errno != EAGAIN) return errno;
      if (const int late = WaitFor(POLLIN)) return late;
    }
    return EFBIG;
  }

 private:
  [[nodiscard]] int WaitFor(short events) const {
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Now());
      if (left.count() <= 0) return ETIMEDOUT;
      pollfd ready{.fd = fd_.get(), .events = events, .revents = 0};
      const int count = poll(&ready, 1, static_cast<int>(left.count()));
      if (count > 0) return 0;
      if (count < 0 && errno != EINTR) return errno;
    }
  }

  const Time deadline_;
  UniqueFd fd_;
};

// The value of a header, in a head whose lines end with "\r\n".
std::string_view Header(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    const bool is_it = line.size() > name.size() && line[name.size()] == ':' &&
                       strncasecmp(line.data(), name.data(), name.size()) == 0;
    if (!is_it) continue;
    std::string_view value = line.substr(name.size() + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    return value;
  }
  return {};
}

// nullopt: not HTTP, or cut off.
std::optional<Answer> Parse(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (!bytes.starts_with("HTTP/1.") || end == bytes.npos) return std::nullopt;
  const std::string_view head = bytes.substr(0, end + 2);
  Answer answer{.body = std::string(bytes.substr(end + 4))};
  const std::size_t blank = head.find(' ');
  if (blank == head.npos) return std::nullopt;
  const std::string_view code = head.substr(blank + 1, 3);
  if (std::from_chars(code.begin(), code.end(), answer.status).ec != std::errc{}) {
    return std::nullopt;
  }
  const std::string_view length = Header(head, "Content-Length");
  if (!length.empty() && length != std::to_string(answer.body.size())) return std::nullopt;
  const std::string_view type = Header(head, "Content-Type");
  answer.content_type = type.substr(0, type.find(';'));
  return answer;
}

Result<AddressList> Resolve(const Url& url) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* resolved = nullptr;
  const int failure = getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &resolved);
  const int reason = errno;
  if (failure == 0) return AddressList(resolved, freeaddrinfo);
  return Error{"cannot resolve '" + url.host +
               "': " + (failure == EAI_SYSTEM ? Reason(reason) : gai_strerror(failure))};
}

}  // namespace

Result<Answer> Get(const std::string& url, std::string_view path, const Parameters& parameters,
                   Duration patience) {
  const Result<Url> parsed = ParseUrl(url);
  if (!parsed) return parsed.error();
  const auto error = [&](const std::string& reason) { return Error{url + ": " + reason}; };
  const Result<AddressList> addresses = Resolve(*parsed);
  if (!addresses) return error(addresses.error().message);
  // 1.0: the answer ends where the connection does, and comes in no chunks.
  const std::string request = "GET " + parsed->prefix + std::string(path) +
                              RenderQuery(parameters) + " HTTP/1.0\r\nHost: " + parsed->authority +
                              "\r\nConnection: close\r\n\r\n";
  Exchange exchange(Now() + patience);
  int failure = 0;
  for (const addrinfo* one = addresses->get(); one != nullptr; one = one->ai_next) {
    if ((failure = exchange.Connect(*one)) == 0) break;
  }
  if (failure != 0) return error("cannot connect: " + Reason(failure));
  std::string bytes;
  failure = exchange.Send(request);
  if (failure == 0) failure = exchange.ReceiveAll(bytes);
  if (failure == ETIMEDOUT) return error("no whole answer within its deadline");
  if (failure != 0) return error("no answer: " + Reason(failure));
  auto answer = Parse(bytes);
  if (!answer) return error("what answers there is not HTTP, or was cut off");
  return *std::move(answer);
}

}  // namespace pgrepl::http
