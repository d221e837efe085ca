// SPDX-License-Identifier: Apache-2.0
// WAL on disk and in the archive: how fast it is written, how long there is room for it.
import { timeseries } from "./panels";
import { byServer, query } from "./queries";
import { above, below, criticalFrom, threshold } from "./thresholds";

const HOURS = threshold("wal_full_seconds") / 3600;
const DAYS = threshold("archive_full_seconds") / 86400;
const NO_DISK = "Not measured: set wal_directory in the exporter's configuration.";
const NO_ARCHIVE = "Not measured: set archive_directory in the exporter's configuration.";

function least(inner: string): string {
  return `min by (pg_cluster, server) (${inner})`;
}

export function wal(where: string) {
  return [
    timeseries({
      title: "WAL written",
      width: 8,
      unit: "Bps",
      noValue: "No primary was seen.",
      description: "How fast primaries write WAL: what standbys, slots and the archive must take.",
      queries: [
        query(
          byServer(`rate(pgrepl_wal_written_bytes_total{${where}}[$__rate_interval])`),
          "{{server}}",
        ),
      ],
    }),
    timeseries({
      title: "WAL on disk",
      width: 8,
      unit: "bytes",
      noValue: "Not read yet, or hidden from its role.",
      description:
        "Size of the segments in pg_wal. Dashed: max_wal_size, which is exceeded while " +
        "slots, wal_keep_size or a failing archive hold WAL back.",
      queries: [
        query(byServer(`pgrepl_wal_directory_bytes{${where}}`), "{{server}}"),
        query(`min by (pg_cluster) (pgrepl_max_wal_size_bytes{${where}})`, "max_wal_size"),
      ],
      bounds: ["max_wal_size"],
    }),
    timeseries({
      title: "Room on the disk of pg_wal",
      width: 8,
      unit: "percentunit",
      noValue: NO_DISK,
      description: "What is left of the file system of pg_wal. At 0 the server stops.",
      queries: [
        query(
          `${least(`pgrepl_wal_filesystem_avail_bytes{${where}}`)}
        / ${byServer(`pgrepl_wal_filesystem_size_bytes{${where}}`)}`,
          "{{server}}",
        ),
      ],
      thresholds: below(threshold("wal_avail_floor_ratio"), threshold("wal_avail_ratio")),
      alerts: ["PostgresWalDiskFullSoon"],
    }),
    timeseries({
      title: `Forecast of the disk of pg_wal, in ${HOURS} hours`,
      width: 8,
      unit: "bytes",
      noValue: NO_DISK,
      description:
        `What is free, and what would be in ${HOURS} hours if it went on as in the last ` +
        "hour. Below 0 it is full by then.",
      queries: [
        query(least(`pgrepl_wal_filesystem_avail_bytes{${where}}`), "{{server}} now"),
        query(
          least(`predict_linear(pgrepl_wal_filesystem_avail_bytes{${where}}[1h],
          ${threshold("wal_full_seconds")})`),
          `{{server}} in ${HOURS} h`,
        ),
      ],
      thresholds: below(0),
      alerts: ["PostgresWalDiskFullSoon", "PostgresStandbyWalGrowing"],
    }),
    timeseries({
      title: "Waits to be archived",
      width: 8,
      unit: "s",
      noValue: "No WAL archive is seen.",
      description:
        "How long the oldest finished segment has waited, and the age of the oldest " +
        "transaction that is in no archived segment.",
      queries: [
        query(byServer(`pgrepl_archive_oldest_ready_age_seconds{${where}}`), "{{server}} waits"),
        query(byServer(`pgrepl_unarchived_seconds{${where}}`), "{{server}} not archived"),
      ],
      thresholds: above(threshold("archive_ready_age_seconds")),
      alerts: ["PostgresArchiveBacklog"],
    }),
    timeseries({
      title: "Segments that wait",
      width: 8,
      unit: "short",
      noValue: "No WAL archive is seen.",
      description: "Finished WAL segments that are not archived yet.",
      queries: [query(byServer(`pgrepl_archive_ready_files{${where}}`), "{{server}}")],
      thresholds: above(threshold("archive_ready_files")),
      alerts: ["PostgresArchiveBacklog"],
    }),
    timeseries({
      title: "Archived and failed",
      width: 8,
      unit: "ops",
      noValue: "No WAL archive is seen.",
      description: "Segments that were archived, and attempts that failed, each second.",
      queries: [
        query(
          byServer(`rate(pgrepl_archived_total{${where}}[$__rate_interval])`),
          "{{server}} archived",
        ),
        query(
          byServer(`rate(pgrepl_archive_failed_total{${where}}[$__rate_interval])`),
          "{{server}} failed",
        ),
      ],
      alerts: ["PostgresArchiveFailing"],
    }),
    timeseries({
      title: "Gaps in the archive",
      width: 8,
      unit: "short",
      noValue: NO_ARCHIVE,
      description:
        "Segments that the archive lacks between its oldest and its newest: recovery from " +
        "an earlier backup ends there.",
      queries: [query(byServer(`pgrepl_archive_gap{${where}}`), "{{server}}")],
      thresholds: criticalFrom(1),
      alerts: ["PostgresArchiveGap"],
    }),
    timeseries({
      title: `Forecast of the archive's disk, in ${DAYS} days`,
      width: 8,
      unit: "bytes",
      noValue: NO_ARCHIVE,
      description:
        `What is free, and what would be in ${DAYS} days if it went on as in the last six ` +
        "hours.",
      queries: [
        query(least(`pgrepl_archive_filesystem_avail_bytes{${where}}`), "{{server}} now"),
        query(
          least(`predict_linear(pgrepl_archive_filesystem_avail_bytes{${where}}[6h],
          ${threshold("archive_full_seconds")})`),
          `{{server}} in ${DAYS} d`,
        ),
      ],
      thresholds: below(0),
      alerts: ["PostgresArchiveFullSoon"],
    }),
  ];
}
