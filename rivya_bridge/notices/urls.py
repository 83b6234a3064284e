from django.urls import path

from rivya_bridge.notices.views import deliveries, endpoints

app_name = "notices"

urlpatterns = [
    # /notices/
    path("notices/", endpoints.index, name="index"),
    path("notices/news.json", deliveries.news, name="news"),
    path("notices/deliveries/<uuid:delivery_id>/", deliveries.delivery, name="delivery"),
    path("notices/deliveries/<uuid:delivery_id>/replay/", deliveries.replay, name="replay"),
    path("notices/<uuid:endpoint_id>/", endpoints.endpoint, name="endpoint"),
    path("notices/<uuid:endpoint_id>/<slug:verb>/", endpoints.act, name="act"),
]
