# civetweb, the HTTP library, as one target: pgrepl_civetweb. Only exporter/http links it.
# SPDX-License-Identifier: Apache-2.0
#
# It is built from the distribution's source package, not taken as a binary: Debian 12's binary
# crashes on the first TLS handshake and has no IPv6. It is one translation unit, so its own build
# with its install rules, tests and global flags isn't needed.
set(PGREPL_CIVETWEB_SOURCE ${CMAKE_SOURCE_DIR}/.cache/civetweb CACHE PATH
  "civetweb's unpacked source package")
option(PGREPL_SYSTEM_CIVETWEB "Use the system's civetweb; it must pass cmake/civetweb_probe.c" OFF)

find_package(OpenSSL REQUIRED)
find_package(Threads REQUIRED)

if(PGREPL_SYSTEM_CIVETWEB)
  find_path(PGREPL_CIVETWEB_INCLUDE civetweb.h REQUIRED)
  find_library(PGREPL_CIVETWEB_LIBRARY civetweb REQUIRED)
  try_run(probe_exit probe_compiled
    ${CMAKE_BINARY_DIR}/civetweb_probe ${CMAKE_CURRENT_LIST_DIR}/civetweb_probe.c
    CMAKE_FLAGS -DINCLUDE_DIRECTORIES=${PGREPL_CIVETWEB_INCLUDE}
    LINK_LIBRARIES ${PGREPL_CIVETWEB_LIBRARY} OpenSSL::SSL Threads::Threads
    COMPILE_OUTPUT_VARIABLE probe_errors
    RUN_OUTPUT_VARIABLE probe_verdict)
  if(NOT probe_compiled)
    message(FATAL_ERROR "cmake/civetweb_probe.c does not build with the system's civetweb:\n"
      "${probe_errors}")
  elseif(NOT probe_exit STREQUAL 0)
    message(FATAL_ERROR "The system's civetweb (${PGREPL_CIVETWEB_LIBRARY}) will not do: "
      "${probe_verdict} [${probe_exit}]\n"
      "Configure without PGREPL_SYSTEM_CIVETWEB to build it from source.")
  endif()
  add_library(pgrepl_civetweb INTERFACE)
  target_include_directories(pgrepl_civetweb SYSTEM INTERFACE ${PGREPL_CIVETWEB_INCLUDE})
  target_link_libraries(pgrepl_civetweb INTERFACE ${PGREPL_CIVETWEB_LIBRARY})
  return()
endif()

if(NOT EXISTS ${PGREPL_CIVETWEB_SOURCE}/src/civetweb.c)
  message(FATAL_ERROR "No civetweb in ${PGREPL_CIVETWEB_SOURCE}.\n"
    "Run packaging/install-dependencies.sh, which unpacks its source package there.")
endif()
add_library(pgrepl_civetweb STATIC ${PGREPL_CIVETWEB_SOURCE}/src/civetweb.c
  ${CMAKE_CURRENT_LIST_DIR}/civetweb_accept.c)
set_source_files_properties(${PGREPL_CIVETWEB_SOURCE}/src/civetweb.c PROPERTIES
  COMPILE_DEFINITIONS accept=pgrepl_accept)
target_include_directories(pgrepl_civetweb SYSTEM PUBLIC ${PGREPL_CIVETWEB_SOURCE}/include)
target_compile_options(pgrepl_civetweb PRIVATE -w)
target_compile_definitions(pgrepl_civetweb PRIVATE
  USE_IPV6
  NO_SSL_DL OPENSSL_API_1_1       # links OpenSSL instead of loading it by name
  NO_CGI NO_FILES                 # NO_FILES also leaves out the code behind CVE-2025-55763
  STOP_FLAG_NEEDS_LOCK            # the stop flag is atomic, not just volatile
  SOCKET_TIMEOUT_QUANTUM=1000     # milliseconds between looks for nothing
  USE_STACK_SIZE=262144)          # bytes a thread: address space, resident only as far as touched
target_link_libraries(pgrepl_civetweb
  PRIVATE pgrepl_codegen OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
