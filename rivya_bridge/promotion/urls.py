from django.urls import path

from rivya_bridge.promotion import views

app_name = "promotion"

urlpatterns = [
    # /runs/
    path("runs/<uuid:run_id>/promote/", views.promote, name="promote"),
]
