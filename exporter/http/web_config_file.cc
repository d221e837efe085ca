// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/web_config_file.h"

#include <utility>

#include "exporter/base/log.h"

namespace pgrepl::http {
namespace {

bool AreSame(const Result<WebFiles>& a, const Result<WebFiles>& b) {
  if (a.ok() != b.ok()) return false;
  return a.ok() ? *a == *b : a.error().message == b.error().message;
}

}  // namespace

Result<std::unique_ptr<WebConfigFile>> WebConfigFile::Open(const std::string& path, Report report,
                                                           Duration interval) {
  std::unique_ptr<WebConfigFile> file(new WebConfigFile(path, std::move(report), interval));
  if (path.empty()) return file;
  file->files_ = ReadWebFiles(path);
  if (const Status loaded = file->Load(); !loaded) return loaded.error();
  file->thread_ = std::thread([self = file.get()] { self->Run(); });
  return file;
}

WebConfigFile::WebConfigFile(std::string path, Report report, Duration interval)
    : path_(std::move(path)),
      report_(std::move(report)),
      interval_(interval),
      settings_(std::make_shared<const WebSettings>()) {}

WebConfigFile::~WebConfigFile() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const WebSettings> WebConfigFile::Settings() const {
  const MutexLock lock(mutex_);
  return settings_;
}

Status WebConfigFile::Load() {
  if (!files_) return files_.error();
  Result<WebSettings> made = MakeWebSettings(*files_, path_);
  if (!made) return made.error();
  const bool running = thread_.joinable();
  // civetweb has decided at start which ports speak TLS.
  if (running && (made->tls == nullptr) != (Settings()->tls == nullptr)) {
    return Error{path_ + ": TLS is switched on or off at start only; restart the exporter"};
  }
  auto settings = std::make_shared<const WebSettings>(*std::move(made));
  {
    const MutexLock lock(mutex_);
    settings_ = std::move(settings);
  }
  report_(true);
  return Ok();
}

void WebConfigFile::Run() {
  while (!StopWithin(interval_)) Look();
}

void WebConfigFile::Look() {
  Result<WebFiles> now = ReadWebFiles(path_);
  if (AreSame(now, files_)) return;
  files_ = std::move(now);
  const Status loaded = Load();
  if (loaded) {
    log::Info("web configuration loaded again", {{"file", path_}});
    return;
  }
  report_(false);
  log::Error("the new web configuration is not used, the one before stays",
             {{"error", loaded.error().message}});
}

bool WebConfigFile::StopWithin(Duration pause) {
  const MutexLock lock(mutex_);
  if (!stopping_) wake_.wait_for(mutex_, pause);
  return stopping_;
}

}  // namespace pgrepl::http
