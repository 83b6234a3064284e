"""The HTTP API's routes for templates, jobs, batches and schedules, one module per noun."""

from ninja import Router

from rivya_bridge.automation.api.batches import router as batches_router
from rivya_bridge.automation.api.jobs import TemplateOut, template_out
from rivya_bridge.automation.api.jobs import router as jobs_router
from rivya_bridge.automation.api.schedules import router as schedules_router
from rivya_bridge.automation.api.versions import router as versions_router

router = Router(tags=["automation"])
router.add_router("", jobs_router)
router.add_router("", batches_router)
router.add_router("", schedules_router)
router.add_router("", versions_router)

__all__ = ["TemplateOut", "router", "template_out"]
