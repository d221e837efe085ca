# The Debian package of a suite, by `cpack` in a build folder of that suite: packaging/build-deb.sh.
# SPDX-License-Identifier: Apache-2.0
set(debian ${CMAKE_SOURCE_DIR}/packaging/debian)

# As /etc belongs to the package only, and not to an installation by hand.
install(FILES packaging/systemd/config.yml DESTINATION /etc/pg_replication_exporter COMPONENT deb)
install(FILES packaging/systemd/pg_replication_exporter.default
  DESTINATION /etc/default RENAME pg_replication_exporter COMPONENT deb)
install(DIRECTORY DESTINATION /etc/pg_replication_exporter/passwords COMPONENT deb
  DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
install(FILES ${debian}/copyright DESTINATION ${doc} COMPONENT deb)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/changelog.Debian.gz
  COMMAND ${CMAKE_SOURCE_DIR}/packaging/debian_changelog.sh ${PROJECT_VERSION}
    ${CMAKE_BINARY_DIR}/changelog.Debian.gz
  DEPENDS ${CMAKE_SOURCE_DIR}/packaging/debian_changelog.sh)
add_custom_target(debian_changelog ALL DEPENDS ${CMAKE_BINARY_DIR}/changelog.Debian.gz)
install(FILES ${CMAKE_BINARY_DIR}/changelog.Debian.gz DESTINATION ${doc} COMPONENT deb)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_DEBIAN_PACKAGE_NAME pg-replication-exporter)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE "1~${PGREPL_SUITE}")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The pg_replication_exporter Authors <maintainers@pg-replication-exporter.invalid>")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Prometheus exporter for PostgreSQL streaming replication
Watches primaries and standbys of PostgreSQL 12 to 18: how far each standby is
behind and why, slots, the archive, what a failover would lose. With alert
rules, runbooks and Grafana dashboards.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# libnss-systemd: PostgreSQL's peer authentication looks up the name of the service's dynamic user.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, libnss-systemd")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "prometheus, prometheus-alertmanager")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${debian}/postinst ${debian}/prerm ${debian}/postrm ${debian}/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
