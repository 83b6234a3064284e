from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "rivya_bridge.notices"
    label = "notices"

    def ready(self) -> None:
        from rivya_bridge.automation.signals import batch_finished
        from rivya_bridge.notices import receivers
        from rivya_bridge.rehearsal.signals import rehearsal_finished
        from rivya_bridge.tasks.signals import swept, task_finished, task_held

        task_finished.connect(receivers.tell_of_job, dispatch_uid="notices.tell_of_job")
        task_held.connect(receivers.tell_of_held_job, dispatch_uid="notices.tell_of_held_job")
        batch_finished.connect(receivers.tell_of_batch, dispatch_uid="notices.tell_of_batch")
        rehearsal_finished.connect(
            receivers.tell_of_rehearsal, dispatch_uid="notices.tell_of_rehearsal"
        )
        swept.connect(receivers.ring_due, dispatch_uid="notices.ring_due")
