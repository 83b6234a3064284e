"""Writes of the automation app: templates, their immutable versions, and the jobs of a version."""

from rivya_bridge.automation.services.jobs import JobPlan, preflight_job, preview_body, start_job
from rivya_bridge.automation.services.templates import (
    add_version,
    create_template,
    slug_taken,
    update_template,
)

__all__ = [
    "JobPlan",
    "add_version",
    "create_template",
    "preflight_job",
    "preview_body",
    "slug_taken",
    "start_job",
    "update_template",
]
