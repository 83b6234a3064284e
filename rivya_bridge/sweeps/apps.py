from django.apps import AppConfig


class SweepsConfig(AppConfig):
    name = "rivya_bridge.sweeps"
    label = "sweeps"

    def ready(self) -> None:
        from rivya_bridge.sweeps import receivers
        from rivya_bridge.tasks.signals import swept, task_finished

        task_finished.connect(receivers.settle, dispatch_uid="sweeps.settle")
        swept.connect(receivers.feed, dispatch_uid="sweeps.feed")
        swept.connect(receivers.ring_measuring, dispatch_uid="sweeps.ring_measuring")
