from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "rivya_bridge.tasks"
    label = "tasks"
