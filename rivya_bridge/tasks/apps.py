from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TasksConfig(AppConfig):
    name = "rivya_bridge.tasks"
    label = "tasks"

    def ready(self) -> None:
        """Guards outlast migrations, and every process that rings has the configured Celery application.

        Without the latter, `shared_task` would quietly use a default one and ring at another broker.
        """
        import rivya_bridge.celery  # noqa: F401
        from rivya_bridge.files.uses import register
        from rivya_bridge.tasks.file_uses import TASK_USES
        from rivya_bridge.tasks.guards import keep_guards

        post_migrate.connect(keep_guards, sender=self)
        register(TASK_USES)
