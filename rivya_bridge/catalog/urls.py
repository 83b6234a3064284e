from django.urls import path

from rivya_bridge.catalog import views

app_name = "catalog"

urlpatterns = [
    # Models
    path("models/", views.list_models, name="list"),
    path("models/refresh/", views.refresh, name="refresh"),
]
