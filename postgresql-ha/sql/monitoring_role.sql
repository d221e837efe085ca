-- The role that the exporter logs in with, on the primary; standbys get it by replication.
-- SPDX-License-Identifier: Apache-2.0
--
--   psql -d postgres -f monitoring_role.sql    then \password pgrepl_monitor
--
-- pg_monitor reads statistics, settings and WAL positions, and writes nothing.
CREATE ROLE pgrepl_monitor LOGIN CONNECTION LIMIT 10 IN ROLE pg_monitor;

-- Wherever a directory of the archive isn't local to the exporter, and archive_directory names it:
--   GRANT pg_read_server_files TO pgrepl_monitor;
--   GRANT EXECUTE ON FUNCTION pg_ls_dir(text), pg_stat_file(text, boolean) TO pgrepl_monitor;
