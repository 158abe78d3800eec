"""The published methods, one module per area."""

from rpc_moodle.methods import assignments, courses, feedback, files, probe, submissions
from utils.registry import Registry

METHODS: Registry = probe.methods.merge(
    courses.methods, assignments.methods, submissions.methods, files.methods, feedback.methods
)
"""Every published method."""
