from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "rivya_bridge.access"
    label = "access"
