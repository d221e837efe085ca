# What `cmake --install` puts where; packages are made of it.
# SPDX-License-Identifier: Apache-2.0
include(GNUInstallDirs)
set(share ${CMAKE_INSTALL_DATADIR}/pg_replication_exporter)
set(doc ${CMAKE_INSTALL_DATADIR}/doc/pg-replication-exporter)

install(TARGETS pg_replication_exporter)

# The manual is what --help says.
find_program(PGREPL_HELP2MAN help2man)
if(PGREPL_HELP2MAN)
  foreach(command "" topology explain check wait watch healthcheck)
    string(REGEX REPLACE "^(.+)$" "-\\1" suffix "${command}")
    set(page ${CMAKE_BINARY_DIR}/man/pg_replication_exporter${suffix}.1.gz)
    add_custom_command(OUTPUT ${page}
      COMMAND ${CMAKE_SOURCE_DIR}/packaging/manual.sh $<TARGET_FILE:pg_replication_exporter>
        ${PROJECT_VERSION} ${page} ${command}
      DEPENDS pg_replication_exporter ${CMAKE_SOURCE_DIR}/packaging/manual.sh)
    list(APPEND pages ${page})
  endforeach()
  add_custom_target(manual ALL DEPENDS ${pages})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

install(FILES packaging/completion/pg_replication_exporter.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME pg_replication_exporter)
install(FILES packaging/completion/_pg_replication_exporter
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES packaging/systemd/pg_replication_exporter.service DESTINATION lib/systemd/system)
install(FILES packaging/pg_replication_exporter.yml DESTINATION ${doc}/examples RENAME config.yml)
install(FILES packaging/haproxy/haproxy.cfg packaging/haproxy/kubernetes.yaml DESTINATION ${doc}/examples)
install(FILES README.md docs/metrics.md docs/alerts.md docs/discovery.md docs/queries.md docs/routes.md
  docs/check.md docs/topology.md docs/watch.md DESTINATION ${doc})
install(FILES postgresql-ha/sql/monitoring_role.sql DESTINATION ${share})
install(DIRECTORY alerts/rules alerts/compatibility alerts/runbooks DESTINATION ${share}/alerts)
install(DIRECTORY alerts/alertmanager DESTINATION ${share}/alerts PATTERN README.md EXCLUDE)
install(DIRECTORY grafana/dashboards grafana/provisioning DESTINATION ${share}/grafana)
