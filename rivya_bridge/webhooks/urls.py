from django.urls import path

from rivya_bridge.webhooks.views import endpoints, inbox

app_name = "webhooks"

urlpatterns = [
    # /webhooks/
    path("webhooks/", inbox.index, name="index"),
    path("webhooks/events/<uuid:event_id>/", inbox.event, name="event"),
    path("webhooks/<uuid:endpoint_id>/", endpoints.endpoint, name="endpoint"),
    path("webhooks/<uuid:endpoint_id>/<slug:verb>/", endpoints.act, name="act"),
]
