# SPDX-License-Identifier: Apache-2.0
"""All stages, the longest first: they are played side by side."""

from . import archive, cluster, connection, exporter, lag, logical, settings, slots, sync

STAGES = [stage for module in (lag, cluster, connection, archive, slots, settings, exporter, sync,
                               logical) for stage in module.STAGES]
