// Thousands of PostgreSQL servers in one process: answers each statement with what a real one once
// answered, with the positions, transactions and clocks in it moving on. Server s of cluster c is
// 127.1.0.0 + 8 * c + s, all on one port.
//
//     pgrepl_stand_in PORT RECORDING    (bench/fleet.py writes the recording)
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

constexpr std::uint32_t kFirstAddress = 0x7F010000;
constexpr std::uint32_t kServersPerCluster = 8;

double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "stand-in: %s\n", why.c_str());
  std::exit(1);
}

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

std::uint32_t ReadLength(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

void PutLength(std::string& out, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 4; i-- > 0; value >>= 8) out[at + i] = static_cast<char>(value & 0xff);
}

void AppendLength(std::string& out, std::uint32_t value) {
  out.append(4, '\0');
  PutLength(out, out.size() - 4, value);
}

void AppendMessage(std::string& out, char kind, std::string_view body) {
  out += kind;
  AppendLength(out, static_cast<std::uint32_t>(body.size() + 4));
  out += body;
}

/// What moves: the values that stood for it when the recording was made.
struct Marks {
  std::string lsn, snapshot, system;
  double recorded_at = 0;
};

enum class Moving { kNot, kLsn, kSnapshot, kSystem, kClock };

/// Who asks, and how far time has come.
struct Moment {
  std::uint32_t cluster = 0;
  double wall = 0;
};

/// A part of an answer: bytes as they were recorded, or one value (with its length) that moves.
struct Piece {
  Moving moving = Moving::kNot;
  std::string bytes;
  double clock = 0;
};

class Answer {
 public:
  Answer(std::string_view recorded, const Marks& marks) {
    while (!recorded.empty()) {
      const std::size_t length = 1 + ReadLength(recorded.substr(1));
      const std::string_view message = recorded.substr(0, length);
      messages_.push_back(message.front() == 'D'
                              ? Row(message, marks)
                              : std::vector<Piece>{{Moving::kNot, std::string(message), 0}});
      recorded.remove_prefix(length);
    }
  }

  void Append(std::string& out, const Marks& marks, const Moment& moment) const {
    for (const std::vector<Piece>& message : messages_) {
      const std::size_t begin = out.size();
      for (const Piece& piece : message) AppendPiece(out, piece, marks, moment);
      PutLength(out, begin + 1, static_cast<std::uint32_t>(out.size() - begin - 1));
    }
  }

 private:
  static std::vector<Piece> Row(std::string_view message, const Marks& marks) {
    std::vector<Piece> pieces = {{Moving::kNot, std::string(message.substr(0, 7)), 0}};
    std::size_t at = 7;
    while (at < message.size()) {
      const auto length = static_cast<std::int32_t>(ReadLength(message.substr(at)));
      const std::string_view value =
          message.substr(at + 4, length > 0 ? static_cast<std::size_t>(length) : 0);
      Piece piece = PieceOf(value, marks);
      if (piece.moving == Moving::kNot) {
        piece.bytes = message.substr(at, 4 + value.size());
        if (pieces.back().moving == Moving::kNot) {
          pieces.back().bytes += piece.bytes;
          at += 4 + value.size();
          continue;
        }
      }
      pieces.push_back(std::move(piece));
      at += 4 + value.size();
    }
    return pieces;
  }

  // Times of the last seconds are those of a clock or of something that comes every second.
  static Piece PieceOf(std::string_view value, const Marks& marks) {
    if (value == marks.lsn) return {Moving::kLsn, {}, 0};
    if (value == marks.snapshot) return {Moving::kSnapshot, {}, 0};
    if (value == marks.system) return {Moving::kSystem, {}, 0};
    double number = 0;
    std::from_chars(value.begin(), value.end(), number);
    const double age = marks.recorded_at - number;
    if (age < 3 && age > -1) return {Moving::kClock, {}, number};
    return {};
  }

  // Two transactions a second on each primary.
  static void AppendPiece(std::string& out, const Piece& piece, const Marks& marks,
                          const Moment& moment) {
    const double passed = moment.wall - marks.recorded_at;
    const auto transactions = static_cast<std::int64_t>(passed * 2 + moment.cluster * 0.37);
    std::array<char, 40> text{};
    int length = 0;
    switch (piece.moving) {
      case Moving::kNot:
        out += piece.bytes;
        return;
      case Moving::kLsn:
        length = std::snprintf(text.data(), text.size(), "1/%llX",
                               static_cast<unsigned long long>(0x1000000 + transactions * 264));
        break;
      case Moving::kSnapshot:
        length =
            std::snprintf(text.data(), text.size(), "%lld", static_cast<long long>(transactions));
        break;
      case Moving::kSystem:
        length = std::snprintf(text.data(), text.size(), "7%018u", moment.cluster + 1);
        break;
      case Moving::kClock:
        length = std::snprintf(text.data(), text.size(), "%.6f", piece.clock + passed);
        break;
    }
    AppendLength(out, static_cast<std::uint32_t>(length));
    out.append(text.data(), static_cast<std::size_t>(length));
  }

  std::vector<std::vector<Piece>> messages_;
};

struct Server {
  std::string parameters;
  std::unordered_map<std::string, Answer> answers;  ///< by SQL
};

struct Recording {
  Marks marks;
  std::vector<Server> servers;
};

// Lines: "marks LSN SNAPSHOT SYSTEM TIME", then for each server "server PARAMETERS" and its
// "answer SQL MESSAGES", all of these in hex.
Recording Read(const char* path) {
  Recording recording;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string kind, first, second;
    words >> kind;
    if (kind == "marks") {
      Marks& marks = recording.marks;
      words >> marks.lsn >> marks.snapshot >> marks.system >> marks.recorded_at;
    } else if (kind == "server") {
      words >> first;
      recording.servers.push_back({FromHex(first), {}});
    } else {
      words >> first >> second;
      recording.servers.back().answers.emplace(FromHex(first),
                                               Answer(FromHex(second), recording.marks));
    }
  }
  if (recording.servers.empty()) Die(std::string("no recording in ") + path);
  return recording;
}

class Client {
 public:
  Client(int socket, const Recording& recording) : socket_(socket), recording_(recording) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    const std::uint32_t number = ntohl(address.sin_addr.s_addr) - kFirstAddress;
    cluster_ = number / kServersPerCluster;
    const std::uint32_t server = number % kServersPerCluster;
    if (server >= recording.servers.size()) Die("no such server was recorded");
    server_ = &recording.servers[server];
  }
  ~Client() { close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// False: it has gone.
  bool Serve() {
    std::array<char, 65536> bytes;
    const ssize_t count = read(socket_, bytes.data(), bytes.size());
    if (count <= 0) return false;
    in_.append(bytes.data(), static_cast<std::size_t>(count));
    out_.clear();
    moment_ = {cluster_, WallSeconds()};
    std::string_view rest = in_;
    while (Take(rest)) {
    }
    in_.erase(0, in_.size() - rest.size());
    return out_.empty() ||
           write(socket_, out_.data(), out_.size()) == static_cast<ssize_t>(out_.size());
  }

 private:
  bool Take(std::string_view& rest) {
    const std::size_t head = logged_in_ ? 1 : 0;
    if (rest.size() < head + 4) return false;
    const std::size_t length = head + ReadLength(rest.substr(head));
    if (rest.size() < length) return false;
    const std::string_view body = rest.substr(head + 4, length - head - 4);
    if (logged_in_) {
      Answer(rest.front(), body);
    } else {
      LogIn();
    }
    rest.remove_prefix(length);
    return true;
  }

  void LogIn() {
    logged_in_ = true;
    AppendMessage(out_, 'R', std::string_view("\0\0\0\0", 4));
    out_ += server_->parameters;
    AppendMessage(out_, 'K', "12345678");
    AppendMessage(out_, 'Z', "I");
  }

  void Answer(char kind, std::string_view body) {
    if (kind == 'P') {
      const std::size_t end = body.find('\0');
      const std::string sql(body.substr(end + 1).data());
      const auto found = server_->answers.find(sql);
      if (found == server_->answers.end()) Die("never recorded: " + sql);
      prepared_[std::string(body.substr(0, end))] = &found->second;
      AppendMessage(out_, '1', "");
    } else if (kind == 'B') {
      bound_ = prepared_[std::string(body.substr(body.find('\0') + 1).data())];
      AppendMessage(out_, '2', "");
    } else if (kind == 'E') {
      bound_->Append(out_, recording_.marks, moment_);
    } else if (kind == 'S') {
      AppendMessage(out_, 'Z', "I");
    }
  }

  const int socket_;
  const Recording& recording_;
  const Server* server_ = nullptr;
  std::uint32_t cluster_ = 0;
  bool logged_in_ = false;
  Moment moment_;
  std::string in_, out_;
  std::unordered_map<std::string, const class Answer*> prepared_;
  const class Answer* bound_ = nullptr;
};

int Listen(std::uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // All addresses of the loopback, and no others.
  constexpr std::string_view kLoopback = "lo";
  if (setsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, kLoopback.data(), kLoopback.size()) != 0) {
    Die("cannot listen on the loopback alone");
  }
  const sockaddr_in address{
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 4096) != 0) {
    Die("cannot listen on port " + std::to_string(port));
  }
  return listener;
}

void Watch(int epoll, int socket, std::uint64_t what) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = what}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
}

void Run(int listener, const Recording& recording) {
  const int epoll = epoll_create1(0);
  std::unordered_map<int, std::unique_ptr<Client>> clients;
  Watch(epoll, listener, static_cast<std::uint64_t>(listener));
  std::array<epoll_event, 64> events{};
  while (true) {
    const int count = epoll_wait(epoll, events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const auto ready = static_cast<int>(events[static_cast<std::size_t>(i)].data.u64);
      if (ready != listener) {
        if (!clients.at(ready)->Serve()) clients.erase(ready);
        continue;
      }
      const int socket = accept(listener, nullptr, nullptr);
      if (socket < 0) Die("cannot accept: too few file descriptors?");
      const int on = 1;
      setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      clients[socket] = std::make_unique<Client>(socket, recording);
      Watch(epoll, socket, static_cast<std::uint64_t>(socket));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) Die("usage: pgrepl_stand_in PORT RECORDING");
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const Recording recording = Read(argv[2]);
  Run(Listen(static_cast<std::uint16_t>(std::atoi(argv[1]))), recording);
}
