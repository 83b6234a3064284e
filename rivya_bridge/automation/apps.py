from django.apps import AppConfig


class AutomationConfig(AppConfig):
    name = "rivya_bridge.automation"
    label = "automation"
