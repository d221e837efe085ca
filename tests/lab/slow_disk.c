// Preloaded into a server: a disk that takes FLUSH_SECONDS to flush WAL, while the file that SLOW_DISK
// names is there. With wal_sync_method = fdatasync nothing but WAL is flushed by this call.
// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

#define FLUSH_SECONDS 2

int fdatasync(int file) {
  int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  const char* mark = getenv("SLOW_DISK");
  if (mark != NULL && access(mark, F_OK) == 0) sleep(FLUSH_SECONDS);
  return flush(file);
}
