// accept() as civetweb is given it (civetweb.cmake). Where no descriptor is left the connection stays in
// the queue and poll() goes on to say that it is there: civetweb, which looks at no error, would try
// again and again, a core's worth, until one is closed.
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <sys/socket.h>
#include <time.h>

int pgrepl_accept(int listener, struct sockaddr* address, socklen_t* length);

int pgrepl_accept(int listener, struct sockaddr* address, socklen_t* length) {
  const int connection = accept(listener, address, length);
  if (connection < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
    const struct timespec pause = {.tv_sec = 0, .tv_nsec = 50 * 1000 * 1000};
    nanosleep(&pause, NULL);
  }
  return connection;
}
