from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "rivya_bridge.sharing"
    label = "sharing"
