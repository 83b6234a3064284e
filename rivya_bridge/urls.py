"""Every address of the product."""

from django.urls import include, path

from rivya_bridge.api import api

urlpatterns = [
    path("api/v1/", api.urls),
    path("", include("rivya_bridge.access.urls")),
    path("", include("rivya_bridge.dashboard.urls")),
    path("", include("rivya_bridge.experiments.urls")),
    path("", include("rivya_bridge.sweeps.urls")),
    path("", include("rivya_bridge.sharing.urls")),
    path("", include("rivya_bridge.comparison.urls")),
    path("", include("rivya_bridge.promotion.urls")),
    path("", include("rivya_bridge.rehearsal.urls")),
    path("", include("rivya_bridge.automation.urls")),
    path("", include("rivya_bridge.notices.urls")),
    path("", include("rivya_bridge.webhooks.urls")),
    path("", include("rivya_bridge.tasks.urls")),
    path("", include("rivya_bridge.credits.urls")),
    path("", include("rivya_bridge.files.urls")),
    path("", include("rivya_bridge.catalog.urls")),
]

handler400 = "rivya_bridge.web.errors.bad_request"
handler404 = "rivya_bridge.web.errors.page_not_found"
handler500 = "rivya_bridge.web.errors.server_error"
