from django.urls import path

from rivya_bridge.catalog import views

app_name = "catalog"

urlpatterns = [
    # Models
    path("models/", views.list_models, name="list"),
    path("models/refresh/", views.refresh, name="refresh"),
    path("models/changes/", views.list_changes, name="changes"),
    path("models/<str:model_id>/", views.show_model, name="model"),
]
