// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/exchange.h"

#include <civetweb.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <ctime>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporter/base/log.h"
#include "exporter/http/gzip.h"

namespace pgrepl::http {
namespace {

// A refused body up to this size is read and thrown away, so that the client sees the answer and not
// a reset.
constexpr long long kMaxDrainedBytes = 65536;

struct Answer {
  Response response;
  std::string headers;  // complete lines, beside those that every answer has
  bool is_packed = false;

  [[nodiscard]] std::vector<std::string_view> body() const {
    if (!response.shared) return {response.body};
    if (is_packed) return {*response.shared->Packed()};
    return response.shared->pieces();
  }
};

// Small pieces travel together: every write is a system call, and mostly a segment.
class Writer {
 public:
  explicit Writer(mg_connection* connection) : connection_(connection) {}

  void Write(std::string_view piece) {
    if (together_.size() + piece.size() > kTogether) Flush();
    if (piece.size() > kTogether) {
      Put(piece);
    } else {
      together_ += piece;
    }
  }
  void Flush() {
    if (!together_.empty()) Put(together_);
    together_.clear();
  }

 private:
  static constexpr std::size_t kTogether = 65536;

  // Once it has failed, the client is gone or too slow: the rest would wait as long again.
  void Put(std::string_view bytes) {
    if (failed_) return;
    const int written = mg_write(connection_, bytes.data(), bytes.size());
    failed_ = written < 0 || static_cast<std::size_t>(written) < bytes.size();
  }

  mg_connection* connection_;
  std::string together_;
  bool failed_ = false;
};

Answer Refusal(mg_connection* connection, int status) {
  const std::string reason = mg_get_response_code_text(connection, status);
  return {.response = {.status = status, .body = reason + "\n"}, .headers = {}};
}

std::string Header(const mg_connection* connection, const char* name) {
  const char* value = mg_get_header(connection, name);
  return value != nullptr ? value : "";
}

std::string Date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 40> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

// For all answers: none of them loads from elsewhere, runs what a server sent, or is any good later.
// The configuration's headers take the place of those of the same name.
std::string SafetyHeaders(const WebSettings& settings) {
  constexpr std::pair<const char*, std::string_view> kOurs[] = {
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src "
       "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
      {"Referrer-Policy", "no-referrer"},
      {"X-Content-Type-Options", "nosniff"},
      {"Cache-Control", "no-store"}};
  std::string lines = settings.headers;
  for (const auto& [name, value] : kOurs) {
    if (settings.config.headers.contains(name)) continue;
    lines.append(name).append(": ").append(value).append("\r\n");
  }
  return lines;
}

void Send(mg_connection* connection, const Answer& answer, const WebSettings& settings,
          bool with_body) {
  const std::vector<std::string_view> body = answer.body();
  std::size_t length = 0;
  for (const std::string_view piece : body) length += piece.size();
  const int status = answer.response.status;
  const std::string head =
      "HTTP/1.1 " + std::to_string(status) + " " + mg_get_response_code_text(connection, status) +
      "\r\nDate: " + Date() + "\r\nContent-Type: " + answer.response.content_type +
      "\r\nContent-Length: " + std::to_string(length) + "\r\n" + SafetyHeaders(settings) +
      "Connection: close\r\n" + answer.headers + "\r\n";
  Writer writer(connection);
  writer.Write(head);
  if (with_body) std::for_each(body.begin(), body.end(), [&](auto piece) { writer.Write(piece); });
  writer.Flush();
}

void Compress(mg_connection* connection, Answer& answer) {
  answer.headers += "Vary: Accept-Encoding\r\n";
  if (!AcceptsGzip(Header(connection, "Accept-Encoding"))) return;
  if (answer.response.shared) {
    answer.is_packed = answer.response.shared->Packed().has_value();
  } else if (auto packed = Gzip(answer.response.body)) {
    answer.response.body = *std::move(packed);
    answer.is_packed = true;
  }
  if (answer.is_packed) answer.headers += "Content-Encoding: gzip\r\n";
}

Answer Run(mg_connection* connection, const mg_request_info& info, const Route& route) {
  try {
    Answer answer{.response = route.handler({
                      .path = route.path,
                      .query = info.query_string != nullptr ? info.query_string : "",
                      .accept = Header(connection, "Accept"),
                  }),
                  .headers = {}};
    Compress(connection, answer);
    return answer;
  } catch (const std::exception& failure) {
    log::Error("HTTP handler failed", {{"path", route.path}, {"error", failure.what()}});
    return Refusal(connection, 500);
  }
}

bool HasChunks(const mg_connection* connection) {
  return mg_get_header(connection, "Transfer-Encoding") != nullptr;
}

bool Takes(Method method, std::string_view verb) {
  if (method == Method::kPost) return verb == "POST";
  return verb == "GET" || verb == "HEAD" || (verb == "OPTIONS" && method == Method::kCheck);
}

std::string_view Verbs(Method method) {
  if (method == Method::kPost) return "POST";
  return method == Method::kCheck ? "GET, HEAD, OPTIONS" : "GET, HEAD";
}

Answer Decide(mg_connection* connection, const mg_request_info& info,
              const std::vector<Route>& routes) {
  std::string allowed;
  for (const Route& route : routes) {
    if (route.path != info.local_uri_raw) continue;
    if (Takes(route.method, info.request_method)) {
      const bool has_body = info.content_length > 0 || HasChunks(connection);
      return has_body ? Refusal(connection, 413) : Run(connection, info, route);
    }
    if (!allowed.empty()) allowed += ", ";
    allowed += Verbs(route.method);
  }
  if (allowed.empty()) return Refusal(connection, 404);
  Answer answer = Refusal(connection, 405);
  answer.headers = "Allow: " + allowed + "\r\n";
  return answer;
}

}  // namespace

int Exchange(mg_connection* connection, const std::vector<Route>& routes, Gate& gate,
             const WebSettings& settings) {
  const mg_request_info& info = *mg_get_request_info(connection);
  const auto refused =
      gate.Refuse(settings.config, Header(connection, "Authorization"), info.remote_addr, Now());
  Answer answer = refused ? Refusal(connection, refused->status) : Decide(connection, info, routes);
  if (refused) answer.headers = refused->headers;
  Send(connection, answer, settings, std::string_view(info.request_method) != "HEAD");
  // civetweb drains the body after a positive number, for as long as the client likes to send.
  const bool drain = info.content_length <= kMaxDrainedBytes && !HasChunks(connection);
  return drain ? answer.response.status : -1;
}

void Refuse(mg_connection* connection, int status, const WebSettings& settings) {
  Send(connection, Refusal(connection, status), settings, true);
}

}  // namespace pgrepl::http
