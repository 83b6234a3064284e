from django.urls import path

from rivya_bridge.dashboard import views

app_name = "dashboard"

urlpatterns = [
    path("", views.home, name="home"),
    path("demo/start/", views.start_demo, name="start_demo"),
    path("connection/", views.connection, name="connection"),
    path("connection/check/", views.check_connection, name="check_connection"),
]
