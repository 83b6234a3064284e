from django.apps import AppConfig


class ConnectionConfig(AppConfig):
    name = "rivya_bridge.connection"
    label = "connection"
