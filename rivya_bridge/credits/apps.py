from django.apps import AppConfig


class CreditsConfig(AppConfig):
    name = "rivya_bridge.credits"
    label = "credits"
