from django.apps import AppConfig


class ComparisonConfig(AppConfig):
    name = "rivya_bridge.comparison"
    label = "comparison"
