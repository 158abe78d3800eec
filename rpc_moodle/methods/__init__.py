"""The published methods, one module per area."""

from rpc_moodle.methods import (
    assignments,
    courses,
    feedback,
    files,
    panel,
    panel_backups,
    panel_jobs,
    panel_plugins,
    panel_users,
    probe,
    submissions,
)
from utils.registry import Registry

METHODS: Registry = probe.methods.merge(
    courses.methods,
    assignments.methods,
    submissions.methods,
    files.methods,
    feedback.methods,
    panel.methods,
    panel_users.methods,
    panel_plugins.methods,
    panel_backups.methods,
    panel_jobs.methods,
)
"""Every published method."""
