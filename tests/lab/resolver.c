// Preloaded into a client: what the file that RESOLVER names says of a host name is its address.
// SPDX-License-Identifier: Apache-2.0
//
// Lines of "name address"; instead of an address "hangs": until the file says otherwise.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int said_of(const char* wanted, char* address) {
  const char* path = getenv("RESOLVER");
  FILE* file = path != NULL ? fopen(path, "r") : NULL;
  char name[100];
  int found = 0;
  if (file == NULL) return 0;
  while (!found && fscanf(file, "%99s %99s", name, address) == 2) found = strcmp(name, wanted) == 0;
  fclose(file);
  return found;
}

int getaddrinfo(const char* node, const char* service, const struct addrinfo* hints,
                struct addrinfo** found) {
  int (*next)(const char*, const char*, const struct addrinfo*, struct addrinfo**) =
      dlsym(RTLD_NEXT, "getaddrinfo");
  char address[100];
  if (node == NULL || !said_of(node, address)) return next(node, service, hints, found);
  while (strcmp(address, "hangs") == 0) {
    usleep(50000);
    if (!said_of(node, address)) return EAI_AGAIN;
  }
  return next(address, service, hints, found);
}
