from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "rivya_bridge.dashboard"
    label = "dashboard"
