"""The HTTP API's routes for templates, jobs, batches and schedules, one module per noun."""

from rivya_bridge.automation.api.jobs import TemplateOut, router, template_out

__all__ = ["TemplateOut", "router", "template_out"]
