from django.apps import AppConfig


class ExperimentsConfig(AppConfig):
    name = "rivya_bridge.experiments"
    label = "experiments"
