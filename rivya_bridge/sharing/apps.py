from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "rivya_bridge.sharing"
    label = "sharing"

    def ready(self) -> None:
        from rivya_bridge.sharing import receivers
        from rivya_bridge.tasks.signals import swept

        swept.connect(receivers.ring, dispatch_uid="sharing.ring")
