"""The HTTP API's routes for golden cases, rehearsals and drift schedules, one module per noun."""

from ninja import Router

from rivya_bridge.rehearsal.api.drift import router as drift_router
from rivya_bridge.rehearsal.api.golden import router as golden_router
from rivya_bridge.rehearsal.api.rehearsals import router as rehearsals_router
from rivya_bridge.rehearsal.api.rules import router as rules_router

router = Router(tags=["rehearsal"])
router.add_router("", golden_router)
router.add_router("", rehearsals_router)
router.add_router("", rules_router)
router.add_router("", drift_router)

__all__ = ["router"]
