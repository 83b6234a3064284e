from django.apps import AppConfig


class RehearsalConfig(AppConfig):
    name = "rivya_bridge.rehearsal"
    label = "rehearsal"

    def ready(self) -> None:
        """Jobs that end are judged, the clock starts checks, and labels wait for what was rehearsed."""
        from rivya_bridge.automation.services import register_label_gate
        from rivya_bridge.files.uses import register
        from rivya_bridge.rehearsal import receivers
        from rivya_bridge.rehearsal.file_uses import GOLDEN_USES
        from rivya_bridge.rehearsal.gate import label_problems
        from rivya_bridge.tasks.signals import swept, task_finished

        register_label_gate(label_problems)
        register(GOLDEN_USES)
        task_finished.connect(receivers.settle, dispatch_uid="rehearsal.settle")
        swept.connect(receivers.feed, dispatch_uid="rehearsal.feed")
        swept.connect(receivers.tick, dispatch_uid="rehearsal.tick")
