from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AutomationConfig(AppConfig):
    name = "rivya_bridge.automation"
    label = "automation"

    def ready(self) -> None:
        """Versions and label moves keep their guards whatever is migrated."""
        from rivya_bridge.automation import receivers
        from rivya_bridge.automation.file_uses import JOB_USES, TEMPLATE_USES
        from rivya_bridge.automation.guards import keep_versions
        from rivya_bridge.automation.model_uses import template_uses
        from rivya_bridge.catalog.uses import register_uses
        from rivya_bridge.files.uses import register
        from rivya_bridge.tasks.signals import reserving, swept, task_finished

        post_migrate.connect(keep_versions, sender=self)
        register_uses("automation", template_uses)
        register(JOB_USES)
        register(TEMPLATE_USES)
        task_finished.connect(
            receivers.settle_batch_row, dispatch_uid="automation.settle_batch_row"
        )
        task_finished.connect(
            receivers.route_failed_job, dispatch_uid="automation.route_failed_job"
        )
        reserving.connect(receivers.hold_over_day_cap, dispatch_uid="automation.hold_over_day_cap")
        swept.connect(receivers.go_on, dispatch_uid="automation.go_on")
        swept.connect(receivers.feed, dispatch_uid="automation.feed")
        swept.connect(receivers.tick, dispatch_uid="automation.tick")
