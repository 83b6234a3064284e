from django.urls import path

from rivya_bridge.credits import views

app_name = "credits"

urlpatterns = [
    # /credits/
    path("credits/", views.overview, name="overview"),
    path("credits/refresh/", views.refresh, name="refresh"),
    path("credits/caps/", views.change_caps, name="caps"),
]
