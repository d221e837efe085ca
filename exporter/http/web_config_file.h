// The web configuration while the exporter runs: read at start, and again whenever one of its files
// has changed, so that certificates and passwords are rotated without a restart. A thread of its own
// looks each second; requests and handshakes touch no file.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "exporter/base/clock.h"
#include "exporter/base/mutex.h"
#include "exporter/base/result.h"
#include "exporter/http/web_settings.h"

namespace pgrepl::http {

class WebConfigFile {
 public:
  /// Called after each reading: whether it was good. From the thread, and from Open.
  using Report = std::function<void(bool)>;

  /// An empty path stands for settings that ask for nothing; nothing is reported then.
  static Result<std::unique_ptr<WebConfigFile>> Open(const std::string& path, Report report,
                                                     Duration interval = std::chrono::seconds(1));
  ~WebConfigFile();
  WebConfigFile(const WebConfigFile&) = delete;
  WebConfigFile& operator=(const WebConfigFile&) = delete;

  /// The last good ones.
  [[nodiscard]] std::shared_ptr<const WebSettings> Settings() const;

 private:
  WebConfigFile(std::string path, Report report, Duration interval);
  Status Load();
  void Run();
  void Look();
  bool StopWithin(Duration pause);

  const std::string path_;
  const Report report_;
  const Duration interval_;
  Result<WebFiles> files_ = Error{};  ///< as last read; the thread's

  mutable Mutex mutex_;
  ConditionVariable wake_;
  bool stopping_ PGREPL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const WebSettings> settings_ PGREPL_GUARDED_BY(mutex_);

  std::thread thread_;
};

}  // namespace pgrepl::http
