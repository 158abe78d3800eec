"""The published methods, one module per area."""

from rpc_moodle.methods import (
    assignments,
    catalogue,
    completion,
    courses,
    described,
    directory,
    feedback,
    files,
    functions,
    gradebook,
    groups,
    handing_in,
    marking,
    panel,
    panel_backups,
    panel_jobs,
    panel_plugins,
    panel_users,
    probe,
    setup,
    submissions,
)
from utils.registry import Registry

_OTHERS: Registry = probe.methods.merge(
    courses.methods,
    assignments.methods,
    submissions.methods,
    files.methods,
    feedback.methods,
    directory.methods,
    catalogue.methods,
    groups.methods,
    described.methods,
    gradebook.methods,
    completion.methods,
    marking.methods,
    handing_in.methods,
    functions.methods,
    panel.methods,
    panel_users.methods,
    panel_plugins.methods,
    panel_backups.methods,
    panel_jobs.methods,
)
METHODS: Registry = _OTHERS.merge(setup.checking(_OTHERS))
"""Every published method."""
