"""The HTTP API of sweeps."""

from ninja import Router

from rivya_bridge.sweeps.api.stability import router as stability_router
from rivya_bridge.sweeps.api.sweeps import router as sweeps_router

router = Router(tags=["sweeps"])
router.add_router("", sweeps_router)
router.add_router("", stability_router)
