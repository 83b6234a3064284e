"""The tables of automation, one module per noun."""

from rivya_bridge.automation.models.jobs import Job
from rivya_bridge.automation.models.templates import JobTemplate, TemplateVersion

__all__ = ["Job", "JobTemplate", "TemplateVersion"]
