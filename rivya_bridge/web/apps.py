from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "rivya_bridge.web"
    label = "web"
