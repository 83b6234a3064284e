from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "rivya_bridge.tasks"
    label = "tasks"

    def ready(self) -> None:
        """Every process that rings doorbells has the configured Celery application.

        Without it, `shared_task` would quietly use a default one and ring at another broker.
        """
        import rivya_bridge.celery  # noqa: F401
