from django.urls import path

from rivya_bridge.dashboard.views import connection, home

app_name = "dashboard"

urlpatterns = [
    path("", home.home, name="home"),
    path("demo/start/", home.start_demo, name="start_demo"),
    # Connection
    path("connection/", connection.connection, name="connection"),
    path("connection/check/", connection.check_connection, name="check_connection"),
    path("connection/new/", connection.add, name="add_connection"),
    path("connection/sandbox/use/", connection.use_sandbox_instead, name="use_sandbox"),
    path("connection/<uuid:connection_id>/check/", connection.check_saved, name="check_saved"),
    path("connection/<uuid:connection_id>/key/", connection.new_key, name="new_key"),
    path("connection/<uuid:connection_id>/use/", connection.use, name="use_connection"),
    path("connection/<uuid:connection_id>/remove/", connection.remove, name="remove_connection"),
]
